"""The frozen roll of a vote: from the estate's units to entries with weights, in bounded memory.

A roll of 200,000 units is read and written in pieces; a piece holds whole heads, so that the rule
that merges units (`rules.voting.head_groups`) sees all units of the same owners at once.
"""

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import BallotBox, OwnerReplacement, RollEntry, RollUnit, Unit
from models.values.decisions.rules import Cap
from models.values.voting import HeadGroup, MotionScope, VotingPack
from models.values.voting import RollUnit as UnitOnRoll
from proof.ballots import pseudonym_of, roll_line
from rules import voting as law
from rules.ballots.scopes import ESTATE
from rules.voting.live.weighing import CutShares, HeldShares, cut_shares
from runtime.database import insert_many

OwnedUnits = Select[*tuple[Any, ...]]
PIECE = 5_000
"""Units that are held in memory at once, beside those of the head that a piece ends with."""


@dataclass(frozen=True)
class FrozenRoll:
    """What the roll of a box holds, as the announcement says it."""

    entries: int
    voters: int
    units: int
    cuts: tuple[CutShares, ...] = ()
    """Whose shares a cap of the law has cut."""


class _EstateUnit(NamedTuple):
    counted: UnitOnRoll
    shares: int | None


async def freeze_roll(
    session: AsyncSession,
    box: BallotBox,
    estate_id: str,
    pack: VotingPack,
    scope: MotionScope = ESTATE,
    caps: Sequence[Cap] = (),
) -> FrozenRoll:
    """Write the roll of a box from the units of its scope as they are now (V-CN-1…3, 11).

    A unit that was sold since the first vote of the case is its buyer's (rules 1.4.1).

    Heads are made and areas are summed within the scope: who has flats in two stairwells is one
    head in each. What `caps` leave of somebody's shares is the weight in this vote.
    """
    owned = _owned(box.renovation_id, estate_id, scope)
    cuts: tuple[CutShares, ...] = ()
    if caps:
        cuts = cut_shares(caps, [each async for each in _held(session, owned, pack)])
    left = {cut.entry_id: cut.after for cut in cuts}
    entries = voters = units = 0
    async for piece in _pieces(session, owned):
        groups = law.head_groups((unit.counted for unit in piece), pack)
        shares = {unit.counted.number: unit.shares for unit in piece}
        rows = [_entry(box.id, box.roll_salt, group, shares) for group in groups]
        for row in rows:
            row["shares"] = left.get(row["entry_id"], row["shares"])
        await insert_many(session, RollEntry, rows)
        await insert_many(session, RollUnit, _units(box.id, groups))
        entries += len(groups)
        voters += sum(group.heads for group in groups if group.excluded_reason is None)
        units += len(piece)
    return FrozenRoll(entries=entries, voters=voters, units=units, cuts=cuts)


async def _held(
    session: AsyncSession, owned: OwnedUnits, pack: VotingPack
) -> AsyncIterator[HeldShares]:
    """The shares of every entry that may vote; none of one whose shares are not known."""
    async for piece in _pieces(session, owned):
        shares = {unit.counted.number: unit.shares for unit in piece}
        for group in law.head_groups((unit.counted for unit in piece), pack):
            known = _shares_of(group, shares)
            if group.excluded_reason is None and known is not None:
                yield HeldShares(entry_id=group.entry_id, shares=known, developer=group.developer)


async def hash_of_roll(session: AsyncSession, box_id: str) -> str:
    """SHA-256 over the roll as it is published: a line of canonical JSON per entry, by pseudonym."""
    columns = RollEntry.__table__.c
    rows = await session.stream(
        select(
            columns.pseudonym,
            columns.heads,
            columns.area_dm2,
            columns.shares,
            columns.developer,
            columns.excluded_reason,
        )
        .where(columns.box_id == box_id)
        .order_by(columns.pseudonym)
        .execution_options(yield_per=PIECE)
    )
    digest = hashlib.sha256()
    async for row in rows.mappings():
        digest.update(roll_line(**row))
    return digest.hexdigest()


def _owned(renovation_id: str, estate_id: str, scope: MotionScope) -> OwnedUnits:
    """The units of an estate or of a part of it with their owners of today, those of one head together."""
    sold = (
        select(OwnerReplacement.unit_number, OwnerReplacement.buyer_key)
        .where(OwnerReplacement.renovation_id == renovation_id)
        .ext(distinct_on(OwnerReplacement.unit_number))
        .order_by(OwnerReplacement.unit_number, OwnerReplacement.generation.desc())
        .subquery()
    )
    owner = func.coalesce(sold.c.buyer_key, Unit.owner_key).label("owner_key")
    developer = (Unit.developer & sold.c.buyer_key.is_(None)).label("developer")
    part = [Unit.building == scope.building] if scope.building else []
    part += [Unit.entrance == scope.entrance] if scope.entrance else []
    return (
        select(
            Unit.number,
            Unit.area_dm2,
            owner,
            developer,
            Unit.kind.label("unit_kind"),
            Unit.excluded_reason,
            Unit.shares,
        )
        .outerjoin(sold, sold.c.unit_number == Unit.number)
        .where(Unit.estate_id == estate_id, *part)
        .order_by(developer, owner, Unit.number)
        .execution_options(yield_per=PIECE)
    )


async def _pieces(session: AsyncSession, owned: OwnedUnits) -> AsyncIterator[list[_EstateUnit]]:
    """What `_owned` finds, all units of one head always in the same piece."""
    rows = await session.stream(owned)
    piece: list[_EstateUnit] = []
    async for row in rows:
        counted = UnitOnRoll.model_validate(
            {
                "number": row.number,
                "area_dm2": row.area_dm2,
                "owner_key": row.owner_key,
                "developer": row.developer,
                "kind": row.unit_kind,
                "excluded_reason": row.excluded_reason,
            }
        )
        if len(piece) >= PIECE and not _same_head(piece[-1].counted, counted):
            yield piece
            piece = []
        piece.append(_EstateUnit(counted, row.shares))
    if piece:
        yield piece


def _same_head(one: UnitOnRoll, other: UnitOnRoll) -> bool:
    return (one.developer and other.developer) or one.owner_key == other.owner_key


def _entry(
    box_id: str, salt: bytes, group: HeadGroup, shares: Mapping[str, int | None]
) -> dict[str, Any]:
    return {
        "box_id": box_id,
        "entry_id": group.entry_id,
        "heads": group.heads,
        "area_dm2": group.area_dm2,
        "units": list(group.units),
        "developer": group.developer,
        "excluded_reason": group.excluded_reason,
        "pseudonym": pseudonym_of(salt, group.entry_id),
        "shares": _shares_of(group, shares),
    }


def _shares_of(group: HeadGroup, shares: Mapping[str, int | None]) -> int | None:
    parts = [shares[number] for number in group.units]
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def _units(box_id: str, groups: Sequence[HeadGroup]) -> list[dict[str, Any]]:
    return [
        {"box_id": box_id, "unit_number": number, "entry_id": group.entry_id}
        for group in groups
        for number in group.units
    ]
