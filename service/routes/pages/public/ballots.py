"""Is this ballot in the tree? By the code of a receipt, for whoever has it; never what it says."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from models.fields import line
from models.values.refusal import Refused
from proof.receipts import read_code
from service.http.problems import status_for
from service.pages.proofs import proof_of
from service.pages.rendering import page
from service.routes.dependencies import CaseSituation, RunningParts

router = APIRouter(prefix="/cases/{renovation_id}", include_in_schema=False)
Typed = Annotated[str, *line(64, 0)]


@router.get("/ballots")
async def find_ballot(
    situation: CaseSituation, parts: RunningParts, request: Request, code: Typed = ""
) -> Response:
    """The question for the code, and what is known of the ballot that has it."""
    values: dict[str, object] = {"situation": situation, "code": code, "found": None, "proof": ""}
    zone = situation.timetable.zone
    if code:
        try:
            found = await parts.lookup.find(situation.id, read_code(code))
            values |= {"found": found, "proof": proof_of(found)}
        except Refused as refused:
            problems = tuple(each.model_copy(update={"where": "code"}) for each in refused.problems)
            status = status_for(problems)
            return page(
                request, "public/ballot.html", values, status=status, zone=zone, problems=problems
            )
    return page(request, "public/ballot.html", values, zone=zone)
