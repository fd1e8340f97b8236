"""Voting (表决): the turnout, and the document of the ballot route that answers before FastAPI."""

import io
from typing import Annotated

import segno
from fastapi import APIRouter, Depends, Request, Response

from models.values.refusal import refusal
from proof.receipts import read_code
from service.ballots.endpoint import answer_ballot
from service.ballots.lookup import FoundBallot, Verification, verification_of
from service.http.credentials import voter_of
from service.parts import Parts, running_parts
from service.residents.commands import BallotReceipt, CastBallot
from service.views import Turnout, latest_box, turnout_of

router = APIRouter(prefix="/v1/renovations/{renovation_id}", tags=["voting"])


@router.post("/ballots", status_code=201, response_model=BallotReceipt)
async def cast_ballot(
    renovation_id: str,
    ballot: CastBallot,
    request: Request,
    parts: Annotated[Parts, Depends(running_parts)],
) -> Response:
    """Cast or change a ballot: 201 with a receipt after it is committed, 200 for the same again."""
    body = ballot.model_dump_json(exclude_none=True).encode()
    return await answer_ballot(parts, renovation_id, request.headers.get("authorization"), body)


@router.get("/turnout")
async def read_turnout(
    renovation_id: str, parts: Annotated[Parts, Depends(running_parts)]
) -> Turnout:
    """Who has taken part, in heads and area, by the latest box; never how anybody voted."""
    async with parts.database.session() as session:
        turnout = await turnout_of(session, renovation_id)
    if turnout is None:
        raise refusal("voting.no_box", where=renovation_id)
    return turnout


@router.get("/ballots/{code}")
async def find_ballot(
    renovation_id: str, code: str, parts: Annotated[Parts, Depends(running_parts)]
) -> FoundBallot:
    """A ballot by the short code of its receipt: that it was taken; after the close its proof."""
    return await parts.lookup.find(renovation_id, code)


@router.get("/ballots/{code}/qr.svg", response_class=Response)
async def read_qr(renovation_id: str, code: str, request: Request) -> Response:
    """The address under which a ballot is found, as a QR code to print on the receipt."""
    address = request.url_for("find_ballot", renovation_id=renovation_id, code=read_code(code))
    image = io.BytesIO()
    segno.make(str(address), error="m").save(image, kind="svg", scale=4, xmldecl=False)
    return Response(image.getvalue(), media_type="image/svg+xml")


@router.post("/ballots/{code}/verified")
async def verify_ballot(
    renovation_id: str,
    code: str,
    request: Request,
    parts: Annotated[Parts, Depends(running_parts)],
) -> Verification:
    """A household says that it found its ballot in the published tree; counted once."""
    key = parts.settings.credential_key
    voter = voter_of(key, renovation_id, request.headers.get("authorization"))
    return await parts.lookup.verify(renovation_id, voter.unit_number, code)


@router.get("/verification")
async def read_verification(
    renovation_id: str, parts: Annotated[Parts, Depends(running_parts)]
) -> Verification:
    """How many households of the latest vote have verified their ballots."""
    async with parts.database.session() as session:
        box = await latest_box(session, renovation_id)
        if box is None:
            raise refusal("voting.no_box", where=renovation_id)
        return await verification_of(session, box)
