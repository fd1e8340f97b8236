"""What an audit finds is a sentence in both languages, never the name that the program has for it."""

import re

import pytest

from models.messages.reconciling import Fault
from runtime.ballots.audit import BadBallot
from runtime.language.sentences import phrase
from runtime.record.audit.acts import BadAct
from runtime.record.audit.anchors import BadAnchor
from runtime.record.audit.cases import BadEvent
from runtime.record.audit.engine import BadInEngine
from runtime.record.audit.tables import BadRow

REASON = re.compile(r'"(\w+)"\s+\(')
ROOMS = {
    "event_fault": BadEvent,
    "ballot_fault": BadBallot,
    "act_fault": BadAct,
    "row_fault": BadRow,
    "anchor_fault": BadAnchor,
    "engine_fault": BadInEngine,
}


def reasons(kind: type) -> list[str]:
    """The reasons that a finding's own description names."""
    return REASON.findall(f"{kind.__doc__}")


def codes() -> list[str]:
    found = [f"{room}.{name}" for room, kind in ROOMS.items() for name in reasons(kind)]
    return found + [f"fault.{each.value}" for each in Fault]


def test_findings_name_their_reasons() -> None:
    assert all(len(reasons(kind)) > 2 for kind in ROOMS.values())


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_each_reason_is_said_in_words(language: str) -> None:
    said = {code: phrase(code, language, {}) for code in codes()}
    bare = [code for code, text in said.items() if text is None or text in code]
    assert bare == []
    if language == "en":
        assert [code for code, text in said.items() if " " not in f"{text}"] == []
