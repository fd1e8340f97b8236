"""Whatever a case waits for names its rule, and its article where the law has one."""

import re
from pathlib import Path

import pytest

from rules.time.lateness import BASES, WITHIN, basis
from rules.time.timetables import LEGAL_BOUNDS
from runtime import language

OF_THE_ENGINE = {"accounts_settled", "engine", "stage", "starting"}
CATALOGUE = Path(language.__file__).parent / "locales/en/LC_MESSAGES/messages.po"
NAMED = set(
    re.findall(r'^msgid "wait\.([a-z_]+)"', CATALOGUE.read_text(encoding="utf-8"), re.MULTILINE)
)


def test_every_wait_that_has_a_sentence_has_its_rule() -> None:
    assert {each.partition(".")[0] for each in BASES} == NAMED
    assert {name for name in NAMED if not basis(name).rule} == OF_THE_ENGINE


@pytest.mark.parametrize("what", sorted(WITHIN))
def test_a_wait_whose_period_the_law_bounds_names_an_article(what: str) -> None:
    bounded = {each.field for each in LEGAL_BOUNDS}
    assert basis(what).rule
    if WITHIN[what] in bounded:
        assert re.search(r" art\. \d", basis(what).article)


def test_what_the_law_has_apart_is_told_apart() -> None:
    assert basis("answers.candidates").article == "Tendering Regs art. 54"
    assert basis("answers.vote_result").article == ""
