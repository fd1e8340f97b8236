"""A second evaluator, written from the texts and not from the data: owner by owner, in integers.

Each rule stands here once more as a sentence of arithmetic over an electorate of persons. Engine
and data are right only if they say the same of every electorate.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations_with_replacement, product
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.values.decisions.rules import Amounts, Facts, Rule
from rules.voting import configured, judged, rule_named
from rules.voting.law import RULES
from tests.support.slow import examples

STATES = (
    "yes",
    "no",
    "abstain",
    "watching",
    "silent",
    "away",
    "invalid",
    "contested",
    "excluded",
)
VOTING = ("yes", "no", "abstain")
AT_THE_MEETING = ("yes", "no", "abstain", "watching", "invalid")


@dataclass(frozen=True)
class Owner:
    """One owner, what the owner did, and what the owner weighs."""

    state: str
    area: int = 1
    share: int = 1
    in_person: bool = True
    objects: bool = False


Numbers = tuple[int, int, int]
"""Heads, area, shares."""


class Count:
    """Every number of a vote, each owner looked at once."""

    def __init__(self, owners: Sequence[Owner]) -> None:
        def of(wanted: Callable[[Owner], bool]) -> Numbers:
            found = [owner for owner in owners if wanted(owner)]
            return len(found), sum(each.area for each in found), sum(each.share for each in found)

        def having(*states: str) -> Numbers:
            return of(lambda owner: owner.state in states)

        self.yes, self.no, self.abstain = having("yes"), having("no"), having("abstain")
        self.invalid, self.contested = having("invalid"), having("contested")
        self.silent, self.excluded = having("silent"), having("excluded")
        self.present, self.roll = having(*AT_THE_MEETING), having(*STATES)
        self.in_person = of(lambda owner: owner.state in VOTING and owner.in_person)
        self.objections = of(lambda owner: owner.objects)

    def facts(self) -> Facts:
        """What somebody would report of this vote."""

        def amounts(numbers: Numbers) -> Amounts:
            return Amounts(head=numbers[0], area=numbers[1], share=numbers[2])

        return Facts(
            all=amounts(self.roll),
            excluded=amounts(self.excluded),
            present=amounts(self.present),
            yes=amounts(self.yes),
            no=amounts(self.no),
            abstain=amounts(self.abstain),
            invalid=amounts(self.invalid),
            contested=amounts(self.contested),
            in_person=amounts(self.in_person),
            silent_absentee=amounts(self.silent),
            objections_within_7d=amounts(self.objections),
        )

    def at(self, place: int) -> SimpleNamespace:
        """The numbers of one dimension by the short names of the sentences below."""
        yes, no, part = self.yes[place], self.no[place], self.abstain[place]
        return SimpleNamespace(
            all=self.roll[place] - self.excluded[place],
            pres=self.present[place],
            part=yes + no + part,
            yes=yes,
            no=no,
            cast=yes + no,
            mute=self.silent[place],
            ip=self.in_person[place],
            obj=self.objections[place],
        )


Sentence = Callable[[Any, Any, Any], bool]
"""Whether it is adopted, from the numbers in heads, in area and in shares."""


def both(test: Callable[[Any], bool], *places: Any) -> bool:
    return all(test(each) for each in places)


def quarter(h: Any, s: Any) -> bool:
    return 4 * h.pres >= h.all or 4 * s.pres >= s.all


def tenth(h: Any) -> bool:
    return 10 * h.pres >= h.all


def third(h: Any, s: Any) -> bool:
    return 3 * h.pres >= h.all and 3 * s.pres >= s.all


SENTENCES: dict[tuple[str, int], Sentence] = {
    ("CN.278.ordinary", 1): lambda h, a, _: both(
        lambda n: 3 * n.part >= 2 * n.all and 2 * n.yes > n.part, h, a
    ),
    ("CN.278.major", 1): lambda h, a, _: both(
        lambda n: 3 * n.part >= 2 * n.all and 4 * n.yes >= 3 * n.part, h, a
    ),
    ("CN.PL76.ordinary", 1): lambda h, a, _: both(lambda n: 2 * n.yes > n.all, h, a),
    ("CN.PL76.major", 1): lambda h, a, _: both(lambda n: 3 * n.yes >= 2 * n.all, h, a),
    ("CN.residents_meeting", 1): lambda h, _a, _s: 2 * h.pres > h.all and 2 * h.yes > h.pres,
    ("HK.BMO.general", 1): lambda h, _, s: tenth(h) and s.yes > s.no,
    ("HK.BMO.first_MC", 1): lambda _h, _a, s: s.yes > s.no and 10 * s.yes >= 3 * s.all,
    ("HK.BMO.dissolve_MC", 1): lambda h, _, s: 5 * h.pres >= h.all and s.yes > s.no,
    ("HK.BMO.large_works", 1): lambda h, _, s: (
        tenth(h) and (20 * h.ip >= h.all or h.ip >= 100) and s.yes > s.no
    ),
    ("DE.WEG.25", 1): lambda h, _a, _s: h.yes > h.no,
    ("DE.WEG.20_1", 1): lambda h, _a, _s: h.yes > h.no,
    ("DE.WEG.21_2_1", 1): lambda h, _, s: h.yes > 2 * h.no and 2 * s.yes >= s.all,
    ("ES.LPH.17_1", 1): lambda h, _, s: both(lambda n: 3 * n.yes >= n.all, h, s),
    ("ES.LPH.17_1", 2): lambda h, _, s: both(lambda n: 3 * n.yes >= n.all, h, s),
    ("ES.LPH.17_2", 1): lambda h, _, s: both(lambda n: 2 * (n.yes + n.mute) > n.all, h, s),
    ("ES.LPH.17_2.energy", 1): lambda h, _, s: both(lambda n: 2 * (n.yes + n.mute) > n.all, h, s),
    ("ES.LPH.17_2.energy", 2): lambda h, _, s: both(lambda n: n.yes + n.mute > n.no, h, s),
    ("ES.LPH.17_3", 1): lambda h, _, s: both(lambda n: 5 * (n.yes + n.mute) >= 3 * n.all, h, s),
    ("ES.LPH.17_4", 1): lambda h, _, s: both(lambda n: 5 * (n.yes + n.mute) >= 3 * n.all, h, s),
    ("ES.LPH.17_6", 1): lambda h, _, s: both(lambda n: n.yes + n.mute == n.all, h, s),
    ("ES.LPH.17_7.first", 1): lambda h, _, s: both(
        lambda n: 2 * n.pres > n.all and 2 * n.yes > n.all, h, s
    ),
    ("ES.LPH.17_7.second", 1): lambda h, _, s: both(lambda n: 2 * n.yes > n.pres, h, s),
    ("FR.24", 1): lambda _h, _a, s: s.yes > s.no,
    ("FR.25", 1): lambda _h, _a, s: 2 * s.yes > s.all,
    ("FR.26", 1): lambda h, _, s: 2 * h.yes > h.all and 3 * s.yes >= 2 * s.all,
    ("IT.1136.first", 1): lambda h, _, s: (
        2 * h.pres > h.all and 3 * s.pres >= 2 * s.all and 2 * h.yes > h.pres and 2 * s.yes >= s.all
    ),
    ("IT.1136.second", 1): lambda h, _, s: (
        third(h, s) and 2 * h.yes > h.pres and 3 * s.yes >= s.all
    ),
    ("IT.1136.second.extraordinary", 1): lambda h, _, s: (
        third(h, s) and 2 * h.yes > h.pres and 2 * s.yes >= s.all
    ),
    ("IT.1136.innovation", 1): lambda h, _, s: (
        third(h, s) and 2 * h.yes > h.pres and 3 * s.yes >= 2 * s.all
    ),
    ("US-CA.5605", 1): lambda h, _a, _s: (
        2 * h.part > h.all and h.yes > h.no and 2 * h.yes > h.all // 2 + 1
    ),
    ("CA-BC.majority", 1): lambda _h, _a, s: 3 * s.pres >= s.all and s.yes > s.no,
    ("CA-BC.three_quarters", 1): lambda _h, _a, s: 3 * s.pres >= s.all and s.yes >= 3 * s.no,
    ("CA-BC.eighty", 1): lambda _h, _a, s: 5 * s.yes >= 4 * s.all,
    ("CA-BC.unanimous", 1): lambda _h, _a, s: s.yes == s.all,
    ("AU-NSW.special", 1): lambda h, _, s: quarter(h, s) and 4 * s.no <= s.cast,
    ("AU-NSW.sustainability", 1): lambda h, _, s: quarter(h, s) and 2 * s.no < s.cast,
    ("AU-NSW.accessibility", 1): lambda h, _, s: quarter(h, s) and 2 * s.no < s.cast,
    ("AU-NSW.unanimous", 1): lambda h, _, s: quarter(h, s) and s.no == 0,
    ("AU-NSW.ordinary", 1): lambda h, _, s: quarter(h, s) and h.yes > h.no,
    ("TW.31", 1): lambda h, _, s: both(
        lambda n: 3 * n.pres >= 2 * n.all and 4 * n.yes >= 3 * n.pres, h, s
    ),
    ("TW.32", 1): lambda h, _, s: (
        both(lambda n: 5 * n.pres >= n.all and 2 * n.yes > n.pres, h, s)
        and h.pres >= 3
        and not (2 * h.obj > h.all and 2 * s.obj > s.all)
    ),
    ("SG.BMSMA.ordinary", 1): lambda _h, _a, s: 10 * s.pres >= 3 * s.all and s.yes > s.no,
    ("SG.BMSMA.special", 1): lambda _h, _a, s: 10 * s.pres >= 3 * s.all and s.yes >= 3 * s.no,
}
BRIDGES: dict[str, Sentence] = {
    "FR.25": lambda _h, _a, s: 3 * s.yes >= s.all,
    "FR.26": lambda h, _, s: 2 * h.yes >= h.pres and 3 * s.yes >= s.all,
}
EVERY_RULE = pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.id}-{rule.version}")


def adopted(rule: Rule, count: Count) -> bool:
    """By the sentence of the rule; nobody to vote, or nobody who voted, adopts nothing."""
    h, a, s = (count.at(place) for place in range(3))
    return h.all > 0 and h.cast > 0 and SENTENCES[rule.id, rule.version](h, a, s)


def compare(rule: Rule, owners: Sequence[Owner], count: Count, vote: Facts) -> None:
    due = adopted(rule, count)
    found = judged(rule, vote)
    assert found.verdict == ("PASS" if due else "FAIL"), owners
    if rule.id in BRIDGES:
        bridge = BRIDGES[rule.id](*(count.at(place) for place in range(3)))
        assert found.bridge is (not due and bridge), owners


def small() -> Iterator[tuple[Owner, ...]]:
    """Every electorate of up to three owners of equal weight, whatever they do."""
    for size in range(1, 4):
        for states in combinations_with_replacement(STATES, size):
            yield tuple(Owner(state) for state in states)


def at_the_bars() -> Iterator[tuple[Owner, ...]]:
    """Attendance of exactly a half, a third … a twentieth, and of one owner more or less."""
    weights = ((1, 1), (1, 2), (3, 1), (4, 1))
    for yes, no, watching in product(range(1, 4), range(2), range(2)):
        present = yes + no + watching
        for parts, off, (here, away) in product((2, 3, 4, 5, 10, 20), (-1, 0, 1), weights):
            yield (
                *[Owner("yes", share=here)] * yes,
                *[Owner("no", share=here)] * no,
                *[Owner("watching", share=here)] * watching,
                *[Owner("away", share=away)] * (present * (parts - 1) + off),
            )


Case = tuple[tuple[Owner, ...], Count, Facts]


@cache
def cases() -> tuple[Case, ...]:
    """What is counted once for all rules."""
    counted = [(owners, Count(owners)) for owners in (*small(), *at_the_bars()) if owners]
    return tuple((owners, count, count.facts()) for owners, count in counted)


OWNER = st.builds(
    Owner,
    state=st.sampled_from((*STATES, "yes", "yes", "yes", "no")),
    area=st.sampled_from((1, 1, 1, 2, 3, 50)),
    share=st.sampled_from((1, 1, 1, 2, 3, 50)),
    in_person=st.booleans(),
    objects=st.booleans(),
)


def test_every_rule_has_its_sentence_and_every_sentence_its_rule() -> None:
    assert SENTENCES.keys() == {(rule.id, rule.version) for rule in RULES}


@EVERY_RULE
def test_all_small_electorates_and_those_at_the_bars(rule: Rule) -> None:
    for case in cases():
        compare(rule, *case)


@EVERY_RULE
@settings(max_examples=examples(60))
@given(owners=st.lists(OWNER, min_size=1, max_size=24))
def test_random_electorates(rule: Rule, owners: list[Owner]) -> None:
    count = Count(owners)
    compare(rule, owners, count, count.facts())


@settings(max_examples=examples(60))
@given(owners=st.lists(OWNER, min_size=1, max_size=24))
def test_silence_that_follows_the_majority_is_that_of_who_returned_nothing(
    owners: list[Owner],
) -> None:
    """Each silent owner goes to the side that leads in heads and in area; nobody else does."""
    rule = configured(rule_named("CN.278.major"), {"silence": "follow_majority"})
    count = Count(owners)
    h, a, s = (count.at(place) for place in range(3))
    side = ""
    if both(lambda n: n.yes > n.no, h, a):
        side = "yes"
    elif both(lambda n: n.no > n.yes, h, a):
        side = "no"
    moved = [
        Owner(side, each.area, each.share)
        if side and each.state in ("silent", "away", "watching")
        else each
        for each in owners
    ]
    after = Count(moved)
    enough = both(lambda n: 3 * n.part >= 2 * n.all, h, a)
    agreed = both(lambda n: 4 * n.yes >= 3 * n.part, *(after.at(place) for place in range(2)))
    due = h.all > 0 and h.cast > 0 and enough and agreed
    assert judged(rule, count.facts()).verdict == ("PASS" if due else "FAIL"), (owners, s)
