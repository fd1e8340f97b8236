"""Roll entries that have cast ballots of which none counts as things stand: contested, or set aside."""

from collections import defaultdict
from typing import cast

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Ballot, BallotRuling
from models.values.channels import RulingKind
from models.values.voting import Channel
from rules.ballots.states import BallotReference, RulingReference, states_of


async def uncounted_entries(session: AsyncSession, box_id: str) -> list[str]:
    """They have not taken part until somebody rules, or they vote again."""
    other_ways = select(Ballot.entry_id).where(
        Ballot.box_id == box_id, Ballot.channel.not_in(("web", "portal"))
    )
    ruled = select(BallotRuling.entry_id).where(BallotRuling.box_id == box_id)
    rows = await session.execute(
        select(Ballot.entry_id, Ballot.seq, Ballot.id, Ballot.channel)
        .where(Ballot.box_id == box_id, Ballot.entry_id.in_(other_ways.union(ruled)))
        .order_by(Ballot.entry_id, Ballot.seq)
    )
    ballots: dict[str, list[BallotReference]] = defaultdict(list)
    for entry_id, seq, ballot_id, channel in rows:
        ballots[entry_id].append(BallotReference(seq, ballot_id, cast("Channel", channel)))
    rulings: dict[str, list[RulingReference]] = defaultdict(list)
    for row in await session.scalars(
        select(BallotRuling).where(BallotRuling.box_id == box_id).order_by(BallotRuling.number)
    ):
        ruling = RulingReference(cast("RulingKind", row.kind), row.ballot_id, row.up_to_seq)
        rulings[row.entry_id].append(ruling)
    return [
        entry_id
        for entry_id, theirs in ballots.items()
        if "counted" not in states_of(theirs, rulings[entry_id]).values()
    ]
