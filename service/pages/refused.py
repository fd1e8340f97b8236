"""A refusal as a page, where a browser looked at pages."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from models.values.refusal import Problem, problem
from runtime.language.moments import on_clock
from runtime.language.sentences import sentence
from service.http.callers import REFUSED, ZONE
from service.http.problems import RETRY_AFTER_S, problem_response, status_for
from service.pages.display import display_of
from service.pages.rendering import page

OF_PROGRAMS = ("/v1/", "/health/", "/openapi.json")
UNAUTHORIZED, UNAVAILABLE = 401, 503
BROKE = 500
"""From this status on nobody can say whether something was done."""
SESSION_OVER = "access.session_over"


def is_of_pages(request: Request) -> bool:
    """Whether a request was for a page, and its sender reads pages."""
    path, accepted = request.url.path, request.headers.get("accept", "")
    return not path.startswith(OF_PROGRAMS) and "text/html" in accepted


def answer_of(
    request: Request, problems: tuple[Problem, ...], headers: Mapping[str, str] | None = None
) -> Response:
    """A refusal for whoever asked: a page for a browser that looks at pages, else a problem document."""
    if not is_of_pages(request):
        return problem_response(problems, request.headers.get("accept-language"), headers)
    answer = refused_page(request, problems)
    answer.headers.update(headers or {})
    return answer


def refused_page(request: Request, problems: tuple[Problem, ...]) -> Response:
    """The sentences of a refusal, with its status."""
    said = tuple(on_clock(each, ZONE.get()) for each in problems) or (problem("service.failed"),)
    REFUSED.set(said[0].code)
    language = display_of(request).language
    sentences = tuple(sentence(each, language) for each in said)
    status = status_for(said)
    values = {
        "sentences": sentences,
        "signed_out": status == UNAUTHORIZED,
        "broke": status >= BROKE,
        "letter_wanted": any(each.code == SESSION_OVER for each in said),
    }
    answer = page(request, "refused.html", values, status=status)
    if status == UNAVAILABLE:
        answer.headers["Retry-After"] = str(RETRY_AFTER_S)
    return answer
