"""The way to another instance: one POST over HTTP."""

import asyncio

import httpx
import structlog

from models.values.refusal import Refused
from runtime.anchors.keys import Anchors
from runtime.anchors.making import AnchorView, make_anchor
from runtime.anchors.witnessing import ask_witness
from runtime.database import Database

log = structlog.get_logger("anchors")
PATIENCE_S = 20.0
"""For the whole of a call."""
READ_BYTES = 65_536
TEXT = {"content-type": "text/plain; charset=utf-8"}


async def post(url: str, body: bytes) -> tuple[int, bytes]:
    """Send a body; the status and the beginning of the answer, which is a line or two.

    Raises:
        httpx.HTTPError, TimeoutError: nobody answers, or not in time.
    """
    async with (
        httpx.AsyncClient(timeout=PATIENCE_S) as client,
        asyncio.timeout(PATIENCE_S),
        client.stream("POST", url, content=body, headers=TEXT) as answer,
    ):
        said = b""
        async for piece in answer.aiter_bytes(READ_BYTES):
            said += piece
            if len(said) >= READ_BYTES:
                break
        return answer.status_code, said[:READ_BYTES]


async def anchor_and_ask(
    database: Database, anchors: Anchors
) -> tuple[AnchorView, int, tuple[str, ...]]:
    """Anchor the heads and have every witness cosign: the head, how many are new, and who did not.

    Raises:
        Refused: `anchor.nothing`.
    """
    made, added = await make_anchor(database, anchors.keys, anchors.kept)
    missed: list[str] = []
    for witness in anchors.witnesses:
        try:
            made = await ask_witness(database, witness, post)
        except (Refused, httpx.HTTPError, TimeoutError) as error:
            log.warning("anchor_not_cosigned", name=witness.key.name, reason=str(error))
            missed.append(witness.key.name)
    return made, added, tuple(missed)
