"""Refusals as RFC 9457 problem documents, with the sentences in the language that was asked for."""

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from starlette.responses import Response

from models.fields import wrong_fields
from models.values.base import Carried
from models.values.refusal import Problem, Refused, problem, refusal
from runtime.database import is_lost
from runtime.language.moments import on_clock
from runtime.language.sentences import sentence
from service.http.callers import REFUSED, ZONE
from service.http.statuses import STATUS_OF_CODE

M = TypeVar("M", bound=BaseModel)
MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 1
WAIT = "wait_s"
"""The parameter of a refusal that says for how many seconds it holds, by the clock on the wall."""


class SpokenProblem(Problem):
    """One problem of a refusal, with its sentence."""

    sentence: str


class ProblemDocument(Carried):
    """Why a request was refused (RFC 9457); nothing was changed, unless a sentence says otherwise."""

    type: str
    title: str
    status: int
    detail: str
    """All sentences."""
    code: str
    """Of the first problem, on which a program may decide."""
    problems: tuple[SpokenProblem, ...]


def status_for(problems: Iterable[Problem]) -> int:
    """The status of the first problem's code; 422 for a code without one."""
    first = next(iter(problems), None)
    return STATUS_OF_CODE.get(first.code, 422) if first is not None else 422


def wanted_language(accept_language: str | None) -> str:
    """The language for an Accept-Language header: "zh_CN" or "en", "en" if it names neither."""
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


def problem_document(problems: tuple[Problem, ...], status: int, language: str) -> ProblemDocument:
    """The refusal with its sentences in "en" or "zh_CN"; no problem at all is `service.failed`."""
    first = problems[0] if problems else problem("service.failed")
    said = spoken(problems, language)
    return ProblemDocument(
        type=f"urn:gongjian:problem:{first.code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=" ".join(each.sentence for each in said),
        code=first.code,
        problems=said,
    )


def spoken(problems: Iterable[Problem], language: str) -> tuple[SpokenProblem, ...]:
    """The problems, each with its sentence in "en" or "zh_CN", by the clock of the case that the request is about."""
    here = (on_clock(each, ZONE.get()) for each in problems)
    return tuple(
        SpokenProblem(**each.model_dump(), sentence=sentence(each, language)) for each in here
    )


def problem_response(
    problems: tuple[Problem, ...],
    accept_language: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The response for a refusal; 429 and 503 have Retry-After, 401 has WWW-Authenticate.

    Moments in it are written by the clock of the place.
    """
    number = status_for(problems)
    language = wanted_language(accept_language)
    REFUSED.set(problems[0].code if problems else "")
    extra = {"Content-Language": language.replace("_", "-"), **(headers or {})}
    if number == HTTPStatus.SERVICE_UNAVAILABLE:
        extra["Retry-After"] = str(RETRY_AFTER_S)
    elif number == HTTPStatus.TOO_MANY_REQUESTS and (waits := _waits_s(problems)):
        extra["Retry-After"] = str(waits)
    if number == HTTPStatus.UNAUTHORIZED:
        extra["WWW-Authenticate"] = 'Bearer realm="gongjian"'
    document = problem_document(problems, number, language).model_dump()
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return Response(
        # A body may name a field by half a character (a lone surrogate): it goes back as its escape.
        text.encode("utf-8", "backslashreplace"),
        status_code=number,
        media_type=MEDIA_TYPE,
        headers=extra,
    )


def _waits_s(problems: tuple[Problem, ...]) -> int:
    """How long to wait before a try can succeed; 0 where only something else than time helps."""
    waits = (each.params.get(WAIT) for each in problems)
    return max((each for each in waits if isinstance(each, int)), default=0)


def read_fields(kind: type[M], fields: Mapping[str, object]) -> M:
    """The fields as a value of this kind.

    Raises:
        Refused: `service.field_…` for each field that is missing, unknown or wrong.
    """
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise malformed(error.errors(include_url=False, include_input=False)) from None


def malformed(errors: Iterable[ErrorDetails]) -> Refused:
    """The refusal for a failed validation: each wrong field and what was expected, never the value."""
    return Refused(*wrong_fields(errors))


def database_away(error: BaseException) -> Refused | None:
    """`service.database_away` if the error means that the database does not answer, else None."""
    return refusal("service.database_away") if is_lost(error) else None


def _weight(text: str) -> float:
    name, _, value = text.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
