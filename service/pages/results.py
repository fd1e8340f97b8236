"""A vote in words and bars: who has taken part, and what came of each motion and how near it was."""

from collections.abc import Iterator, Sequence
from math import ceil
from typing import NamedTuple

from pydantic import JsonValue

from models.values.voting import Motion, VotingPack
from rules.checks import recorded_check
from runtime.language.checks import check_sentence
from service.pages.display import Language
from service.paper.posted import TallyLine, checks_in, figures_of
from service.views import BoxView, Turnout

PERMILLE = 1_000


class Bar(NamedTuple):
    """A part of a whole as a bar: both numbers, what is needed, and where they stand in thousandths."""

    dimension: str
    """"heads" or "area", an area in 0.01 m2."""
    have: int
    whole: int
    need: int | None
    """None where the law sets no bound in this dimension."""

    @property
    def filled(self) -> int:
        """How much of the bar is filled, in thousandths."""
        return min(self.have * PERMILLE // self.whole, PERMILLE) if self.whole else 0

    @property
    def mark(self) -> int | None:
        """Where the bound stands, in thousandths."""
        if self.need is None or not self.whole:
            return None
        return min(self.need * PERMILLE // self.whole, PERMILLE)

    @property
    def reached(self) -> bool:
        """Whether nothing is missing."""
        return self.need is None or self.have >= self.need


class Sentence(NamedTuple):
    """One test of the law in words, and whether it was met; None is not known."""

    passed: bool | None
    said: str


class ToldResult(NamedTuple):
    """What came of one motion."""

    title: str
    outcome: str
    figures: tuple[TallyLine, ...]
    checks: tuple[Sentence, ...]


def turnout_bars(turnout: Turnout, pack: VotingPack) -> tuple[Bar, Bar]:
    """Participation in heads and in area beside what the law asks for."""
    return (
        _bar("heads", turnout.participating_heads, turnout.roll_heads, pack, "head"),
        _bar("area", turnout.participating_area_dm2, turnout.roll_area_dm2, pack, "area"),
    )


def results_of(box: BoxView, language: Language) -> tuple[ToldResult, ...]:
    """Of each motion of a counted box the numbers and every test; empty before the count."""
    counted = box.result if isinstance(box.result, dict) else {}
    return tuple(
        _result(motion, record, language)
        for motion in motions_in(box)
        for record in [counted.get(motion.id)]
        if isinstance(record, dict)
    )


def motions_in(box: BoxView) -> Iterator[Motion]:
    """What is asked in a box."""
    for each in box.motions if isinstance(box.motions, list) else ():
        yield Motion.model_validate(each)


def _bar(dimension: str, have: int, whole: int, pack: VotingPack, law: str) -> Bar:
    bounds: Sequence[int] = [
        ceil(each.fraction * whole)
        for each in pack.quorum
        if each.dimension == law and each.value == "participating" and each.of == "all"
    ]
    return Bar(dimension, have, whole, max(bounds, default=None))


def _result(motion: Motion, record: dict[str, JsonValue], language: Language) -> ToldResult:
    checks = (recorded_check(each) for each in checks_in(record))
    return ToldResult(
        motion.title,
        str(record.get("outcome", "")),
        tuple(figures_of(record.get("tally"))),
        tuple(Sentence(each.passed, check_sentence(each, language)) for each in checks),
    )
