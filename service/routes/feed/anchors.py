"""The tree of all cases' heads, for everybody; and the door at which other instances have theirs cosigned."""

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse

from models.fields import Id
from models.values.refusal import Refused, refusal
from proof.witness import read_key
from runtime.anchors.keys import AnchorKeys
from runtime.anchors.making import AnchoredCase, AnchorView, load_anchor, load_anchored
from runtime.anchors.witnessing import CONFLICT, add_checkpoint
from runtime.record.feed import held_after
from service.routes.dependencies import RunningParts

router = APIRouter(prefix="/v1", tags=["feed"])
OLD_SIZE = "anchor.old_size"
SIZE_TYPE = "text/x.tlog.size"


@router.get("/anchor")
async def read_anchor(parts: RunningParts) -> AnchorView:
    """The last signed head of the tree over the heads of all cases, with whoever has cosigned it.

    `note` is a signed note with a checkpoint (C2SP signed-note, tlog-checkpoint, tlog-cosignature).
    """
    async with parts.database.session() as session:
        return await load_anchor(session)


@router.get("/renovations/{renovation_id}/anchor")
async def read_anchored_case(renovation_id: Id, parts: RunningParts) -> AnchoredCase:
    """That the record of this case stands in the last signed tree, with the path that proves it (RFC 6962).

    While a tender is open it is the head of its notice or before: a later one would tell how many have bid.
    """
    async with parts.database.session() as session:
        held = await held_after(session, renovation_id)
        return await load_anchored(session, renovation_id, held)


@router.post("/witness/add-checkpoint", response_class=PlainTextResponse)
async def cosign_checkpoint(request: Request, parts: RunningParts) -> PlainTextResponse:
    """Have a head of another instance's tree cosigned (C2SP tlog-witness): if the tree has only grown.

    The body is a line `old` with the size that was cosigned last, the lines of the consistency proof, an
    empty line and the signed note. Where the size is another one the answer is 409 with that size.
    """
    settings = parts.settings
    if settings.heads_key is None:
        raise refusal("anchor.no_key")
    known = [read_key(line) for line in settings.witnessed]
    keys = AnchorKeys.of(settings.heads_key)
    try:
        line = await add_checkpoint(parts.database, keys, known, await request.body())
    except Refused as refused:
        first = refused.problems[0]
        if first.code != OLD_SIZE:
            raise
        size = f"{first.params['size']}\n"
        return PlainTextResponse(size, status_code=CONFLICT, media_type=SIZE_TYPE)
    return PlainTextResponse(line)
