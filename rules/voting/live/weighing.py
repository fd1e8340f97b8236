"""The weights of a roll under the caps of the law: applied before the vote, so that every count is of them.

France: an owner of more than half has as many voices as all others together (art. 22). Taiwan: what is
beyond one fifth of all is not counted (art. 27). New South Wales: an original owner's votes are cut.
What a cap leaves of a weight is a whole number: its fraction is ignored [M].
"""

from collections.abc import Iterable, Sequence
from math import floor

from models.values.base import Carried
from models.values.decisions.rules import Cap, Rule
from rules.voting.caps import FEWEST_HOLDERS, apply_cap
from rules.voting.registry import cap_named


class HeldShares(Carried):
    """The shares of one entry of the roll that may vote."""

    entry_id: str
    shares: int
    developer: bool = False


class CutShares(Carried):
    """What a cap left of the shares of one entry."""

    entry_id: str
    before: int
    after: int
    cap: str
    article: str


def caps_on_shares(rules: Iterable[Rule]) -> tuple[Cap, ...]:
    """The caps of some rules that cut weights; those on mandates are asked when one is registered."""
    names = dict.fromkeys(name for rule in rules for name in rule.caps)
    caps = (cap_named(name) for name in names)
    return tuple(cap for cap in caps if cap is not None and cap.kind != "proxies")


def cut_shares(caps: Iterable[Cap], roll: Sequence[HeldShares]) -> tuple[CutShares, ...]:
    """Whose shares the caps cut, and to what, in the order of the roll.

    The entries of the developer, who is the original owner, are one holder.
    """
    found: list[CutShares] = []
    held = list(roll)
    for cap in caps:
        cuts = _cuts(cap, held)
        after = {cut.entry_id: cut.after for cut in cuts}
        held = [
            each.model_copy(update={"shares": after.get(each.entry_id, each.shares)})
            for each in held
        ]
        found += cuts
    return tuple(found)


def _cuts(cap: Cap, held: Sequence[HeldShares]) -> list[CutShares]:
    developers = [each for each in held if each.developer]
    others = [each for each in held if not each.developer]
    groups = [[each] for each in others]
    if developers:
        groups.insert(0, developers)
    if len(groups) < FEWEST_HOLDERS or (cap.kind == "original_owner" and not developers):
        return []
    weights = [sum(each.shares for each in group) for group in groups]
    owner = 0 if cap.kind == "original_owner" else None
    result = apply_cap(cap, weights, original_owner=owner, lots=len(held))
    return [
        CutShares(
            entry_id=each.entry_id,
            before=each.shares,
            after=floor(each.shares * result.weights[place] / weights[place]),
            cap=cap.id,
            article=cap.article,
        )
        for place in result.cut
        for each in groups[place]
    ]
