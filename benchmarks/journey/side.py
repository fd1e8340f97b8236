"""Journeys on the code that PYTHONPATH names, and the CPU they cost: one side of `make bench-journey`.

It runs beside this commit's code and beside that of the commit to compare with, so it knows only what both have.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import psutil

import runtime
from cli.demo.run import DemoOptions, Silent, carry
from runtime.settings import LocalSettings

try:  # the tree of before has it here; asked first, because an installed checkout answers for what it lacks
    from runtime.stack import LocalStack, Part
except ModuleNotFoundError:
    from runtime.local.stack import LocalStack, Part

DAY_S, POLL_MS = Fraction(2, 5), 300
"""How the journeys of the affine clock were carried by their own benchmark; the told clock has neither."""
IDLE_S = 10.0


async def main(given: argparse.Namespace) -> None:
    """Start a stack, look at it idle, carry the journeys, write the figures."""
    tree = Path(str(runtime.__file__)).resolve().parent.parent
    assert tree == Path.cwd().resolve(), f"the code of {tree} would be measured"
    with tempfile.TemporaryDirectory(prefix="gongjian-stack-") as folder:
        local = LocalSettings(data_dir=Path(folder), log_level="warning")
        async with LocalStack(local, headless=True) as stack:
            await asyncio.sleep(IDLE_S / 2)  # what starting left to do is done
            began = cpu_of_parts(stack)
            await asyncio.sleep(IDLE_S)
            idle = differences(began, cpu_of_parts(stack), IDLE_S)
            figures = await measured(stack, given)
    given.result.write_text(json.dumps({**figures, "idle_cpu_s_per_s": idle}), encoding="utf-8")


async def measured(stack: LocalStack, given: argparse.Namespace) -> dict[str, object]:
    """The journeys and what they cost."""
    began, began_at = cpu_of_parts(stack), time.monotonic()
    carried = await asyncio.gather(
        *(journey(stack, number, given) for number in range(given.journeys))
    )
    wall_s = time.monotonic() - began_at
    cost = differences(began, cpu_of_parts(stack), given.journeys)
    cost["all"] = round(sum(cost[part] for part in Part), 4)
    return {
        "units": given.units,
        "journeys": given.journeys,
        "apart_s": given.apart_s,
        "slowness": given.slowness,
        "wall_s": round(wall_s, 1),
        "journey_wall_s": [round(each.seconds, 1) for each in carried],
        "events_per_journey": round(sum(each.recorded for each in carried) / given.journeys, 1),
        "history_per_journey": round(sum(each.history for each in carried) / given.journeys, 1),
        "cpu_s_per_journey": cost,
    }


class Carried(NamedTuple):
    """One journey: the seconds it took, the events it recorded, and those of its histories in Temporal."""

    seconds: float
    recorded: int
    history: int


async def journey(stack: LocalStack, number: int, given: argparse.Namespace) -> Carried:
    """One journey through all stages."""
    fields: dict[str, object] = {"units": given.units, "seed": number, "case": f"bench{number}"}
    if "day_s" in DemoOptions.model_fields:
        # Slower days and fewer looks a second: as many looks as before.
        fields |= {"day_s": str(DAY_S * given.slowness), "poll_ms": POLL_MS * given.slowness}
    options = DemoOptions.model_validate(fields)
    await asyncio.sleep(number * given.apart_s)
    began = time.monotonic()
    report = await carry(stack.settings, stack.record.service_url, options, Silent(), no_check)
    assert report.facts.event_chain_ok, report.renovation_id
    facts = report.facts
    return Carried(time.monotonic() - began, len(facts.events), sum(facts.history_events.values()))


def no_check() -> None:
    """Nobody watches the stack: a dead part shows as a stand-still."""


def cpu_of_parts(stack: LocalStack) -> dict[str, float]:
    """CPU seconds so far: each part of the stack and the driver, which is this process."""
    spent = {"driver": time.process_time()}
    for part in Part:
        pid = stack.pid(part)
        assert pid is not None, part
        spent[part.value] = cpu_of_family(pid)
    return spent


def cpu_of_family(pid: int) -> float:
    """User and system seconds of a process, of its living descendants, and of all they waited for.

    Read again until nobody came or went meanwhile: one that ends between two reads would be counted twice.
    """
    head = psutil.Process(pid)
    while True:
        family = [head, *head.children(recursive=True)]
        try:
            spent = sum(sum(each.cpu_times()[:4]) for each in family)
        except psutil.NoSuchProcess:
            continue
        if family == [head, *head.children(recursive=True)]:
            return spent


def differences(
    before: Mapping[str, float], after: Mapping[str, float], divisor: float
) -> dict[str, float]:
    """What was spent between two looks, for each of so many."""
    return {name: round((after[name] - before[name]) / divisor, 4) for name in before}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("result", type=Path)
    parser.add_argument("--journeys", type=int, required=True)
    parser.add_argument("--units", type=int, required=True)
    parser.add_argument("--apart-s", type=float, required=True)
    parser.add_argument("--slowness", type=int, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main(arguments()))
