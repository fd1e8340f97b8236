"""The weights of a vote, and what is counted beside its ballots: who attended, was silent, objected."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from models.values.decisions.rules import Rule


class Weight(NamedTuple):
    """What ballots, or owners, weigh together; `shares` is 0 where the roll does not know them all."""

    heads: int = 0
    area_dm2: int = 0
    shares: int = 0

    def plus(self, other: "Weight") -> "Weight":
        """Both together."""
        return Weight(*(one + more for one, more in zip(self, other, strict=True)))

    def less(self, other: "Weight") -> "Weight":
        """This without the other."""
        return Weight(*(one - part for one, part in zip(self, other, strict=True)))


class Beside(NamedTuple):
    """What was counted beside the ballots; None is "not counted yet", or not asked for.

    `present` came themselves, by an agent, by post or online (rule book 1.1): whoever handed in a
    ballot, valid or not, and whoever the attendance list names. `absent` are all others; those of
    them who did not object in time are `silent`. `objections` are those of the time after the vote.
    """

    present: Weight | None = None
    absent: Weight | None = None
    silent: Weight | None = None
    objections: Weight | None = None

    def at_the_close(self) -> "Beside":
        """As it is known when a vote closes: nobody has objected, and no silence counts yet."""
        return self._replace(silent=None, objections=None)


NOTHING_BESIDE = Beside()


def said_beside(rule: Rule, beside: Beside) -> Mapping[str, Weight]:
    """What of it the rule looks at, by its name in a tally."""
    looked_at = {
        "present": asks_for_attendance(rule),
        "silent": rule.silence.kind == "deemed_yes",
        "objections": rule.veto is not None,
    }
    return {
        name: weight
        for name, weight in beside._asdict().items()
        if weight is not None and looked_at.get(name)
    }


def counts_beside(rules: Iterable[Rule]) -> bool:
    """Whether one of the rules looks at anything beside the ballots."""
    return any(
        asks_for_attendance(rule) or rule.silence.kind == "deemed_yes" or rule.veto is not None
        for rule in rules
    )


def asks_for_attendance(rule: Rule) -> bool:
    """Whether a test of the rule, or of a second vote that it opens, counts who attended."""
    conditions = [*rule.quorum, *rule.approve, *rule.reject_cap]
    conditions += (each for follow_up in rule.follow_ups for each in follow_up.conditions)
    return any("present" in (condition.value, condition.of) for condition in conditions)
