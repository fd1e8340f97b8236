"""`make bench-voting-before`: the benchmark of votes on commit 8287647 and on this tree, by turns in one run.

What is compared are the ratios to the floors of the same turn (c/a, c/n, i/b) and the time of the closing:
the machine is shared, and absolute figures of two turns are not those of one machine.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.trees import BEFORE, RESULTS, ROOT, before_tree

Report = dict[str, Any]


FIGURES: Mapping[str, Callable[[Report], float]] = {
    "c/a": lambda report: float(report["ratios"]["c/a (aim 0.30)"]),
    "c/n": lambda report: float(report["ratios"]["c/n (aim 5)"]),
    "i/b": lambda report: float(report["i/b (aim 0.5)"]),
    "closing of 1,000,000, s": lambda report: float(report["d_close"]["1000000"]["close_s"]),
}
"""What is compared, and where the reports of both sides have it."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--before", default=BEFORE)
    parser.add_argument("--turns", type=int, default=3)
    given = parser.parse_args()
    sides: dict[str, list[Report]] = {"before": [], "now": []}
    with before_tree(given.before) as tree:
        trees = {"before": tree, "now": ROOT}
        for number in range(given.rounds):
            # The other order each time: who comes second finds a warmer machine, and a disk that writes still.
            for name in sorted(trees, reverse=bool(number % 2)):
                sides[name].append(side(trees[name], given.turns))
    print("\n".join(table(sides)))
    path = RESULTS / f"voting-before-{datetime.now(UTC):%Y-%m-%dT%H%M%S}.json"
    path.write_text(
        json.dumps({"commit": given.before, **sides}, indent=1) + "\n", encoding="utf-8"
    )
    print(f"written to benchmarks/results/{path.name}", file=sys.stderr)


def side(tree: Path, turns: int) -> Report:
    """One run of the tree's own benchmark; the file that it writes is read and taken away."""
    folder = tree / "benchmarks" / "results"
    there = set(folder.glob("voting-*.json"))
    command = [sys.executable, "-P", "-m", "benchmarks.voting", "--turns", str(turns)]
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    subprocess.run(command, check=True, cwd=tree, env=environment)
    (written,) = set(folder.glob("voting-*.json")) - there
    report: Report = json.loads(written.read_text(encoding="utf-8"))
    written.unlink()
    return report


def table(sides: dict[str, list[Report]]) -> Sequence[str]:
    lines = [f"{'':28}{'before':>10}{'now':>10}"]
    for name, figure in FIGURES.items():
        values = [statistics.median(map(figure, sides[each])) for each in ("before", "now")]
        lines.append(f"{name:28}" + "".join(f"{value:>10.3f}" for value in values))
    return lines


if __name__ == "__main__":
    main()
