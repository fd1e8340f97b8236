"""`make bench-journey`: CPU of one journey by process, before the told clock and now, in one run.

"Before" is commit 8287647, laid out by `git worktree` in a temporary folder and run with its own code, its
own demo and its own sandbox time by this interpreter; "now" is this working tree. Each side starts a stack of
its own, looks at it idle, and carries the same number of journeys, one started every `--apart-s` seconds.

CPU is user and system time of every process of a part, between the start of the first journey and the end of
the last, divided by the journeys. Helpers that ended count too: the kernel adds them to the parent that waited
for them, so a backend of PostgreSQL is counted alive by itself and dead through the postmaster. The driver,
which plays the people, is told apart and not counted.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from benchmarks.trees import BEFORE, RESULTS, ROOT, before_tree, git

SIDE = Path(__file__).with_name("side.py")
PARTS = ("worker", "temporal", "postgres", "service")
TARGET_S = 4.0
SLOWNESS = (1, 2, 4)
"""Times a day of the old sandbox time, which lasts 0.4 s."""

Side = dict[str, object]


def main() -> None:
    """Both sides one after the other, a table, and the raw figures in a file."""
    given = arguments()
    sides: dict[str, Side] = {}
    if given.only != "now":
        with before_tree(given.before) as tree:
            sides["before"] = run_before(tree, given)
    if given.only != "before":
        sides["now"] = run_side(ROOT, given, 1)
    report = {
        "measured_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "before_commit": given.before,
        "now_commit": git("describe", "--always", "--dirty").strip(),
        "python": sys.version.split()[0],
        "load_at_end": os.getloadavg(),
        "target_s": TARGET_S,
        **sides,
    }
    print("\n".join(table(sides)))
    if not given.dry:
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"journey-cpu-{datetime.now(UTC):%Y-%m-%dT%H%M%S}.json"
        path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        print(f"written to benchmarks/results/{path.name}", file=sys.stderr)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--journeys", type=int, default=12)
    parser.add_argument("--units", type=int, default=60)
    parser.add_argument("--apart-s", type=float, default=2.0, help="seconds between two starts")
    parser.add_argument("--before", default=BEFORE, help="the commit to compare with")
    parser.add_argument("--only", choices=("before", "now"), help="one side, nothing to compare")
    parser.add_argument("--dry", action="store_true", help="write no file")
    return parser.parse_args()


def run_before(tree: Path, given: argparse.Namespace) -> Side:
    """The old side. Its people race the clock, so beside other work its days have to be longer.

    Raises:
        SystemExit: the journeys did not arrive with the longest days either.
    """
    for slowness in SLOWNESS:
        try:
            return run_side(tree, given, slowness)
        except SystemExit:
            if slowness == SLOWNESS[-1]:
                raise
            print("its people were too late: once more with longer days", file=sys.stderr)
    raise AssertionError


def run_side(tree: Path, given: argparse.Namespace, slowness: int) -> Side:
    """Carry the journeys with the code of `tree`, in a process of its own.

    Raises:
        SystemExit: a journey did not arrive, so the figures mean nothing.
    """
    with tempfile.TemporaryDirectory(prefix="gongjian-bench-") as folder:
        result = Path(folder) / "side.json"
        # -P: modules come from the tree, which goes before what is installed, not from here.
        command = [sys.executable, "-P", str(SIDE), str(result), "--journeys", str(given.journeys)]
        command += ["--units", str(given.units), "--apart-s", str(given.apart_s)]
        command += ["--slowness", str(slowness)]
        environment = {**os.environ, "PYTHONPATH": str(tree)}
        print(f"{given.journeys} journeys on {tree.name} …", file=sys.stderr, flush=True)
        done = subprocess.run(command, check=False, cwd=tree, env=environment)
        if done.returncode != 0:
            raise SystemExit("a side did not arrive; nothing can be compared")
        return cast("Side", json.loads(result.read_text(encoding="utf-8")))


def table(sides: Mapping[str, Side]) -> Iterator[str]:
    """CPU seconds of one journey, a line for each process and a column for each side."""
    costs = [cast("dict[str, float]", side["cpu_s_per_journey"]) for side in sides.values()]
    heads = (*sides, "ratio") if len(costs) > 1 else tuple(sides)
    yield f"{'CPU s per journey':<24}" + "".join(f"{name:>9}" for name in heads)
    for part in (*PARTS, "all", "driver"):
        spent = [cost[part] for cost in costs]
        ratio = f"{spent[1] / spent[0]:>9.2f}" if len(spent) > 1 else ""
        label = "(driver, not in all)" if part == "driver" else part
        yield f"  {label:<22}" + "".join(f"{each:>9.2f}" for each in spent) + ratio
    for what, key in (("recorded", "events_per_journey"), ("history", "history_per_journey")):
        events = [cast("float", side[key]) for side in sides.values()]
        each_ms = [1_000 * cost["all"] / count for cost, count in zip(costs, events, strict=True)]
        ratio = f"{each_ms[1] / each_ms[0]:>9.2f}" if len(each_ms) > 1 else ""
        yield f"  {what + ' events':<22}" + "".join(f"{count:>9.0f}" for count in events)
        yield f"  {'ms for each':<22}" + "".join(f"{each:>9.1f}" for each in each_ms) + ratio
    if "now" in sides:
        reached = "reached" if costs[-1]["all"] <= TARGET_S else "missed"
        yield f"  at most {TARGET_S} s in all: {reached}"


if __name__ == "__main__":
    main()
