"""Ballots that a city's own portal hands in for its citizens' units."""

from sqlalchemy.ext.asyncio import AsyncConnection

from proof.canonical import framed
from service.ballots.receipts import IssuedReceipt
from service.bodies import CastBallot
from service.http.credentials import keyed_hash
from service.parts import Parts
from service.programs.used import use_up
from service.programs.visits import Visit

_COMMAND = b"gongjian/portal/command"


async def cast_by_portal(
    parts: Parts, visit: Visit, ballot: CastBallot
) -> tuple[IssuedReceipt, bool]:
    """Cast a ballot that a portal vouches for; returns the receipt and whether the ballot is new.

    It is of the electronic route: it and the unit's own ballot on the web replace each other. The
    command id is hashed with the portal's id, so that it cannot equal a voter's or another portal's.
    Who sends the same ballot again signs another assertion and keeps the command id.

    Raises:
        Refused: `assertion.other_case`, `assertion.used`, `credential.other_unit`,
            `credential.replaced`; what the intake refuses.
    """
    visit.assertion.must_be_for(visit.renovation_id, ballot.unit_number)

    async def work(connection: AsyncConnection) -> int:
        return await use_up(connection, visit.assertion)

    version = await parts.database.statement(work)
    named = framed(_COMMAND, visit.portal.id.encode(), ballot.command_id.encode())
    name = f"portal.{keyed_hash(parts.settings.receipt_key, named).hex()[:40]}"
    return await parts.intake.cast(
        visit.renovation_id, ballot.model_copy(update={"command_id": name}), "portal", version
    )
