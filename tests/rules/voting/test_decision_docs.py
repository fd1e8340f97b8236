"""What docs/add-a-rule.md shows of a jurisdiction is what stands in its module and its cases."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from rules.voting.law import build, ca_bc
from rules.voting.registry import rule_named
from rules.voting.settings import settings_of
from tests.support.cases import decisions

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "add-a-rule.md").read_text(encoding="utf-8")
MODULE = Path(ca_bc.__file__).read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_the_page_shows_what_stands_in_the_module() -> None:
    shown = blocks("python")
    assert len(shown) == 2
    assert all(block in MODULE for block in shown)


(CASE_TEXT,) = blocks("json")


@pytest.mark.parametrize("case", json.loads(CASE_TEXT), ids=lambda case: case["id"])
def test_the_cases_of_the_page_are_cases_of_the_tests(case: dict[str, Any]) -> None:
    assert case in decisions()


def test_the_examples_quorum_is_a_default_and_therefore_a_setting() -> None:
    assert "quorum.share" in settings_of(rule_named("CA-BC.majority"))
    assert "approve.share" not in settings_of(rule_named("CA-BC.majority"))


def test_every_file_that_the_page_names_is_there() -> None:
    named = re.findall(r"`((?:rules|models|tests)/[\w./]+\.(?:py|json))`", PAGE)
    assert named
    for name in named:
        assert (ROOT / name).exists(), name
    assert callable(build.conditions)
