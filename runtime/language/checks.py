"""A check in words, with both of its numbers: what the law asks, what was found, what is missing.

The catalogue has a sentence for the law behind each check's code; the sentences `check.*` add the
figures. `gongjian decide` shows the result.
"""

from fractions import Fraction
from math import ceil, floor

from models.values.decisions.decision import Check
from models.values.decisions.rules import RuleCheck
from models.values.refusal import Problem
from runtime.language.amounts import money
from runtime.language.sentences import phrase, sentence

AREA = "area_dm2"
SQUARE_METRE = 100
"""Hundredths of a square metre in one."""
FEN = "fen"
PARTS = frozenset({"fraction", "permille"})
"""Parts of a whole have no whole unit at which a comparison turns: their bound is said as it is."""
SECONDS = frozenset({"s", "seconds"})
DURATIONS = (("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1))
ENDS = ".。"


def check_sentence(check: Check, language: str = "en") -> str:
    """One sentence; `language` is "en" or "zh_CN".

    "At least" and "at most" name whole units: with 2/3 of 403 heads as the bound, at least 269.
    """
    params: dict[str, str | int] = {
        "what": _subject(check, language),
        "have": _figure(check.have, check.unit, language),
        "bound": _bound(check, language),
        "article": check.article,
        "by": _figure(
            None if check.short_by is None else Fraction(check.short_by), check.unit, language
        ),
    }
    if check.passed is None:
        code = "check.unknown"
    elif check.passed:
        code = "check.met"
    else:
        code = "check.short" if check.op in (">=", ">") else "check.over"
    return _say(code, language, params)


def quantity(number: int, unit: str, language: str) -> str:
    """A number of units in words: "1,200.00 m²", "12 owners"."""
    return _figure(Fraction(number), unit, language)


def _subject(check: Check, language: str) -> str:
    """What was measured where the check says it, else the law's sentence for its code."""
    named = check.value if isinstance(check, RuleCheck) else check.code
    found = phrase(f"check.subject.{named}", language, {}) or _say(check.code, language)
    return found.rstrip(ENDS)


def _bound(check: Check, language: str) -> str:
    """The whole number at which the comparison turns, and the part of what it is."""
    edge = _edge(check, language)
    if not isinstance(check, RuleCheck) or check.of == "number":
        return edge
    share = check.fraction
    params: dict[str, str | int] = {
        "bound": edge,
        "op": check.op,
        "fraction": f"{share.numerator}/{share.denominator}",
        "base": _say(f"check.of.{check.of}", language),
    }
    return _say("check.bound_of", language, params)


def _edge(check: Check, language: str) -> str:
    if check.need is None:
        return _say("check.bound_unknown", language)
    need = check.need
    if check.unit in PARTS:
        code = f"check.bound.{check.op}"
        return _say(code, language, {"figure": _figure(need, check.unit, language)})
    if check.op in (">=", ">"):
        edge = floor(need) + 1 if check.op == ">" else ceil(need)
        code = "check.at_least"
    elif check.op == "==":
        edge, code = ceil(need), "check.exactly"
    else:
        edge = ceil(need) - 1 if check.op == "<" else floor(need)
        code = "check.at_most"
    return _say(code, language, {"figure": _figure(Fraction(edge), check.unit, language)})


def _figure(number: Fraction | None, unit: str, language: str) -> str:
    """A number with its unit; areas in square metres, exact to the hundredth."""
    if number is None:
        return _say("check.not_reported", language)
    if unit in SECONDS:
        return _duration(floor(number), language)
    if unit == FEN and number.denominator == 1:
        return money(int(number), language)
    if number.denominator != 1:
        return _with_unit(f"{number.numerator}/{number.denominator}", unit, language)
    whole = int(number)
    if unit == AREA:
        sign, size = ("-" if whole < 0 else ""), abs(whole)
        shown = f"{sign}{size // SQUARE_METRE:,}.{size % SQUARE_METRE:02d}"
    else:
        shown = f"{whole:,}"
    return _with_unit(shown, unit, language)


def _duration(seconds: int, language: str) -> str:
    """A time in its largest units: "6 days 15 h"; nothing of it is rounded."""
    sign, left = ("-" if seconds < 0 else ""), abs(seconds)
    parts = []
    for unit, length in DURATIONS:
        count, left = divmod(left, length)
        if count:
            parts.append(_with_unit(f"{count:,}", unit, language))
    return sign + (" ".join(parts) or _with_unit("0", "seconds", language))


def _with_unit(number: str, unit: str, language: str) -> str:
    code = f"check.unit_one.{unit}" if number == "1" else f"check.unit.{unit}"
    if (text := phrase(code, language, {"n": number})) is None:
        text = phrase(f"check.unit.{unit}", language, {"n": number})
    return text or f"{number} {unit}"


def _say(code: str, language: str, params: dict[str, str | int] | None = None) -> str:
    return sentence(Problem(code=code, params=params or {}), language)
