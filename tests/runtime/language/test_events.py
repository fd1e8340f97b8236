"""What happened is called by words that people know, in both languages."""

import re

import pytest
from pydantic import JsonValue

from rules.history.levels import LEVELS
from runtime.history.figures import figure
from runtime.language.sentences import event_named

CODE = re.compile(r"[a-z]+[._][a-z]")
ZONE = "Asia/Singapore"


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_no_event_is_called_by_its_code(language: str) -> None:
    named = {kind: event_named(kind, language) for kind in LEVELS}
    assert [kind for kind, words in named.items() if CODE.search(words)] == []
    if language == "zh_CN":
        assert [kind for kind, words in named.items() if words.isascii()] == []


@pytest.mark.parametrize(
    ("name", "value", "english", "chinese"),
    [
        ("addressee", "owners_committee", "owners' committee", "业主委员会"),
        ("was_with", ["street_office"], "street office", "街道办事处"),
        ("event_kind", "voting.box_announced", "box announced", "公告表决"),
        ("step", "voting.box_closed", "box closed", "表决截止"),
    ],
)
def test_a_detail_that_names_somebody_or_an_event_does_so_in_words(
    name: str, value: JsonValue, english: str, chinese: str
) -> None:
    assert figure(name, value, "en", ZONE) == english
    assert figure(name, value, "zh_CN", ZONE) == chinese
