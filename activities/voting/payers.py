"""Who voted how on the motions whose cost only some of the owners pay; nobody else reads it."""

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.voting.scopes import standings
from models.tables import BallotBox, RollEntry, RollUnit, VoteObjection
from rules.voting.live.follow_ups import Standing
from rules.voting.live.payers import WhoPays
from runtime.ballots.counting import read_ballots
from runtime.database import driver_connection

Stands = dict[str, dict[str, set[str]]]
"""Motion id, then what a ballot says to it, then the roll entries that said so."""


async def load_payers(session: AsyncSession, boxes: Sequence[BallotBox]) -> dict[str, WhoPays]:
    """Who pays for each motion that was passed with such a result; `boxes` are counted, the oldest first."""
    found: dict[str, WhoPays] = {}
    for box in boxes:
        results = standings(box)
        found = {name: who for name, who in found.items() if name not in results}
        split = {
            name: each
            for name, each in results.items()
            if each.outcome == "passed" and each.payers in ("yes_voters", "all_but_dissenters")
        }
        if split and box.opened_key is not None:
            found |= await _of_box(session, box.id, box.opened_key, split)
    return found


async def _of_box(
    session: AsyncSession, box_id: str, key: bytes, motions: Mapping[str, Standing]
) -> dict[str, WhoPays]:
    stands: Stands = {name: {} for name in motions}
    async for ballots in read_ballots(await driver_connection(session), box_id, key):
        for ballot in ballots:
            if ballot.state == "counted" and ballot.choices is not None:
                for name, said in json.loads(ballot.choices).items():
                    if name in stands and isinstance(said, str):
                        stands[name].setdefault(said, set()).add(ballot.entry_id)
    rows = await session.execute(
        select(RollUnit.unit_number, RollUnit.entry_id).where(RollUnit.box_id == box_id)
    )
    units: dict[str, set[str]] = {}
    for unit, entry in rows:
        units.setdefault(entry, set()).add(unit)
    # Who has no vote has none to dissent with: the count leaves them out too.
    query = (
        select(VoteObjection.entry_id)
        .join(
            RollEntry,
            (RollEntry.box_id == VoteObjection.box_id)
            & (RollEntry.entry_id == VoteObjection.entry_id),
        )
        .where(VoteObjection.box_id == box_id, RollEntry.excluded_reason.is_(None))
    )
    objected = set(await session.scalars(query))
    return {name: _who(each, stands[name], objected, units) for name, each in motions.items()}


def _who(
    result: Standing,
    said: Mapping[str, set[str]],
    objected: set[str],
    units: Mapping[str, set[str]],
) -> WhoPays:
    """Of several options, who chose the winner is for it, and who chose another one is against it."""
    word = result.winner or "yes"

    def of(entries: set[str]) -> frozenset[str]:
        return frozenset(unit for entry in entries for unit in units.get(entry, ()))

    if result.payers == "yes_voters":
        return WhoPays(only=of(said.get(word, set())))
    other = set(said) - {word, "abstain", "invalid"}
    against = set().union(objected, *(said[each] for each in other))
    return WhoPays(free=of(against))
