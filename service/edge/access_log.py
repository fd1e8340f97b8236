"""The access log: a line for each request, sums where there would be too many; never a secret or a voter.

A line has who (an official's id; of residents only that it was one), the route as a template, status and
duration, and the code of a refusal. Ballots that were taken are told in sums: whoever reads the log need
not learn who votes when. More lines a second than `LINES_A_SECOND` are summed too, so that a flood of
requests is no flood of the disk.
"""

import asyncio
from collections import Counter
from contextvars import Context
from typing import NamedTuple

import structlog
from starlette.types import Scope

from runtime.logging import REQUEST
from service.http.callers import CALLER, REFUSED

LINES_A_SECOND = 50
QUIET = ("/health/live", "/health/ready")
"""Asked every few seconds by whoever watches; told when they fail."""
FAILED_CREDENTIAL = ("credential.missing", "credential.wrong", "credential.expired")
BAD = 400
BALLOT_ROUTE = "/v1/renovations/{renovation_id}/ballots"


class Sum(NamedTuple):
    """What requests that are told together have in common."""

    method: str
    route: str
    status: int
    code: str


TAKEN = Sum("POST", BALLOT_ROUTE, 201, "")
"""A ballot that came in: made once, for most are like this."""


class AccessLog:
    """Writes the lines of one process; sums go out a second after the first of them."""

    def __init__(self) -> None:
        self._log = structlog.get_logger("access")
        self._sums: Counter[Sum] = Counter()
        self._left = LINES_A_SECOND
        self._turning = False

    def request(self, scope: Scope, status: int, seconds: float) -> None:
        """A request was answered; `CALLER` and `REFUSED` are of its context."""
        route = scope.get("route")
        template = str(getattr(route, "path", "")) or "-"
        if template in QUIET and status < BAD:
            return
        told = Sum(scope["method"], template, status, REFUSED.get())
        if not self._may_tell():
            self._sums[told] += 1
            return
        self._line(
            told,
            who=CALLER.get(),
            renovation=str(scope.get("path_params", {}).get("renovation_id", "")),
            source=(scope.get("client") or ("",))[0],
            request=REQUEST.get(),
            ms=round(seconds * 1000, 1),
        )

    def ballot(self, scope: Scope, status: int) -> None:
        """A ballot was answered: most requests of a vote, told in sums but for a credential that fails."""
        if status == TAKEN.status:
            told = TAKEN
        else:
            told = Sum("POST", BALLOT_ROUTE, status, "" if status < BAD else REFUSED.get())
        if told.code in FAILED_CREDENTIAL and self._may_tell():
            source = (scope.get("client") or ("",))[0]
            self._line(told, source=source, request=REQUEST.get())
            return
        self._sums[told] += 1
        self._turn_later()

    def connection_refused(self, code: str, status: int, source: str) -> None:
        """A connection was refused before there was a request."""
        told = Sum("-", "-", status, code)
        if self._may_tell():
            self._line(told, source=source)
        else:
            self._sums[told] += 1

    def _line(self, told: Sum, **more: object) -> None:
        event = "credential_refused" if told.code in FAILED_CREDENTIAL else "request"
        said = {name: value for name, value in more.items() if value != ""}
        write = self._log.warning if event == "credential_refused" else self._log.info
        write(event, **_named(told), **said)

    def _may_tell(self) -> bool:
        self._left -= 1
        self._turn_later()
        return self._left >= 0

    def _turn_later(self) -> None:
        if not self._turning:
            self._turning = True
            loop = asyncio.get_running_loop()
            # The sums are of many requests: their line has the id of none.
            loop.call_later(1.0, self._turn, context=Context())

    def _turn(self) -> None:
        sums, self._sums = self._sums, Counter()
        self._left, self._turning = LINES_A_SECOND, False
        for told, count in sums.items():
            self._log.info("requests", **_named(told), count=count)


def _named(told: Sum) -> dict[str, object]:
    code = {"code": told.code} if told.code else {}
    return {"method": told.method, "route": told.route, "status": told.status, **code}
