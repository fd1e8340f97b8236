"""What goes wrong: problem documents of the service as exceptions, and a service that did not answer."""

from typing import Any

import httpx
from pydantic import Field, ValidationError

from client.answers import Answer


class Problem(Answer):
    """One thing that is wrong: a code to decide on, the field it is about, and a sentence for a person."""

    code: str
    where: str = ""
    params: dict[str, str | int] = Field(default_factory=dict)
    sentence: str = ""


class _Document(Answer):
    code: str
    detail: str
    problems: tuple[Problem, ...]


class ProblemError(Exception):
    """The service has refused; nothing was changed unless a sentence says otherwise.

    `code` is that of the first problem, `retry_after_s` when it can be sent again if a wait helps, `request_id`
    what the service's operator finds it by.
    """

    def __init__(
        self, status: int, problems: tuple[Problem, ...], retry_after_s: int | None, request_id: str
    ) -> None:
        super().__init__(" ".join(f"{each.code}: {each.sentence}" for each in problems))
        self.status, self.problems = status, problems
        self.retry_after_s, self.request_id = retry_after_s, request_id
        self.code = problems[0].code


class UnavailableError(Exception):
    """No answer in any of the tries: sent again with the same command id it is done once, now or then."""

    def __init__(self, command_id: str, reason: str) -> None:
        super().__init__(reason)
        self.command_id = command_id


def problem_of(response: httpx.Response) -> ProblemError:
    """The refusal in an answer; an answer that is no problem document is one of its own."""
    waits = response.headers.get("retry-after", "")
    try:
        document = _Document.model_validate_json(response.content)
        problems = document.problems
    except ValidationError:
        problems = ()
    unclear = Problem(code="client.unclear_answer", sentence=f"HTTP {response.status_code}")
    return ProblemError(
        response.status_code,
        problems or (unclear,),
        int(waits) if waits.isdecimal() else None,
        response.headers.get("x-request-id", ""),
    )


def decoded(response: httpx.Response) -> Any:
    """The JSON of an answer, None where it has no content.

    Raises:
        ProblemError: the service refuses.
    """
    if not response.is_success:
        raise problem_of(response)
    return response.json() if response.content else None
