"""The ballot route: raw, before FastAPI, with pydantic-core; `routes.voting` documents it."""

from pydantic import ValidationError
from starlette.datastructures import Headers
from starlette.responses import Response

from models.values.refusal import Problem, Refused
from service.commands import CastBallot
from service.counter import Counter
from service.credentials import voter_of
from service.problems import malformed, problem_response


async def answer_ballot(
    counter: Counter, renovation_id: str, headers: Headers, body: bytes
) -> Response:
    """201 and a receipt for a new ballot, 200 and the same receipt again, or a problem."""
    try:
        return await _cast(counter, renovation_id, headers, body)
    except Refused as refused:
        return problem_response(refused.problems, headers.get("accept-language"))


async def _cast(counter: Counter, renovation_id: str, headers: Headers, body: bytes) -> Response:
    key = counter.settings.credential_key
    voter = voter_of(key, renovation_id, headers.get("authorization"))
    try:
        ballot = CastBallot.model_validate_json(body)
    except ValidationError as error:
        raise malformed(error.errors(include_url=False, include_input=False)) from None
    if ballot.unit_number != voter.unit_number:
        params: dict[str, str | int] = {"unit": ballot.unit_number}
        raise Refused(Problem(code="credential.other_unit", where="unit_number", params=params))
    receipt, fresh = await counter.intake.cast(renovation_id, ballot)
    return Response(
        receipt.model_dump_json(),
        status_code=201 if fresh else 200,
        media_type="application/json",
    )
