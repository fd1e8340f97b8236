"""The worked cases of `tests/cases`, and our own ones of votes beside them."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "cases"
OUR_DECISIONS = FOLDER.parent / "rules" / "voting" / "cases" / "decisions.json"
WORDS = ("basis",)
"""What a case expects in words, not in figures."""


def book(name: str) -> dict[str, Any]:
    """What a file of worked cases says."""
    read: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return read


def worked(name: str) -> dict[str, dict[str, Any]]:
    """The cases of a file by their ids."""
    return {case["id"]: case for case in book(name)["cases"]}


def decisions() -> list[dict[str, Any]]:
    """Every worked vote, the book's and ours, with what `gongjian decide --json` must answer."""
    ours: list[dict[str, Any]] = json.loads(OUR_DECISIONS.read_text(encoding="utf-8"))
    return [
        {**case, "expected": {k: v for k, v in case["expected"].items() if k not in WORDS}}
        for case in [*book("votes")["cases"], *ours]
    ]
