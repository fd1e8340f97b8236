"""Answers that a connection gives before there is a request to hand on: refusals as whole HTTP messages."""

from functools import cache
from http import HTTPStatus

from models.values.refusal import problem
from service.edge.headers import ALWAYS
from service.http.problems import problem_response


@cache
def refused_connection(code: str, limit: int) -> bytes:
    """The HTTP/1.1 message that refuses with this code and closes; `limit` stands in its sentence."""
    answer = problem_response((problem(code, limit=limit),))
    status = HTTPStatus(answer.status_code)
    head = [f"HTTP/1.1 {status.value} {status.phrase}".encode()]
    head += [name + b": " + value for name, value in (*answer.raw_headers, *ALWAYS)]
    head.append(b"connection: close")
    return b"\r\n".join(head) + b"\r\n\r\n" + bytes(answer.body)


def status_of(answer: bytes) -> int:
    """The status of such a message."""
    return int(answer[9:12])
