"""The threat model names tests that exist, for every claim."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODEL = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
SAID = (
    *("prevented", "detected", "found", "writes nothing", "only mTLS", "not covered"),
    *("published", "posted", "told in the history", "a build that fails"),
)
"""What becomes of an attack."""


@cache
def functions_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_every_named_test_exists() -> None:
    named = NAMED.findall(MODEL)
    assert len(named) > 40
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not (ROOT / file).exists() or name not in functions_of(ROOT / file)
    ]
    assert missing == []


def rows() -> Iterator[tuple[str, ...]]:
    """The rows of the tables that name tests, with the heading of the first column before each row's cells."""
    heading: tuple[str, ...] = ()
    for line in MODEL.splitlines():
        cells = tuple(each.strip() for each in line.strip("|").split("|"))
        if not line.startswith("|"):
            heading = ()
        elif not heading:
            heading = cells
        elif not set(line) <= set("|- :") and heading[-1].lower() in {"test", "now"}:
            yield (heading[0], *cells)


def test_every_claim_says_what_stops_it_and_names_a_test() -> None:
    claims = [(claim, what, tests) for of, claim, what, tests in rows() if of == "claim"]
    assert len(claims) > 200
    unsaid = [claim for claim, what, _ in claims if not any(each in what for each in SAID)]
    assert unsaid == []
    assert {what for _, what, tests in claims if not NAMED.search(tests)} == {"not covered"}
    assert all(NAMED.search(row[-1]) for row in rows() if row[0] != "claim")


def test_each_means_of_reaching_temporal_says_what_becomes_of_it() -> None:
    """Refused, found and healed, or kept out by certificates alone: nothing in between."""
    engine = MODEL.partition("## Whoever reaches Temporal")[2].partition("\n## ")[0]
    told = [line for line in engine.splitlines() if NAMED.search(line)]
    for means in ("update", "start", "signal", "terminate", "cancel", "reset", "worker", "activit"):
        assert any(means in each.partition("|")[2].partition("|")[0] for each in told), means
    assert sum("only mTLS" in each for each in told) > 5
