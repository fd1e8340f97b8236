"""Replacing an owner on a frozen roll: who may vote for the unit now.

Rules 1.4.1: the roll is frozen at notice time; of a unit that is sold before the close the buyer
replaces the seller, logged. The weights are those of the freeze.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from models.values.refusal import Refused, refusal
from models.values.replacement import Replacement, Sale
from models.values.voting import HeadGroup


def replace_owner(
    entries: Iterable[HeadGroup],
    owners: Mapping[str, str],
    earlier: Sequence[Replacement],
    sale: Sale,
    *,
    frozen_on: date,
    closes_on: date,
    votes: bool = True,
) -> Replacement:
    """The replacement that a sale makes; nothing on the frozen roll itself changes.

    `owners` is unit number to stored owner key at the freeze; `earlier` are the replacements so far
    in their order. `closes_on` is the last day on which it may have been registered. After the vote (not
    `votes`) what is owed goes with the title, and no vote with it (E18).

    Raises:
        Refused: `roll.unit_not_on_roll`; `roll.sale_not_between` for one that the frozen roll should
            have held already, or that came after the close; `roll.not_the_owner`; `roll.same_owner`;
            `roll.entry_excluded`, since who has no vote has none to hand on.
    """
    entry = next((each for each in entries if sale.unit_number in each.units), None)
    if entry is None:
        raise _refused("roll.unit_not_on_roll", sale)
    if not frozen_on <= sale.registered_on <= closes_on:
        raise _refused(
            "roll.sale_not_between",
            sale,
            on=sale.registered_on.isoformat(),
            first=frozen_on.isoformat(),
            last=closes_on.isoformat(),
        )
    before = [each for each in earlier if each.unit_number == sale.unit_number]
    owner = before[-1].buyer_key if before else owners[sale.unit_number]
    if sale.seller_key != owner:
        raise _refused("roll.not_the_owner", sale)
    if sale.buyer_key == owner:
        raise _refused("roll.same_owner", sale)
    if votes and entry.excluded_reason is not None:
        raise _refused("roll.entry_excluded", sale, reason=entry.excluded_reason)
    return Replacement(
        entry_id=entry.entry_id,
        unit_number=sale.unit_number,
        generation=len(before) + 1,
        shared=len(entry.units) > 1,
        buyer_key=sale.buyer_key,
        registered_on=sale.registered_on,
        evidence=sale.evidence,
    )


def _refused(code: str, sale: Sale, **params: str | int) -> Refused:
    where = f"unit {sale.unit_number}"
    return refusal(code, where=where, unit=sale.unit_number, **params)
