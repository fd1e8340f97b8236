"""The count of a motion in a few lines: what the product counts in SQL is compared with it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from models.values.voting import Choice, HeadGroup, Tally


def tally_of(groups: Iterable[HeadGroup], choices: Mapping[str, Choice]) -> Tally:
    """Count one motion: `choices` holds the effective choice of each entry that returned a ballot.

    Entries that are excluded do not count, whatever they say; silence is not participation.
    """
    heads: dict[Choice | None, int] = defaultdict(int)
    area: dict[Choice | None, int] = defaultdict(int)
    for group in groups:
        if group.excluded_reason is None:
            choice = choices.get(group.entry_id)
            heads[choice] += group.heads
            area[choice] += group.area_dm2
    return Tally(
        roll_heads=sum(heads.values()),
        roll_area_dm2=sum(area.values()),
        participating_heads=sum(heads[choice] for choice in Choice),
        participating_area_dm2=sum(area[choice] for choice in Choice),
        yes_heads=heads[Choice.YES],
        yes_area_dm2=area[Choice.YES],
        no_heads=heads[Choice.NO],
        no_area_dm2=area[Choice.NO],
        abstain_heads=heads[Choice.ABSTAIN],
        abstain_area_dm2=area[Choice.ABSTAIN],
    )
