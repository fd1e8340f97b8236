"""Who has lost a contract of a renovation by an own fault: that firm does not bid for what is left."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Contract, Termination
from models.values.refusal import refusal
from rules.termination import AT_FAULT


async def refuse_defaulter(session: AsyncSession, renovation_id: str, bidder_id: str) -> None:
    """A firm whose contract was terminated for its default does not get the rest [D, E36].

    Raises:
        Refused: `bidding.contractor_defaulted`.
    """
    found = await session.scalar(
        select(Contract.id)
        .join(Termination, Termination.contract_id == Contract.id)
        .where(
            Contract.renovation_id == renovation_id,
            Contract.bidder_id == bidder_id,
            Termination.ground.in_(AT_FAULT),
        )
        .limit(1)
    )
    if found is not None:
        raise refusal("bidding.contractor_defaulted", bidder=bidder_id, contract=found)
