"""The floors over HTTP: (a) a raw ASGI null handler, (n) what a developer would write first."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import asyncpg
from fastapi import FastAPI, Request
from pydantic import BaseModel

BODY = b'{"ok":true}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"11")]
ROW = """
INSERT INTO naive_ballot (box_id, unit_number, command_id, choices, recorded_at)
VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
"""


async def null(scope, receive, send) -> None:
    """(a): read the body, answer eleven bytes."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})


class NaiveBallot(BaseModel):
    command_id: str
    unit_number: str
    choices: dict[str, str]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.pool = await asyncpg.create_pool(os.environ["BENCH_DATABASE"], max_size=16)
    yield
    await app.state.pool.close()


naive = FastAPI(lifespan=lifespan)


@naive.post("/v1/renovations/{renovation_id}/ballots")
async def cast(renovation_id: str, ballot: NaiveBallot, request: Request) -> dict[str, bool]:
    """(n): a pydantic body, one insert; no credential, no roll, no deadline, no receipt."""
    await request.app.state.pool.execute(
        ROW,
        renovation_id,
        ballot.unit_number,
        ballot.command_id,
        str(ballot.choices),
        datetime.now(UTC),
    )
    return {"ok": True}
