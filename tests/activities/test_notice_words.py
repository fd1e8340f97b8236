"""Every notice that an act writes has a sentence in both languages, of what the act says and no more."""

import ast
import re
from pathlib import Path

import pytest

from rules.notices import ON_PAPER, REMINDERS
from runtime.language.sentences import phrase
from service.notices.wording import text_of

ROOT = Path(__file__).parents[2]
LANGUAGES = ("en", "zh_CN")
AGENDA = {"act_reminded", "act_escalated"}
ELSEWHERE = {"vote_reminder", "improvement_plan_due", "survey_without_answers", "webhook_paused"}
"""Written with a name that is made, or by the service."""


def written() -> dict[str, list[set[str]]]:
    """The templates of `Case.notify` with the names of their parameters, call by call."""
    found: dict[str, list[set[str]]] = {}
    for path in sorted((ROOT / "activities").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "notify"
                and isinstance(node.args[1], ast.Constant)
            ):
                names = {str(each.arg) for each in node.keywords}
                found.setdefault(str(node.args[1].value), []).append(names)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_notice_has_a_sentence_of_what_is_said(language: str) -> None:
    calls = written()
    assert len(calls) > 45
    for template, several in calls.items():
        sentence = phrase(f"notice.{template}", language, {})
        assert sentence, template
        for names in several:
            assert set(re.findall(r"%\((\w+)\)s", sentence)) <= names, template
    for template in AGENDA | ELSEWHERE | ON_PAPER | set(REMINDERS):
        assert phrase(f"notice.{template}", language, {}), template


def test_moments_money_and_words_are_said_as_people_say_them() -> None:
    zone = "Asia/Shanghai"
    said = text_of("collection_short", {"collected_fen": 120_050, "due_fen": 99}, "zh_CN", zone)
    assert said == "收缴不足：应收 0.99 元，实收 1,200.50 元，请作出决定。"
    params = {
        "what": "answers.candidates",
        "who": "street_office",
        "late_since": "2026-12-14T16:00:00Z",
    }
    said = text_of("act_escalated", {**params}, "en", zone)
    assert said == (
        "Nobody has acted: answers to objections, awaited from street office, is late since"
        " 2026-12-15 0:00."
    )
    assert "2026年12月15日 0:00" in text_of("act_escalated", {**params}, "zh_CN", zone)
    item = {"item": "roof"}
    assert "屋面" in text_of("item_reported", {**item}, "zh_CN", zone, {"roof": "屋面"})
