"""Who acts for a firm, and which firm may not bid: asked where it is confirmed, bids, and is judged."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Contract, Firm, FirmPerson, RoleGrant, Termination
from models.values.actor import FIRM, Actor, Role
from models.values.refusal import refusal
from rules.bidding import RELATED
from rules.granting import check_not_own
from rules.termination import AT_FAULT
from runtime.record.grants import in_force


async def people_of(session: AsyncSession, firm_id: str) -> set[str]:
    """The ids of those who act for a firm, or have acted."""
    query = select(FirmPerson.person_id).where(FirmPerson.firm_id == firm_id)
    return set(await session.scalars(query))


async def acts_for(session: AsyncSession, actor: Actor, party: str) -> bool:
    """Whether an actor is this bidder or contractor, or acts for it, or has acted."""
    return party in {actor.id, actor.on_behalf_of} or (
        party.startswith(FIRM) and actor.id in await people_of(session, party)
    )


async def contractor_as(session: AsyncSession, actor: Actor, contractor_id: str) -> str:
    """The contractor's id, and an actor's own where they act for it: nobody judges the own firm's work."""
    return actor.id if await acts_for(session, actor, contractor_id) else contractor_id


async def confirm_firm(session: AsyncSession, firm_id: str, sender_id: str, now: datetime) -> None:
    """What else has to be so before a role of a firm begins; the first one makes its code its own.

    Raises:
        Refused: `firm.own` for whoever acts for it, `firm.code_taken` where another firm with the same
            code is confirmed.
    """
    firm = await session.get(Firm, firm_id, with_for_update=True)
    if firm is None:
        return
    check_not_own(await people_of(session, firm_id), sender_id)
    if firm.confirmed_at is not None:
        return
    other = await session.scalar(
        select(Firm.id).where(Firm.code == firm.code, Firm.confirmed_at.is_not(None))
    )
    if other is not None:
        raise refusal("firm.code_taken", where="code", code=firm.code, firm=other)
    firm.confirmed_at = now


async def refuse_related(
    session: AsyncSession, renovation_id: str, place_path: str, party: str
) -> None:
    """A firm does not bid where somebody of it convenes, supervises, evaluates or governs.

    Raises:
        Refused: `bidding.related`.
    """
    people = {party, *(await people_of(session, party))}
    role = await session.scalar(
        select(RoleGrant.role)
        .where(
            RoleGrant.actor_id.in_(people),
            RoleGrant.role.in_(RELATED),
            RoleGrant.place_id.in_(place_path.split("/")),
            or_(RoleGrant.only_case.is_(None), RoleGrant.only_case == renovation_id),
            *in_force(),
        )
        .order_by(RoleGrant.role)
        .limit(1)
    )
    if role is not None:
        raise refusal("bidding.related", role=role)


async def not_registered(
    session: AsyncSession, place_path: str, bidder_ids: Iterable[str]
) -> frozenset[str]:
    """The firms among these bidders that are not (any more) confirmed as contractors for the place.

    The cast of a told case, and of a case that was opened before firms registered, are no firms.
    """
    firms = frozenset(each for each in bidder_ids if each.startswith(FIRM))
    held = select(RoleGrant.actor_id).where(
        RoleGrant.actor_id.in_(firms),
        RoleGrant.role == Role.CONTRACTOR,
        RoleGrant.place_id.in_(place_path.split("/")),
        *in_force(),
    )
    return firms.difference(await session.scalars(held)) if firms else firms


async def refuse_unconfirmed(
    session: AsyncSession, renovation_id: str, place_path: str, firm_id: str
) -> None:
    """A firm that nobody has confirmed for the place, or no more, gets no award and no contract.

    Raises:
        Refused: `bidding.not_confirmed`, `bidding.related`.
    """
    if not firm_id.startswith(FIRM):
        return
    if await not_registered(session, place_path, [firm_id]):
        raise refusal("bidding.not_confirmed", where="bidder_id", firm=firm_id)
    await refuse_related(session, renovation_id, place_path, firm_id)


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
