"""What a street office asks: each question as the service is asked, and as somebody in a hurry would write its SQL."""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlencode

LIST, DESK = "/v1/renovations", "/office"


class Ask(NamedTuple):
    """What is asked of one case or place, chosen by the dice of the run."""

    dice: random.Random
    cases: Sequence[str]
    cursors: Sequence[str]

    @property
    def case(self) -> str:
        """A case."""
        return self.dice.choice(self.cases)

    @property
    def district(self) -> str:
        """A district."""
        return f"d{self.dice.randrange(10)}"

    @property
    def street(self) -> str:
        """A street office."""
        district = self.district
        return f"{district}/{district}s{self.dice.randrange(20)}"


def _list(**asked: Callable[[Ask], str] | str) -> Callable[[Ask], str]:
    def address(ask: Ask) -> str:
        given = {name: each if isinstance(each, str) else each(ask) for name, each in asked.items()}
        return f"{LIST}?{urlencode({'limit': 50, **given})}"

    return address


def _word(ask: Ask) -> str:
    name = ask.dice.choice(("梅园", "桂花", "松柏", "长江", "幸福", "和平"))
    return f"{name}{ask.dice.choice(('新村', '小区', '花园'))}{ask.dice.randrange(997)}号"


OF_CASE = f"{LIST}/{{}}"
QUESTIONS: Mapping[str, Callable[[Ask], str]] = {
    "list": _list(),
    "list, a page far behind": _list(after=lambda ask: ask.dice.choice(ask.cursors)),
    "filter: district": _list(place=lambda ask: ask.district),
    "filter: street office": _list(place=lambda ask: ask.street),
    "filter: stage": _list(stage="bidding"),
    "filter: outcome": _list(outcome="shelved"),
    "filter: late": _list(overdue="true"),
    "filter: late in a district": _list(overdue="true", place=lambda ask: ask.district),
    "filter: stuck": _list(stuck="true"),
    "filter: waiting for whom": _list(waiting="street_office"),
    "filter: contractor": _list(contractor=lambda ask: f"firm:{ask.dice.randrange(400)}"),
    "filter: rule pack": _list(rule_pack="CN-2021"),
    "text: one name": _list(words=_word),
    "text: two signs of a fifth of all": _list(words="电梯"),
    "text: Latin letters": _list(words=lambda ask: f"estate {ask.dice.randrange(10_000)}"),
    "text in a district": _list(words="屋面", place=lambda ask: ask.district),
    "text that nobody is called": _list(words="紫禁城"),
    "counts: a district": lambda ask: f"/v1/counts?place={ask.district}",
    "counts: a street office": lambda ask: f"/v1/counts?place={ask.street}",
    "history of a case": lambda ask: f"{OF_CASE.format(ask.case)}/history?level=acts&limit=100",
    "history as of a moment": lambda ask: (
        f"{OF_CASE.format(ask.case)}/history?as_of=2026-06-0{ask.dice.randrange(1, 9)}"
    ),
    "standing as of a moment": lambda ask: (
        f"{OF_CASE.format(ask.case)}/standing?as_of=2026-06-0{ask.dice.randrange(1, 9)}"
    ),
    "dashboard, page": lambda ask: (
        f"{DESK}/overview?place=d3/d3s{ask.dice.randrange(20)}"
        if ask.dice.randrange(4)
        else f"{DESK}/overview?place=d3"
    ),
    "oversight queue, page": lambda _ask: f"{DESK}/oversight?place=d3",
    "cases of the office, page": lambda _ask: f"{DESK}/cases?place=d3&overdue=true",
}
WHOLE = ("counts: the whole province", "/v1/counts")
"""Asked by nobody of a street office, and shown beside."""
NAIVE: Mapping[str, tuple[str, str]] = {
    "list, a page far behind": (
        "OFFSET",
        "SELECT * FROM renovation ORDER BY opened_at DESC OFFSET (SELECT count(*) * 9 / 10 FROM renovation) LIMIT 50",
    ),
    "filter: street office": (
        "LIKE",
        "SELECT * FROM renovation WHERE place_path || '/' LIKE 'd3/d3s7/%' ORDER BY opened_at DESC LIMIT 50",
    ),
    "filter: waiting for whom": (
        "ILIKE on the agenda",
        (
            "SELECT r.* FROM renovation r WHERE EXISTS (SELECT FROM case_wait w WHERE w.renovation_id = r.id"
            " AND w.who ILIKE '%street_office%') ORDER BY (SELECT min(since) FROM case_wait w"
            " WHERE w.renovation_id = r.id AND w.who ILIKE '%street_office%') LIMIT 50"
        ),
    ),
    "text: one name": (
        "ILIKE over joins",
        (
            "SELECT r.* FROM renovation r JOIN estate e ON e.id = r.estate_id WHERE r.title ILIKE '%梅园新村77号%'"
            " OR e.name ILIKE '%梅园新村77号%' ORDER BY r.opened_at DESC LIMIT 50"
        ),
    ),
    "counts: a district": (
        "a subquery a place",
        (
            "SELECT p.path, (SELECT count(*) FROM renovation r WHERE r.place_path LIKE p.path || '/%'"
            " AND r.state = 'running') AS running, (SELECT count(DISTINCT r.id) FROM renovation r JOIN case_wait w"
            " ON w.renovation_id = r.id WHERE r.place_path LIKE p.path || '/%' AND coalesce(w.late_since, w.due_at)"
            " < now()) AS late FROM place p WHERE p.parent_id = 'd3'"
        ),
    ),
    "history of a case": (
        "by kind of event over all cases",
        (
            "SELECT * FROM event WHERE details ->> 'stage' = 'voting' AND workflow_id ="
            " (SELECT workflow_id FROM renovation ORDER BY id LIMIT 1) ORDER BY happened_at LIMIT 100"
        ),
    ),
}
"""By the question: how it is written without an index of its own, and that statement."""
