"""The register of mandates of a vote, as those who keep it read it."""

from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import BallotBox, Mandate, MandateRevocation, RollEntry
from models.values.base import Carried
from rules.ballots.mandates import Mandated
from runtime.ballots.mandates import AGENTS, VOTED

REGISTER = text(f"""
SELECT m.id, m.entry_id, m.agent_id, m.motions, m.valid_from, m.valid_until,
       r.mandate_id IS NOT NULL AS revoked, {VOTED} AS voted
FROM mandate m LEFT JOIN mandate_revocation r ON r.mandate_id = m.id
WHERE m.box_id = :box
  AND (CAST(:mandate AS text) IS NULL OR m.id = :mandate)
  AND (CAST(:agent AS text) IS NULL OR m.agent_id = :agent OR m.entry_id = :entry)
ORDER BY m.registered_at, m.id
""")  # noqa: S608 - our own text


class MandateView(Carried):
    """One line of the register; the agent's name is not in it, nor what was instructed."""

    id: str
    unit_numbers: tuple[str, ...]
    agent_id: str
    motions: tuple[str, ...]
    bound_on: tuple[str, ...]
    document: str
    valid_from: datetime
    valid_until: datetime
    registered_by: str
    registered_at: datetime
    revoked_at: datetime | None
    reason: str | None
    voted: bool


async def list_register(session: AsyncSession, box: BallotBox) -> tuple[MandateView, ...]:
    """The register of a vote, with its history."""
    voted = {each.id: each.voted for each in await load_register(session, box)}
    rows = await session.execute(
        select(Mandate, MandateRevocation, RollEntry.units)
        .join(
            RollEntry,
            (RollEntry.box_id == Mandate.box_id) & (RollEntry.entry_id == Mandate.entry_id),
        )
        .outerjoin(MandateRevocation, MandateRevocation.mandate_id == Mandate.id)
        .where(Mandate.box_id == box.id)
        .order_by(Mandate.registered_at, Mandate.id)
    )
    return tuple(
        MandateView(
            id=row.id,
            unit_numbers=tuple(units),
            agent_id=row.agent_id,
            motions=tuple(row.motions),
            bound_on=tuple(sorted(row.instructions)),
            document=row.document,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            registered_by=row.registered_by,
            registered_at=row.registered_at,
            revoked_at=revocation.revoked_at if revocation is not None else None,
            reason=revocation.reason if revocation is not None else None,
            voted=voted[row.id],
        )
        for row, revocation, units in rows
    )


async def load_register(
    session: AsyncSession,
    box: BallotBox,
    *,
    mandate_id: str | None = None,
    new: Mandated | None = None,
) -> list[Mandated]:
    """Mandates of a vote: all, the one of `mandate_id`, or those of the agent or owner of `new`."""
    query = {
        "box": box.id,
        "agents": AGENTS,
        "mandate": mandate_id,
        "agent": new.agent_id if new is not None else None,
        "entry": new.entry_id if new is not None else None,
    }
    rows = await session.execute(REGISTER, query)
    # The columns stand in the order of the fields.
    return [Mandated._make(row)._replace(motions=tuple(row.motions)) for row in rows]
