"""What somebody is waited for, as people read it: a whole phrase, with a code nowhere."""

import re
from pathlib import Path

import pytest

from runtime.language.sentences import LOCALES, awaited

CATALOGUES = [LOCALES / language / "LC_MESSAGES" / "messages.po" for language in ("en", "zh_CN")]


@pytest.mark.parametrize(
    ("language", "what", "subject", "said"),
    [
        ("en", "confirmation", "", "a second person's confirmation"),
        ("en", "confirmation", "p7", "a second person's confirmation: p7"),
        ("zh_CN", "confirmation", "", "第二人确认"),
        ("zh_CN", "objections.vote_result", "", "异议：表决结果"),
    ],
)
def test_a_wait_is_said_with_what_is_known_of_it(
    language: str, what: str, subject: str, said: str
) -> None:
    assert awaited(what, language, subject) == said


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda path: path.parts[-3])
def test_no_name_of_a_wait_is_the_beginning_of_a_sentence_alone(catalogue: Path) -> None:
    names = re.findall(r'msgid "wait\.\w+"\nmsgstr "(.*)"', catalogue.read_text("utf-8"))
    assert len(names) > 30
    assert [each for each in names if re.search(r"[:：,，]$| of$", each)] == []
