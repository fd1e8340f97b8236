"""Voting (表决): the turnout, and the document of the ballot route that answers before FastAPI."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from models.values.refusal import Problem, Refused
from service.ballots import answer_ballot
from service.commands import BallotReceipt, CastBallot
from service.counter import Counter, counter_of
from service.reading import Turnout, turnout_of

router = APIRouter(prefix="/v1/renovations/{renovation_id}", tags=["voting"])


@router.post("/ballots", status_code=201, response_model=BallotReceipt)
async def cast_ballot(
    renovation_id: str,
    ballot: CastBallot,
    request: Request,
    counter: Annotated[Counter, Depends(counter_of)],
) -> Response:
    """Cast or change a ballot: 201 with a receipt after it is committed, 200 for the same again."""
    body = ballot.model_dump_json(exclude_none=True).encode()
    return await answer_ballot(counter, renovation_id, request.headers.get("authorization"), body)


@router.get("/turnout")
async def read_turnout(
    renovation_id: str, counter: Annotated[Counter, Depends(counter_of)]
) -> Turnout:
    """Who has taken part, in heads and area, by the latest box; never how anybody voted."""
    async with counter.database.session() as session:
        turnout = await turnout_of(session, renovation_id)
    if turnout is None:
        raise Refused(Problem(code="voting.no_box", where=renovation_id))
    return turnout
