"""Voting (表决): the turnout, and ballots found again; they are cast by `service.ballots.endpoint`."""

import io

import segno
from fastapi import APIRouter, Request, Response

from models.fields import Id, ReceiptCode
from models.values.refusal import refusal
from proof.receipts import read_code
from runtime.ballots.boxes import load_running_box
from service.ballots.lookup import FoundBallot, Verification, load_verification
from service.bodies import Accepted, ObjectToVote
from service.residents import vote_objections
from service.routes.dependencies import CaseSituation, CurrentVoter, RunningParts
from service.views import Turnout, turnout_of

router = APIRouter(prefix="/v1/renovations/{renovation_id}", tags=["voting"])


@router.get("/turnout")
async def read_turnout(renovation_id: Id, parts: RunningParts) -> Turnout:
    """Who has taken part, in heads and area, by the box of the running vote; never how anybody voted."""
    async with parts.database.session() as session:
        turnout = await turnout_of(session, renovation_id)
    if turnout is None:
        raise refusal("voting.no_box", where=renovation_id)
    return turnout


@router.post("/vote-objections", status_code=201)
async def object_to_vote(
    situation: CaseSituation, voter: CurrentVoter, command: ObjectToVote, parts: RunningParts
) -> Accepted:
    """After a vote under whose law silence counts as yes, or a veto is open: an owner objects, in time."""
    voter.must_hold(command.unit_number)
    return await vote_objections.object_to_vote(parts, situation, command)


@router.get("/ballots/{code}")
async def find_ballot(renovation_id: Id, code: ReceiptCode, parts: RunningParts) -> FoundBallot:
    """A ballot by the short code of its receipt: that it was taken; after the close its proof."""
    return await parts.lookup.find(renovation_id, code)


@router.get("/ballots/{code}/qr.svg", response_class=Response)
async def read_qr(
    renovation_id: Id, code: ReceiptCode, request: Request, parts: RunningParts
) -> Response:
    """The public address under which a ballot is found, as a QR code to print on the receipt."""
    path = request.app.url_path_for(
        "find_ballot", renovation_id=renovation_id, code=read_code(code)
    )
    address = f"{parts.settings.address}{path}"
    image = io.BytesIO()
    segno.make(address, error="m").save(image, kind="svg", scale=4, xmldecl=False)
    return Response(image.getvalue(), media_type="image/svg+xml")


@router.post("/ballots/{code}/verified")
async def verify_ballot(
    renovation_id: Id, voter: CurrentVoter, code: ReceiptCode, parts: RunningParts
) -> Verification:
    """A household says that it found its ballot in the published tree; counted once."""
    return await parts.lookup.verify(renovation_id, voter.unit_number, code)


@router.get("/verification")
async def read_verification(renovation_id: Id, parts: RunningParts) -> Verification:
    """How many households of the running vote have verified their ballots."""
    async with parts.database.session() as session:
        box = await load_running_box(session, renovation_id)
        if box is None:
            raise refusal("voting.no_box", where=renovation_id)
        return await load_verification(session, box.id)
