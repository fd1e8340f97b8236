"""The way to another instance: one POST over HTTP."""

import httpx
import structlog

from models.values.refusal import Refused
from runtime.anchors.keys import Anchors
from runtime.anchors.making import AnchorView, make_anchor
from runtime.anchors.witnessing import ask_witness
from runtime.database import Database

log = structlog.get_logger("anchors")
PATIENCE_S = 20.0
TEXT = {"content-type": "text/plain; charset=utf-8"}


async def post(url: str, body: bytes) -> tuple[int, bytes]:
    """Send a body; the status and the body of the answer.

    Raises:
        httpx.HTTPError: nobody answers.
    """
    async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
        answer = await client.post(url, content=body, headers=TEXT)
        return answer.status_code, answer.content


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
        except (Refused, httpx.HTTPError) as error:
            log.warning("anchor_not_cosigned", name=witness.key.name, reason=str(error))
            missed.append(witness.key.name)
    return made, added, tuple(missed)
