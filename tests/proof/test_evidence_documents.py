"""The threat model names tests that exist, for every claim."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODEL = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


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


def test_every_claim_names_a_test() -> None:
    rows = [
        line for line in MODEL.splitlines() if line.startswith("| can") or "| prevented" in line
    ]
    claims = [row for row in rows if not NAMED.search(row)]
    assert claims == []
