"""Acts without pause: several senders at once bring many work items through inspection, over HTTP.

Every act must be answered at once, with what was recorded or with what a rule says; nobody is told
to come again. What was answered is held against the record afterwards.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from models.messages import acts as a
from models.values.actor import Actor
from models.values.scheme import PlannedWork, SchemeContent
from proof.commands import command_key
from tests.support.estate import scheme_content
from tests.support.journey import (
    CHIEF,
    CONTRACTOR,
    OTHER_SUPERVISOR,
    SUPERVISOR,
    JourneyDriver,
    planned,
)


class Step(NamedTuple):
    """An act to be sent; `times` at once, and `refused` with this code where a rule forbids it."""

    kind: type[a.Act]
    who: Actor
    fields: dict[str, Any]
    times: int = 1
    refused: str = ""


class Answered(NamedTuple):
    """What came back: the number of the event, or the code of the refusal."""

    step: Step
    key: str
    seq: int
    code: str


def many_works(number: int) -> SchemeContent:
    """The scheme of the estate, with so many pieces of work; every fourth will be concealed."""
    content = scheme_content()
    value = content.tender.ceiling_fen // number
    works = tuple(
        PlannedWork(
            id=f"w{each:04}", title=f"Piece {each}", concealed=each % 4 == 0, value_fen=value
        )
        for each in range(number)
    )
    return content.model_copy(update={"works": works})


class Traffic:
    """The acts of one inspection stage, `senders` of them under way at any moment."""

    def __init__(self, journey: JourneyDriver, seed: int, *, rectified: int, wrong: int) -> None:
        """`rectified` and `wrong`: permille of items that fail once, and of acts out of place."""
        self.j, self.rng = journey, random.Random(f"traffic-{seed}")
        self.rectified, self.wrong = rectified, wrong
        self.credentials: dict[str, str] = {}
        self.answers: list[Answered] = []

    async def go(self, senders: int) -> None:
        """Until every item has passed."""
        for who in (CONTRACTOR, SUPERVISOR, OTHER_SUPERVISOR, CHIEF):
            self.credentials[who.id] = await self.j.official(who)
        items = iter(await planned(self.j))
        async with asyncio.TaskGroup() as group:
            for _ in range(senders):
                group.create_task(self._send_all(items))

    async def _send_all(self, items: Iterator[tuple[str, bool]]) -> None:
        for item, concealed in items:
            for step in self._steps(item, concealed=concealed):
                await self._send(step)

    def _steps(self, item: str, *, concealed: bool) -> Iterator[Step]:
        """How one item passes; in between, now and then, something that must be refused."""
        yield from self._out_of_place(item)
        yield Step(a.ReportItem, CONTRACTOR, {"item_id": item}, times=self.rng.choice((1, 1, 1, 2)))
        if concealed:
            yield _inspection(item, SUPERVISOR, "PASS", kind="concealed")
        yield from self._out_of_place(item, reported=True)
        if self.rng.randrange(1000) < self.rectified:
            yield _inspection(item, SUPERVISOR, "FAIL")
            yield Step(a.ReportRectified, CONTRACTOR, {"item_id": item})
        yield _inspection(item, OTHER_SUPERVISOR, "PASS")

    def _out_of_place(self, item: str, *, reported: bool = False) -> Iterator[Step]:
        if self.rng.randrange(1000) >= self.wrong:
            return
        if reported:
            code = "inspection.item_other_state"
            yield Step(a.ReportItem, CONTRACTOR, {"item_id": item}, refused=code)
        else:
            yield Step(a.AcceptWorks, CHIEF, {}, refused="inspection.works_not_finished")

    async def _send(self, step: Step) -> None:
        name = self.j.new_id("act")
        sent = await asyncio.gather(*(self._once(step, name) for _ in range(step.times)))
        assert all(answer == sent[0] for answer in sent), sent
        self.answers.append(sent[0])

    async def _once(self, step: Step, name: str) -> Answered:
        path, credential = f"/acts/{step.kind.name}", self.credentials[step.who.id]
        answer = await self.j.post(path, credential, command_id=name, **step.fields)
        assert answer.status_code < 500, (step, answer.text)
        said = answer.json()
        code = "" if answer.is_success else str(said["code"])
        assert code == step.refused, (step, answer.text)
        seq = int(said["seq"]) if answer.is_success else 0
        return Answered(step, command_key(step.who.id, self.j.rid, name), seq, code)

    async def assert_recorded(self) -> None:
        """Every act that was answered "done" is one event, the one of its answer; no other is there."""
        rows = await self.j.db.fetch(
            "SELECT seq, command_id FROM event WHERE renovation_id=$1 AND actor_id <> 'engine'"
            " AND workflow_id LIKE '%/inspection/%'",
            self.j.rid,
        )
        recorded = Counter((int(row["seq"]), str(row["command_id"])) for row in rows)
        done = Counter((each.seq, each.key) for each in self.answers if not each.code)
        assert recorded == done, (recorded - done, done - recorded)


def _inspection(item: str, who: Actor, outcome: str, kind: str = "stage") -> Step:
    defects: Sequence[str] = ("a crack",) if outcome == "FAIL" else ()
    fields = {"item_id": item, "kind": kind, "outcome": outcome, "defects": list(defects)}
    return Step(a.RecordInspection, who, fields)
