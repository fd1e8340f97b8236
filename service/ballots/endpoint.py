"""The ballot route: raw, before FastAPI, with pydantic-core; `routes.voting` documents it."""

from pydantic import ValidationError
from starlette.responses import Response
from starlette.types import Scope, Send

from models.values.refusal import Refused, refusal
from service.http.problems import malformed, problem_response
from service.parts import Parts
from service.residents.commands import CastBallot

JSON = (b"content-type", b"application/json")


async def send_ballot(
    parts: Parts, renovation_id: str, scope: Scope, body: bytes, send: Send
) -> None:
    """201 and a receipt for a new ballot, 200 and its receipt again, or a problem."""
    headers = dict(scope["headers"])
    try:
        status, receipt = await _cast(parts, renovation_id, headers.get(b"authorization"), body)
    except Refused as refused:
        language = headers.get(b"accept-language", b"").decode("latin-1")
        await problem_response(refused.problems, language)(scope, _nothing, send)
        return
    length = (b"content-length", str(len(receipt)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [JSON, length]})
    await send({"type": "http.response.body", "body": receipt})


async def answer_ballot(
    parts: Parts, renovation_id: str, authorization: str | None, body: bytes
) -> Response:
    """The same for a caller that has no connection of its own.

    Raises:
        Refused: whatever the ballot is refused for.
    """
    credential = authorization.encode("latin-1") if authorization is not None else None
    status, receipt = await _cast(parts, renovation_id, credential, body)
    return Response(receipt, status_code=status, media_type="application/json")


async def _cast(
    parts: Parts, renovation_id: str, authorization: bytes | None, body: bytes
) -> tuple[int, bytes]:
    unit_number, version = parts.voters.holder_of(renovation_id, authorization)
    try:
        ballot = CastBallot.model_validate_json(body)
    except ValidationError as error:
        raise malformed(error.errors(include_url=False, include_input=False)) from None
    if ballot.unit_number != unit_number:
        raise refusal("credential.other_unit", where="unit_number", unit=ballot.unit_number)
    receipt, fresh = await parts.intake.cast(renovation_id, ballot, version=version)
    return (201 if fresh else 200), receipt.json()


async def _nothing() -> dict[str, str]:
    """A response does not read."""
    return {"type": "http.disconnect"}
