"""Who pays for what a motion decided, where the law makes that a second result of the same vote.

Germany: without two thirds of the votes and half of all shares only who said yes pays (WEG s. 21).
Spain: above a bound who was against it is free (LPH art. 17.4).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from models.values.cost_sharing import CostItem, PayerSet, ShareUnit
from models.values.scheme import SchemeContent
from models.values.voting import UnitKind
from rules import cost_sharing


class WhoPays(NamedTuple):
    """The units that alone pay (None: all), and those that are free in any case."""

    only: frozenset[str] | None = None
    free: frozenset[str] = frozenset()

    def pays(self, unit: str) -> bool:
        """Whether this unit pays."""
        return unit not in self.free and (self.only is None or unit in self.only)


def with_payers(
    content: SchemeContent,
    payers: Mapping[str, WhoPays],
    units: Sequence[ShareUnit],
    counted: Sequence[UnitKind],
) -> SchemeContent:
    """The scheme with the items of those motions paid by a list: of the units that would pay, who must.

    An item without a motion belongs to the scheme as a whole, which is one motion where there is only
    one. `units` are those of the estate, `counted` the kinds that pay by themselves.
    """
    alone = content.motions[0].id if len(content.motions) == 1 else ""
    items = tuple(
        _item(item, payers[item.motion or alone], units, counted)
        if (item.motion or alone) in payers
        else item
        for item in content.items
    )
    return content.model_copy(update={"items": items})


def _item(
    item: CostItem, who: WhoPays, units: Iterable[ShareUnit], counted: Sequence[UnitKind]
) -> CostItem:
    paying = cost_sharing.payers(item, units, counted)
    numbers = tuple(unit.number for unit in paying if who.pays(unit.number))
    return item.model_copy(update={"payers": PayerSet(scope="listed", units=numbers)})
