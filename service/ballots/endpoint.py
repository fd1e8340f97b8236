"""The ballot route, answered before FastAPI because most requests of a vote come here.

`service.front` calls it; `service.routes.document` puts it into the OpenAPI document.
"""

import json
from collections.abc import Mapping

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from starlette.types import Scope, Send

from models.values.refusal import Refused, refusal
from service.access.tickets import TicketCheck
from service.ballots.intake import Intake
from service.bodies import CastBallot, refuse_repeated_keys
from service.edge.headers import ALWAYS
from service.http.callers import name_header
from service.http.command_keys import HEADER, with_key
from service.http.problems import malformed, problem_response

JSON = (b"content-type", b"application/json")
HTTP: Scope = {"type": "http"}
"""What a response looks at of a request."""
COMMAND_KEY = HEADER.lower().encode()


async def send_ballot(
    tickets: TicketCheck,
    intake: Intake,
    renovation_id: str,
    headers: Mapping[bytes, bytes],
    body: bytes,
    send: Send,
) -> int:
    """Answer one request: 201 and a receipt, 200 and the receipt of the same ballot, or a problem.

    `headers` are of lower case.
    Returns the status.
    """
    try:
        if (key := headers.get(COMMAND_KEY)) is not None:
            refuse_repeated_keys(body)  # once they are read, the last of them is the only one
            body = with_key(key, body)
        shown = tickets.read(renovation_id, headers.get(b"authorization"))
        ballot = _read(body, shown.holder)
        receipt, fresh = await intake.cast(
            renovation_id, ballot, shown.route, version=shown.version, first=shown.first
        )
    except Refused as refused:
        language = headers.get(b"accept-language", b"").decode("latin-1")
        response = problem_response(refused.problems, language)
        response.raw_headers += (*ALWAYS, name_header())
        await response(HTTP, _nothing, send)
        return response.status_code
    answer = receipt.json()
    status = 201 if fresh else 200
    length = (b"content-length", str(len(answer)).encode())
    told = [JSON, length, *ALWAYS, name_header()]
    await send({"type": "http.response.start", "status": status, "headers": told})
    await send({"type": "http.response.body", "body": answer})
    return status


def _read(body: bytes, unit_number: str) -> CastBallot:
    """The ballot in a body, if it is one of the unit whose ticket came with it."""
    try:
        ballot = CastBallot.from_json(body)
    except ValidationError as error:
        raise malformed(_errors(error, body)) from None
    if ballot.unit_number != unit_number:
        raise refusal("credential.other_unit", where="unit_number", unit=ballot.unit_number)
    return ballot


def _errors(error: ValidationError, body: bytes) -> list[ErrorDetails]:
    """What is wrong with the fields; the fast reader takes half a surrogate pair for no JSON at all."""
    if error.error_count() == 1 and error.errors()[0]["type"] == "json_invalid":
        try:
            CastBallot.model_validate(json.loads(body))
        except ValidationError as named:
            error = named
        except (ValueError, RecursionError):
            pass
    return error.errors(include_url=False, include_input=False)


async def _nothing() -> dict[str, str]:
    """The `receive` of a response, which reads nothing."""
    return {"type": "http.disconnect"}
