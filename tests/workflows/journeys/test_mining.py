"""A foreign process-mining program reads our event logs and finds what was planted in three cases.

PM4Py (AGPL) runs in an environment and a process of its own: nothing of it is imported. `make test-slow` makes it.
"""

import json
import os
import subprocess
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from models.messages import acts as a
from tests.support.journey import (
    CONTRACTOR,
    OTHER_SUPERVISOR,
    STREET,
    JourneyDriver,
    inspect,
    open_vote,
    planned,
    three_bids,
)

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[3]
PM4PY = Path(os.environ.get("GONGJIAN_PM4PY") or ROOT / ".venv-pm4py" / "bin" / "python")
HELPER = Path(__file__).with_name("pm4py_reader.py")
Begin = Callable[..., Awaitable[JourneyDriver]]
Pair = tuple[str, str]

ENTERED, ANNOUNCED = "renovation.stage_entered", "voting.box_announced"
PUBLISHED, OPENED = "bidding.tender_published", "bidding.bids_opened"
SUBMITTED = "bidding.bid_submitted"
INSPECTED = "inspection.inspection_recorded"
RECTIFIED = "inspection.rectification_reported"
NOISE = ("clock.", "agenda.")
"""What a miner filters out: the told clock, and who was reminded."""
LATE_DAYS, REPAIR_DAYS = 40, 9
DAY_S = 24 * 3600


class Mined(NamedTuple):
    """What PM4Py says of one log: who follows whom, after how many seconds on average, and how much it has."""

    follows: Mapping[Pair, int]
    mean_s: Mapping[Pair, float]
    events: int
    left_out: int
    objects: Mapping[str, str]


async def mined(j: JourneyDriver, folder: Path) -> Mined:
    """Export the case as its official does, and have PM4Py read it."""
    files = []
    for form in ("xes", "ocel"):
        who = await j.official(STREET)
        answer = await j.http.get(
            f"/v1/renovations/{j.rid}/log?form={form}", headers={"Authorization": f"Bearer {who}"}
        )
        assert answer.status_code == 200, answer.text
        name = folder / f"{j.rid}.{form if form == 'xes' else 'json'}"
        name.write_bytes(answer.content)
        files.append(str(name))
    program = (str(PM4PY), str(HELPER), *files, *NOISE)
    read = subprocess.run(program, capture_output=True, text=True, check=False, timeout=300)
    assert read.returncode == 0, read.stderr
    said = json.loads(read.stdout.splitlines()[-1])
    return Mined(
        follows={(one, other): number for one, other, number in said["follows"]},
        mean_s={(one, other): seconds for one, other, seconds in said["mean_s"]},
        events=said["events"],
        left_out=said["left_out"],
        objects=said["objects"],
    )


async def late_vote(j: JourneyDriver) -> None:
    """The committee thinks it over for forty days."""
    await j.days(LATE_DAYS)
    await open_vote(j)


async def first_two_then_three(j: JourneyDriver) -> None:
    """Two firms bid for the first tender, three for the second."""
    if await j.value("SELECT count(*) FROM tender WHERE renovation_id=$1") > 1:
        await three_bids(j)
        return
    ceiling = await j.value(
        "SELECT ceiling_fen FROM tender WHERE renovation_id=$1 AND state='open'"
    )
    await j.bid(ceiling * 95 // 100, ceiling * 97 // 100)


async def a_failed_item(j: JourneyDriver) -> None:
    """One item fails and is put right after nine days; somebody else inspects it again."""
    item, concealed = (await planned(j))[0]
    await j.act(a.ReportItem, CONTRACTOR, item_id=item)
    if concealed:
        await inspect(j, item, "PASS", kind="concealed")
    await inspect(j, item, "FAIL")
    await j.days(REPAIR_DAYS)
    await j.act(a.ReportRectified, CONTRACTOR, item_id=item)
    await inspect(j, item, "PASS", OTHER_SUPERVISOR)


async def played(begin: Begin, planted: str) -> JourneyDriver:
    """A case until its works, with one thing planted."""
    j = await begin()
    if planted == "late":
        j.on("open_vote", late_vote)
    if planted == "few bids":
        j.on("bids", first_two_then_three)
    await j.until("works")
    if planted == "defect":
        await a_failed_item(j)
    return j


async def test_pm4py_finds_what_was_planted_in_three_cases(journey: Begin, tmp_path: Path) -> None:
    assert PM4PY.exists(), "no .venv-pm4py beside .venv: `make test-slow` makes it"
    found: dict[str, Mined] = {}
    for planted in ("nothing", "late", "few bids", "defect"):
        j = await played(journey, planted)
        found[planted] = await mined(j, tmp_path)
        events = await j.events()
        assert found[planted].events == len(events)
        left_out = sum(kind.startswith(NOISE) for kind in events)
        assert found[planted].left_out == left_out > 0
        assert sum(found[planted].follows.values()) == len(events) - left_out - 1
        assert found[planted].objects[j.rid] == "renovation"
    straight, late, few, defect = found.values()
    # Late: everything in the same order, and the one way that takes days longer takes those that were planted.
    assert late.follows.keys() == straight.follows.keys()
    assert slower(late, straight) == {(ENTERED, ANNOUNCED): LATE_DAYS}
    # Few bids: an opening is followed by a second notice, and that is all.
    assert few.follows.keys() - straight.follows.keys() == {(OPENED, PUBLISHED)}
    assert slower(few, straight) == {}
    assert (straight.follows[SUBMITTED, OPENED], few.follows[SUBMITTED, OPENED]) == (1, 2)
    # A defect: from the inspection back to a report, nine days later, and to an inspection again.
    loop = {(INSPECTED, RECTIFIED): REPAIR_DAYS, (RECTIFIED, INSPECTED): 0}
    assert loop.keys() <= defect.follows.keys()
    assert {pair: defect.mean_s[pair] / DAY_S for pair in loop} == loop
    assert not loop.keys() & (straight.follows.keys() | late.follows.keys() | few.follows.keys())


def slower(one: Mined, other: Mined) -> dict[Pair, float]:
    """What takes a day or more longer in one case than in another, and by how many days."""
    pairs = one.mean_s.keys() & other.mean_s.keys()
    more = {pair: (one.mean_s[pair] - other.mean_s[pair]) / DAY_S for pair in pairs}
    return {pair: days for pair, days in more.items() if days >= 1}
