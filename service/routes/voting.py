"""Voting (表决): the turnout, and ballots found again; they are cast by `service.ballots.endpoint`."""

import io

import segno
from fastapi import APIRouter, Request, Response

from models.fields import Id, ReceiptCode
from proof.receipts import read_code
from service.ballots.lookup import FoundBallot, Verification, load_verification
from service.bodies import Accepted, GiveOpinion, ObjectToVote
from service.channels.open_box import read_ready
from service.reading.prices import with_prices
from service.residents import opinions, vote_objections
from service.residents.opinions import Opinions
from service.routes.dependencies import CaseSituation, CurrentViewer, CurrentVoter, RunningParts
from service.views import OwnPaper, Turnout, list_papers, turnout_of

router = APIRouter(prefix="/v1/renovations/{renovation_id}", tags=["voting"])


@router.get("/turnout")
async def read_turnout(renovation_id: Id, parts: RunningParts, box_id: Id | None = None) -> Turnout:
    """Who has taken part, in heads and area, by a box of the running vote; never how anybody voted.

    `box_id` says which, where the vote has several.
    """
    return await read_ready(parts, renovation_id, turnout_of, box_id)


@router.get("/ballot-papers")
async def list_ballot_papers(
    situation: CaseSituation, voter: CurrentVoter, parts: RunningParts
) -> tuple[OwnPaper, ...]:
    """The boxes of the running vote in which the unit votes: each gets a ballot of its own.

    An owner of several units has one ballot in each box: the answer says with which of them it was cast.
    `prices`: what each answer would cost the unit, from the frozen roll.
    """
    async with parts.database.session() as session:
        papers = await list_papers(session, situation.id, voter.unit_number)
        return await with_prices(session, situation, papers, voter.unit_number)


@router.post("/opinions", status_code=201)
async def give_opinion(
    situation: CaseSituation, voter: CurrentVoter, command: GiveOpinion, parts: RunningParts
) -> Accepted:
    """What a unit thinks where only the city's own system takes ballots on the internet: no vote."""
    return await opinions.give_opinion(parts, situation, voter, command)


@router.get("/opinions")
async def read_opinions(
    renovation_id: Id, parts: RunningParts, box_id: Id | None = None
) -> Opinions:
    """How many opinions there are; after the close also what they say. None of it was counted."""
    return await read_ready(parts, renovation_id, opinions.load_opinions, box_id)


@router.post("/vote-objections", status_code=201)
async def object_to_vote(
    situation: CaseSituation, voter: CurrentVoter, command: ObjectToVote, parts: RunningParts
) -> Accepted:
    """After a vote under whose law silence counts as yes, or a veto is open: an owner objects, in time."""
    return await vote_objections.object_to_vote(parts, situation, voter, command)


@router.get("/ballots/{code}")
async def find_ballot(
    renovation_id: Id, code: ReceiptCode, viewer: CurrentViewer, parts: RunningParts
) -> FoundBallot:
    """A ballot by the short code of its receipt: that it was taken; after the close its proof.

    What it says is told to its own household alone, which sends the unit's ticket.
    """
    return await parts.lookup.find(renovation_id, code, viewer.unit_number)


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
async def read_verification(
    renovation_id: Id, parts: RunningParts, box_id: Id | None = None
) -> Verification:
    """How many households of a box of the running vote have verified their ballots."""
    return await read_ready(parts, renovation_id, load_verification, box_id)
