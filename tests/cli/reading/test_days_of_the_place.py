"""Moments in lists are told by the clocks of the place that they are about, never by those of UTC."""

from zoneinfo import ZoneInfo

import pytest
from pydantic import JsonValue

from cli.access.notices import inbox_lines, notice_lines
from cli.output import show
from cli.people.requests import ServiceRequests, zone_of
from cli.privacy.access import access_lines
from cli.suggestions.official import suggestion_lines
from runtime.language.moments import HERE

LATE = "2026-03-31T16:00:00+00:00"
"""The first moment of April in Shanghai, in March in Paris."""
SHANGHAI, PARIS = "Asia/Shanghai", "Europe/Paris"
NOTICE: dict[str, JsonValue] = {
    "notice": "n1",
    "template": "t",
    "audience": "all_owners",
    "created_at": LATE,
    "state": "sent",
    "text": "words",
    "messages": {},
    "unreached": 0,
}
READING: dict[str, JsonValue] = {
    "at": LATE,
    "reader": "li",
    "role": "auditor",
    "door": "roll",
    "subject": "1-101",
    "reason": "",
}


def suggested(case: str | None) -> dict[str, JsonValue]:
    return {
        "id": f"g-{case}",
        "renovation_id": case,
        "theme": "Lamps",
        "state": "open",
        "supporters": 1,
        "needed": 3,
        "late": False,
        "due_at": LATE,
        "reply": None,
    }


class Clocks(ServiceRequests):
    """A service that knows the clocks of two cases, and nothing else."""

    def __init__(self) -> None:
        super().__init__("http://nowhere.example")

    def get(self, path: str, **query: str) -> JsonValue:
        return {
            "zone": {"/v1/renovations/r1/clock": SHANGHAI, "/v1/renovations/r2/clock": PARIS}[path]
        }


def test_the_zone_is_that_of_the_case_and_here_where_there_is_none() -> None:
    assert [zone_of(Clocks(), each) for each in ("r1", "r2", "")] == [SHANGHAI, PARIS, HERE]


def test_notices_have_the_day_of_their_place() -> None:
    for lines in (notice_lines, inbox_lines):
        for zone, day in ((SHANGHAI, "2026-04-01"), (PARIS, "2026-03-31")):
            assert day in next(lines(NOTICE, ZoneInfo(zone)))


def test_who_has_read_what_is_told_by_the_clock_of_the_place() -> None:
    (line,) = access_lines([READING], SHANGHAI)
    assert line.startswith("2026-04-01 00:00  li")


def test_each_suggestion_is_due_by_the_clock_of_its_case(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = [suggested("r1"), suggested("r2"), suggested(None)]
    show(found, lambda: suggestion_lines(found, lambda case: zone_of(Clocks(), case)))
    told = capsys.readouterr().out
    assert told.count("2026-04-01 00:00") == 2
    assert told.count("2026-03-31 18:00") == 1
