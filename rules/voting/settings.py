"""What a place may set otherwise: only what the rule book has from memory [M] or as a choice [D].

What is verified law changes by a new version of the rule, or per vote by a recorded decision
(`rules.voting.registry.rule_for`), never by a setting.
"""

import re
from collections.abc import Mapping
from datetime import date
from fractions import Fraction

from models.values.decisions.rules import Rule
from models.values.refusal import Problem, problem, refuse_if_any
from models.values.voting import Condition

OPEN = ("M", "D")
PREFIX = "voting."
_FRACTION = re.compile(r"(\d{1,18})(?:/([1-9]\d{0,17}))?", re.ASCII)
_NUMBER = re.compile(r"[1-9]\d{0,17}", re.ASCII)
_WORDS = {
    "silence": ("no_vote", "follow_majority"),
    "quorum_unknown": ("indeterminate", "presumed"),
}
_DATES = ("valid_from", "valid_until")


def settings_of(rule: Rule) -> tuple[str, ...]:
    """The names that may be set for this rule."""
    codes = {
        each.code.removeprefix(PREFIX) for each in _conditions(rule) if each.confidence in OPEN
    }
    names = ["quorum_unknown", *sorted(codes)]
    if rule.silence.confidence in OPEN:
        names.append("silence")
    if rule.dates_confidence in OPEN:
        names.extend(_DATES)
    return tuple(names)


def configured(rule: Rule, settings: Mapping[str, str]) -> Rule:
    """The rule with other values where it may have them.

    A test is named by its code, as "quorum.head", and set to a fraction "p/q" of what it is a part
    of, above 0 and at most 1, or to a whole number where it asks for so many persons; `silence` to
    "no_vote" or "follow_majority"; `quorum_unknown` to "indeterminate" or "presumed"; dates to a
    day.

    Raises:
        Refused: `decide.setting_fixed`, `decide.setting_invalid`, one for each.
    """
    may = settings_of(rule)
    refuse_if_any(
        problem for name, value in settings.items() for problem in _wrong(rule, may, name, value)
    )
    for name, value in settings.items():
        rule = _set(rule, name.removeprefix(PREFIX), value)
    return rule


def _conditions(rule: Rule) -> tuple[Condition, ...]:
    return (*rule.quorum, *rule.approve, *rule.reject_cap)


def _wrong(rule: Rule, may: tuple[str, ...], given: str, value: str) -> list[Problem]:
    name = given.removeprefix(PREFIX)
    if name not in may:
        return [problem("decide.setting_fixed", where=given, name=given, known=", ".join(may))]
    if name in _WORDS:
        expected = " | ".join(_WORDS[name])
        good = value in _WORDS[name]
    elif name in _DATES:
        expected = "YYYY-MM-DD"
        good = _day(value) is not None
    elif any(each.of == "number" for each in _conditions(rule) if each.code == PREFIX + name):
        expected = "1, 2, 3 …"
        good = _NUMBER.fullmatch(value) is not None
    else:
        expected = "p/q, 0 < p/q <= 1"
        good = _FRACTION.fullmatch(value) is not None and 0 < Fraction(value) <= 1
    if good:
        return []
    return [
        problem("decide.setting_invalid", where=given, name=given, value=value, expected=expected)
    ]


def _set(rule: Rule, name: str, value: str) -> Rule:
    if name == "silence":
        silence = rule.silence.model_copy(update={"kind": value})
        return rule.model_copy(update={"silence": silence})
    if name == "quorum_unknown":
        return rule.model_copy(update={"quorum_unknown": value})
    if name in _DATES:
        return rule.model_copy(update={name: _day(value)})
    code = PREFIX + name
    changed = {
        group: tuple(
            each.model_copy(update={"fraction": Fraction(value)}) if each.code == code else each
            for each in conditions
        )
        for group, conditions in (
            ("quorum", rule.quorum),
            ("approve", rule.approve),
            ("reject_cap", rule.reject_cap),
        )
    }
    return rule.model_copy(update=changed)


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None
