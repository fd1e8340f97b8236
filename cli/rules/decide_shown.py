"""Formats results of `decide` and the list of packs: JSON for programs, lines for people."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import cast

from pydantic import JsonValue

from cli.words import named, said, spoken_here
from models.values.decisions.menu import Approval, MenuOutcome
from models.values.decisions.rules import (
    Bridge,
    Cap,
    CapResult,
    Concentration,
    Facts,
    MatterTable,
    OptionsRuling,
    Rule,
    RuleCheck,
    RuleResult,
)
from models.values.refusal import Problem
from rules.checks import overall_verdict
from rules.voting.law import CAPS, RULES, TABLES
from rules.voting.options import MenuRuling
from rules.voting.settings import settings_of
from runtime.language.checks import check_sentence
from runtime.language.sentences import sentence

Shown = dict[str, JsonValue]
HALF = Fraction(1, 2)
TWO_THIRDS = Fraction(2, 3)
EXTRAS = (
    "bridge",
    "payer_set",
    "min_participating",
    "min_present",
    "min_in_person",
    "min_yes_if_all_participate",
    "options",
    "concentration",
    "chosen",
)
"""What follows the sentences when people read, in this order."""


def ruling_json(
    rule: Rule, facts: Facts, ruling: RuleResult, options: OptionsRuling | None = None
) -> Shown:
    """Everything about one ruling; fractions as integers or "p/q"."""
    shown: Shown = {
        "pack": rule.id,
        "law": rule.law,
        "articles": list(rule.articles),
        "confidence": rule.confidence,
        "valid_from": rule.valid_from.isoformat(),
        "valid_until": rule.valid_until.isoformat() if rule.valid_until else None,
        "version": rule.version,
        "verdict": ruling.verdict,
        "quorum": ruling.quorum,
        "approve": ruling.approve,
        "head_approve": ruling.head_approve,
        "quorum_presumed": ruling.quorum_presumed,
        "quorum_presumption": rule.quorum_presumption if ruling.quorum_presumed else None,
        "checks": [_check_json(check) for check in ruling.checks],
    }
    if any(each.kind == "bridge" for each in rule.follow_ups):
        bridges = [each for each in ruling.follow_ups if each.follow_up.kind == "bridge"]
        shown["bridge"] = bridges[0].open if bridges else False
    shown["follow_ups"] = [_follow_up_json(each) for each in ruling.follow_ups]
    if rule.payers is not None:
        shown["payer_set"] = ruling.payer_set
    shown["disputed"] = [each.model_dump(mode="json") for each in ruling.disputed]
    shown.update(
        {name: dict(numbers) for name, numbers in ruling.thresholds.model_dump().items() if numbers}
    )
    tied: list[Problem] = []
    if options is not None:
        shown["options"] = options.model_dump(mode="json")
        if options.outcome == "tie":
            tied = [_note("decide.options_tied", options=", ".join(options.named))]
    shown["notes"] = [
        _said(problem)
        for problem in (*_notes(rule, facts, ruling), *_follow_up_notes(ruling), *tied)
    ]
    return shown


def menu_json(approval: Approval, found: MenuRuling, outcome: MenuOutcome) -> Shown:
    """What replaces the ruling of a motion: the verdict on the menu, and each work with its checks."""
    nothing = found.verdict == "PASS" and not outcome.winners
    verdict = "FAIL" if nothing else found.verdict
    works: Shown = {
        name: {
            "verdict": ruling.verdict,
            "checks": [_check_json(check) for check in ruling.checks],
        }
        for name, ruling in found.works.items()
    }
    shown: Shown = {
        "approval": approval.value,
        "winners": list(outcome.winners),
        "cost": outcome.cost,
        "budget": outcome.budget,
        "ties": [{"items": list(tie.items), "decisive": tie.decisive} for tie in outcome.ties],
    }
    if found.ruling is not None:
        return {"verdict": verdict, "menu": shown}
    quorum = overall_verdict(
        check.passed
        for ruling in found.works.values()
        for check in ruling.checks
        if check.part in ("quorum", "roll")
    )
    # There is no vote of yes and no on the whole: only the works have an approval.
    none: Shown = {"head_approve": None, "checks": [], "follow_ups": [], "notes": []}
    menu: Shown = {**shown, "works": works}
    return {**none, "verdict": verdict, "quorum": quorum, "approve": found.verdict, "menu": menu}


def menu_lines(menu: Shown) -> list[str]:
    """What was chosen for how much, and of each work its verdict with every check."""
    chosen = ", ".join(map(str, cast("list[str]", menu["winners"]))) or "-"
    approval = named("approval", str(menu["approval"]))
    money = {"cost": str(menu["cost"]), "budget": str(menu["budget"])}
    lines = [f"  {said('line.menu', approval=approval, works=chosen, **money)}"]
    works = cast("dict[str, Shown]", menu.get("works", {}))
    for name, work in works.items():
        lines.append(f"  {_line(name, named('verdict', str(work['verdict'])))}")
        checks = cast("list[dict[str, dict[str, str]]]", work["checks"])
        lines += [f"    {check['sentence'][spoken_here()]}" for check in checks]
    return lines


def ruling_lines(shown: Shown) -> list[str]:
    """The ruling for people: the verdict, a line for each check, what follows."""
    parts = {name: _plain(shown[name]) for name in ("verdict", "quorum", "approve")}
    verdicts = {name: named("verdict", each) for name, each in parts.items()}
    lines = [said("line.ruling", pack=str(shown["pack"]), **verdicts)]
    for name in ("checks", "notes"):
        rows = shown[name]
        assert isinstance(rows, list)
        for row in rows:
            assert isinstance(row, dict)
            text = row["sentence"]
            assert isinstance(text, dict)
            lines.append(f"  {text[spoken_here()]}")
    if "menu" in shown:
        lines += menu_lines(cast("Shown", shown["menu"]))
    rest = (name for name in EXTRAS if name in shown)
    return [*lines, *(f"  {_line(named('extra', name), _plain(shown[name]))}" for name in rest)]


def cap_json(cap: Cap, result: CapResult) -> Shown:
    """What a cap leaves: mandates, or the weights with the bases that follow from them."""
    shown: Shown = {
        "pack": cap.id,
        "law": cap.law,
        "articles": [cap.article],
        "confidence": cap.confidence,
    }
    if result.cap is not None:
        return {**shown, "cap": result.cap}
    base = result.total or Fraction(0)
    return {
        **shown,
        "capped": [_exact(weight) for weight in sorted(result.weights, reverse=True)],
        "by_owner": [_exact(weight) for weight in result.weights],
        "cut": list(result.cut),
        "base": _exact(base),
        "half": _exact(HALF * base),
        "two_thirds": _exact(TWO_THIRDS * base),
    }


def cap_lines(shown: Shown) -> list[str]:
    """A cap for people."""
    return [_line(named("extra", name), _plain(value)) for name, value in shown.items()]


def _line(name: str, value: str) -> str:
    return said("line.named", name=name, value=value)


def concentration_json(found: Sequence[Concentration]) -> list[JsonValue]:
    """Voting power per dimension."""
    return [each.model_dump(mode="json") for each in found]


def pack_rows() -> list[Shown]:
    """Every rule, cap and dated pack."""
    rules: list[Shown] = [
        {
            "id": rule.id,
            "kind": "rule",
            "jurisdiction": rule.jurisdiction,
            "law": rule.law,
            "articles": list(rule.articles),
            **_dates(rule),
            "effect": rule.effect,
            "either": [list(codes) for codes in rule.either],
            "disputed": [each.text for each in rule.disputed],
            "settings": list(settings_of(rule)),
            "note": rule.note,
        }
        for rule in RULES
    ]
    caps: list[Shown] = [
        {
            "id": cap.id,
            "kind": "cap",
            "jurisdiction": cap.jurisdiction,
            "law": cap.law,
            "articles": [cap.article],
            **_dates(cap),
        }
        for cap in CAPS
    ]
    tables: list[Shown] = [
        {
            "id": table.id,
            "kind": "pack",
            "jurisdiction": table.region,
            "law": table.law,
            "articles": [table.law],
            **_dates(table),
            "matters": {each.matter: each.cls for each in table.matters},
            "classes": {each.cls: each.rule for each in table.classes},
        }
        for table in TABLES
    ]
    return [*rules, *caps, *tables]


def _dates(law: Rule | Cap | MatterTable) -> Shown:
    return {
        "valid_from": law.valid_from.isoformat(),
        "valid_until": law.valid_until.isoformat() if law.valid_until else None,
        "confidence": law.confidence,
        "dates_confidence": law.dates_confidence,
        "version": law.version,
    }


def _check_json(check: RuleCheck) -> Shown:
    return {
        **check.model_dump(mode="json"),
        "short_by": check.short_by,
        "sentence": {
            "en": check_sentence(check, "en"),
            "zh_CN": check_sentence(check, "zh_CN"),
        },
    }


def _follow_up_json(bridge: Bridge) -> Shown:
    return {
        **bridge.follow_up.model_dump(mode="json", exclude={"conditions"}),
        "open": bridge.open,
        "checks": [_check_json(check) for check in bridge.checks],
    }


def _notes(rule: Rule, facts: Facts, ruling: RuleResult) -> list[Problem]:
    """What a reader must know beside the numbers."""
    notes: list[Problem] = []
    if ruling.quorum_presumed:
        notes.append(_note("decide.quorum_presumed", pack=rule.id))
    if rule.silence.kind == "deemed_yes":
        notes.append(
            _note(
                "decide.silence_counts",
                days=rule.silence.days or 0,
                article=rule.silence.article,
            )
        )
    notes.extend(_one_is_enough(rule, ruling))
    payers = rule.payers
    if payers and payers.above and ruling.verdict == "PASS" and facts.above_bound is None:
        notes.append(_note("decide.bound_unknown", bound=payers.bound, article=payers.article))
    for each in ruling.disputed:
        code = "decide.disputed_decisive" if each.decisive else "decide.disputed"
        params = {name: getattr(each, name) for name in ("rule", "text", "article", "verdict")}
        notes.append(_note(code, **params))
    if rule.veto and facts.objections_within_7d is None and ruling.verdict == "PASS":
        notes.append(_note("decide.objections_open", days=rule.veto.days))
    if rule.confidence in ("M", "D"):
        notes.append(_note("decide.from_memory", pack=rule.id, confidence=rule.confidence))
    return notes


def _one_is_enough(rule: Rule, ruling: RuleResult) -> Iterator[Problem]:
    """Which of the tests shown as not met or unknown are alternatives."""
    for codes in rule.either:
        shown = [check.code for check in ruling.checks if check.code in codes and not check.passed]
        if len(shown) > 1:
            yield _note("decide.one_is_enough", tests=", ".join(shown))


SECOND_VOTE = {
    True: (
        "decide.second_vote_open",
        "decide.second_vote_open_at_once",
        "decide.second_vote_open_no_term",
    ),
    False: (
        "decide.second_vote_unknown",
        "decide.second_vote_unknown_at_once",
        "decide.second_vote_unknown_no_term",
    ),
}
"""By whether it is open or not known yet: within days, in the same meeting, or the law sets no term."""


def _follow_up_notes(ruling: RuleResult) -> list[Problem]:
    """Second votes that are open, or that may be."""
    notes: list[Problem] = []
    for each in ruling.follow_ups:
        if each.open is False:
            continue
        follow_up = each.follow_up
        days = {"earliest": follow_up.earliest_days, "latest": follow_up.latest_days}
        terms = {name: day for name, day in days.items() if day is not None}
        some_day, at_once, no_term = SECOND_VOTE[each.open or False]
        code = no_term if not terms else at_once if terms == {"latest": 0} else some_day
        notes.append(_note(code, then=follow_up.then, article=follow_up.article, **terms))
    return notes


def _note(code: str, **params: str | int) -> Problem:
    return Problem(code=code, params=params)


def _said(problem: Problem) -> Shown:
    return {
        "code": problem.code,
        "sentence": {"en": sentence(problem, "en"), "zh_CN": sentence(problem, "zh_CN")},
    }


def _exact(value: Fraction) -> int | str:
    return value.numerator if value.denominator == 1 else f"{value.numerator}/{value.denominator}"


def _plain(value: JsonValue) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{named('measure', name)} {_plain(each)}" for name, each in value.items())
    if isinstance(value, list):
        return "; ".join(_plain(each) for each in value)
    if isinstance(value, bool):
        return said("line.yes" if value else "line.no")
    return "-" if value is None else str(value)
