"""How the counter says no: RFC 9457 problem details, with the sentence in the person's language."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus

import asyncpg
from pydantic import JsonValue
from pydantic_core import ErrorDetails, to_json
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response

from models.values.refusal import Problem, Refused, problem, refusal
from runtime.database import worth_another_attempt
from runtime.language.sentences import sentence
from service.http.rule_refusals import RULE_SAYS_NO

CUT_OFF = asyncpg.InterfaceError | asyncpg.InternalClientError
"""What the driver raises beside the server's own errors when its server dies in the middle."""
MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 1

STATUS_OF_CODE: dict[str, int] = {
    **dict.fromkeys(RULE_SAYS_NO, 422),
    "service.not_found": 404,
    "service.method_not_allowed": 405,
    "service.body_too_large": 413,
    "service.failed": 500,
    "service.busy": 503,
    "service.database_away": 503,
    "service.not_ready": 503,
    "service.not_confirmed": 503,
    "service.target_closed": 409,
    "credential.missing": 401,
    "credential.wrong": 401,
    "credential.other_unit": 403,
    "credential.no_role": 403,
    "credential.replaced": 403,
    "authority.wrong_role": 403,
    "authority.outside_place": 403,
    "authority.wrong_stage": 409,
    "authority.unknown_act": 404,
    "renovation.unknown": 404,
    "journal.command_reused": 409,
    "voting.no_box": 404,
    "voting.ballot_unknown": 404,
    "voting.ballot_of_another": 403,
    "voting.already_voted": 409,
    "voting.unit_not_on_roll": 404,
    "voting.unit_excluded": 403,
    "voting.box_closed": 409,
    "voting.box_not_open_yet": 409,
    "voting.other_box": 409,
    "ruling.no_ballots": 404,
    "ruling.ballot_unknown": 404,
    "ruling.not_contested": 409,
    "ruling.own_dispute": 403,
    "ruling.own_paper": 403,
    "paper.same_person": 403,
    "paper.batch_complete": 409,
    "paper.in_another_batch": 409,
    "paper.not_all_cast": 409,
    "mandate.unknown": 404,
    "mandate.already_given": 409,
    "mandate.revoked": 403,
    "mandate.not_in_force": 403,
    "mandate.not_covered": 403,
    "mandate.against_instruction": 403,
    "mandate.other_vote": 409,
    "publication.unknown": 404,
    "publication.closed": 409,
    "cost_sharing.nothing_due": 409,
    "cost_sharing.payment_booked": 409,
    "bidding.no_tender": 404,
    "bidding.tender_closed": 409,
    "bidding.already_bid": 409,
    "bidding.no_bid": 404,
    "feedback.ticket_unknown": 404,
    "feedback.survey_not_open": 409,
    "feedback.unit_unknown": 404,
    "clock.wall": 409,
    "clock.case_over": 409,
    "clock.held": 409,
    "clock.nothing_due": 409,
    "clock.hold_known": 409,
    "clock.hold_unknown": 404,
    "clock.busy": 503,
    "clock.not_settled": 503,
}
"""The status of each code; `make check` finds the codes that have none."""


def status_of(problems: Iterable[Problem]) -> int:
    """The status of the first problem; 422 where a rule says no."""
    first = next(iter(problems), None)
    return STATUS_OF_CODE.get(first.code, 422) if first is not None else 422


def language_of(accept_language: str | None) -> str:
    """Of "zh_CN" and "en" the one the Accept-Language header puts first; "en" without a wish."""
    best, language = 0.0, "en"
    for wish in (accept_language or "").split(","):
        tag, _, weight = wish.partition(";")
        name = tag.strip().lower().partition("-")[0]
        if name not in ("zh", "en"):
            continue
        strength = _weight(weight)
        if strength > best:
            best, language = strength, "zh_CN" if name == "zh" else "en"
    return language


def problem_body(problems: tuple[Problem, ...], status: int, language: str) -> dict[str, JsonValue]:
    """The members of RFC 9457, beside `code` and every problem with its sentence."""
    first = problems[0] if problems else problem("service.failed")
    return {
        "type": f"urn:gongjian:problem:{first.code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": " ".join(sentence(problem, language) for problem in problems),
        "code": first.code,
        "problems": [
            {
                "code": problem.code,
                "where": problem.where,
                "params": dict(problem.params),
                "sentence": sentence(problem, language),
            }
            for problem in problems
        ],
    }


def problem_response(
    problems: tuple[Problem, ...],
    accept_language: str | None = None,
    status: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The response for a refusal; it says when to ask again, and what credential is wanted."""
    number = status if status is not None else status_of(problems)
    language = language_of(accept_language)
    extra = {"Content-Language": language.replace("_", "-"), **(headers or {})}
    if number == HTTPStatus.SERVICE_UNAVAILABLE:
        extra["Retry-After"] = str(RETRY_AFTER_S)
    if number == HTTPStatus.UNAUTHORIZED:
        extra["WWW-Authenticate"] = 'Bearer realm="gongjian"'
    return Response(
        to_json(problem_body(problems, number, language)),
        status_code=number,
        media_type=MEDIA_TYPE,
        headers=extra,
    )


def malformed(errors: Iterable[ErrorDetails]) -> Refused:
    """A refusal that names each field that is wrong and what was expected; never the value."""
    return Refused(*(_of_field(error) for error in errors))


def away(error: BaseException) -> Refused | None:
    """The refusal for a database that does not answer; None for any other error."""
    lost = isinstance(error, TimeoutError | CUT_OFF) or (
        isinstance(error, OSError | SQLAlchemyError | asyncpg.PostgresError)
        and worth_another_attempt(error)
    )
    if lost or type(error).__name__ == "TimeoutError":
        return refusal("service.database_away")
    return None


def _of_field(error: ErrorDetails) -> Problem:
    where = ".".join(str(part) for part in error["loc"] if part != "body")
    kind = error["type"]
    if kind in ("json_invalid", "json_type"):
        return problem("service.json_invalid")
    if kind == "missing":
        return problem("service.field_missing", where=where, field=where)
    if kind == "extra_forbidden":
        return problem("service.field_unknown", where=where, field=where)
    return problem("service.field_wrong", where=where, field=where, expected=error["msg"])


def _weight(text: str) -> float:
    name, _, value = text.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
