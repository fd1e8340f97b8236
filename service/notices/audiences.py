"""Whom a notice concerns: looked up when it is sent, so that a reminder finds who is silent then."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import (
    Award,
    BallotBox,
    Bid,
    Contact,
    Contract,
    FirmPerson,
    Notice,
    Place,
    Renovation,
    RoleGrant,
    RollUnit,
    SuggestionSupport,
    Tender,
    Ticket,
    Unit,
    WorkItem,
)
from models.values.actor import Role
from models.values.states import TenderState
from runtime.ballots.standing import not_taken_part

ROLES_OF: Mapping[str, tuple[Role, ...]] = {
    "committee": (Role.OWNERS_COMMITTEE,),
    "supervisor": (Role.SUPERVISOR, Role.CHIEF_SUPERVISOR),
    "supervision": (Role.STREET_OFFICE, Role.DISTRICT_BUREAU),
    "level_grid": (Role.GRID_WORKER,),
    "level_community": (Role.RESIDENTS_COMMITTEE,),
    "level_street": (Role.STREET_OFFICE,),
    "level_district": (Role.DISTRICT_BUREAU,),
    "level_city": (Role.DISTRICT_BUREAU,),
}
"""Audiences that are called otherwise than a role. Above the district the project knows nobody."""


class Concerned(NamedTuple):
    """One of whom a notice concerns: a household, or somebody who acts."""

    unit_number: str | None = None
    actor_id: str | None = None


async def find_audience(
    session: AsyncSession, renovation: Renovation, notice: Notice
) -> tuple[Concerned, ...]:
    """Everybody a notice concerns now, each once; nobody where the record names nobody."""
    if notice.audience in ("all_owners", "owners", "owner", "resident"):
        units = await _units(session, renovation, notice)
    elif notice.audience == "non_voters":
        units = await not_taken_part(session, str(notice.params["box"]))
    elif notice.audience in ("non_payers", "units"):
        named = notice.params.get("only")
        units = [str(each) for each in named] if isinstance(named, list) else ()
    elif notice.audience in ("suggestion", "suggestion_authors"):
        authors = notice.audience == "suggestion_authors"
        units = await _behind(session, str(notice.params["suggestion"]), authors=authors)
    elif notice.audience == "complainant":
        units = await _complainant(session, str(notice.params["ticket"]))
    else:
        actors = await _actors(session, renovation, notice)
        return tuple(Concerned(actor_id=each) for each in await people_of(session, actors))
    return tuple(Concerned(unit_number=each) for each in units)


async def load_titles(session: AsyncSession, renovation_id: str) -> dict[str, str]:
    """The titles of the works of a case, by the ids that notices call them by."""
    rows = await session.execute(
        select(WorkItem.id, WorkItem.title).where(WorkItem.renovation_id == renovation_id)
    )
    return {row_id.removeprefix(f"{renovation_id}."): title for row_id, title in rows}


async def _units(session: AsyncSession, renovation: Renovation, notice: Notice) -> Sequence[str]:
    """Those on the rolls of the vote that the notice is about, else all of the estate."""
    box = notice.params.get("box")
    if box is None:
        query = select(Unit.number).where(Unit.estate_id == renovation.estate_id)
        return (await session.scalars(query.order_by(Unit.number))).all()
    attempt = select(BallotBox.attempt).where(BallotBox.id == str(box)).scalar_subquery()
    boxes = select(BallotBox.id).where(
        BallotBox.renovation_id == renovation.id, BallotBox.attempt == attempt
    )
    query = select(RollUnit.unit_number).where(RollUnit.box_id.in_(boxes)).distinct()
    return (await session.scalars(query.order_by(RollUnit.unit_number))).all()


async def _behind(session: AsyncSession, suggestion_id: str, *, authors: bool) -> Sequence[str]:
    """Who stands behind a suggestion now: its authors, and the neighbours who joined."""
    query = select(SuggestionSupport.unit_number).where(
        SuggestionSupport.suggestion_id == suggestion_id, SuggestionSupport.withdrawn_at.is_(None)
    )
    if authors:
        query = query.where(SuggestionSupport.author)
    return (await session.scalars(query.order_by(SuggestionSupport.unit_number))).all()


async def _complainant(session: AsyncSession, ticket_id: str) -> tuple[str, ...]:
    unit = await session.scalar(select(Ticket.unit_number).where(Ticket.id == ticket_id))
    return (unit,) if unit else ()


async def _actors(session: AsyncSession, renovation: Renovation, notice: Notice) -> Collection[str]:
    if notice.audience == "bidders":
        return await _bidders(session, renovation)
    if notice.audience == "contractor":
        contracts = select(Contract.bidder_id).where(Contract.renovation_id == renovation.id)
        # What is said of one contract is for whoever has it: a later one may have another contractor.
        if (named := notice.params.get("contract")) is not None:
            contracts = contracts.where(Contract.id == str(named))
        return (
            await session.scalars(contracts.order_by(Contract.works_round.desc()).limit(1))
        ).all()
    roles = ROLES_OF.get(notice.audience)
    if roles is None:
        roles = tuple(role for role in Role if role.value == notice.audience)
    return await _in_roles(session, renovation, roles)


async def _bidders(session: AsyncSession, renovation: Renovation) -> Sequence[str]:
    """Who has bid in the last tender, and who was named in it: a direct award may go to a firm that has not bid."""
    last = (
        select(Tender.id)
        .where(Tender.renovation_id == renovation.id)
        .order_by(Tender.round.desc())
        .limit(1)
        .scalar_subquery()
    )
    bids = (
        select(Bid.bidder_id)
        .join(Tender, Tender.id == Bid.tender_id)
        .where(
            Bid.tender_id == last,
            Bid.withdrawn_at.is_(None),
            Bid.bidder_id.is_not(None),
            Tender.state != TenderState.OPEN,
        )
    )
    named = await session.scalars(select(Award.bidder_id).where(Award.tender_id == last))
    found = [each for each in await session.scalars(bids) if each]
    # Before the opening a tender concerns every firm that may bid: whom it is sent to tells nobody
    # who has (Tendering Law art. 22), and what changes is for all (art. 23).
    known = found or await _in_roles(session, renovation, (Role.CONTRACTOR,))
    return sorted({*known, *named})


async def people_of(session: AsyncSession, actors: Collection[str]) -> Collection[str]:
    """Those who are told what concerns these: of a firm its people of now, who gave addresses of their own.

    The firm itself is told where a program of it gave one, and where nobody acts for it.
    """
    rows = await session.execute(
        select(FirmPerson.firm_id, FirmPerson.person_id)
        .where(FirmPerson.firm_id.in_(actors), FirmPerson.ended_at.is_(None))
        .order_by(FirmPerson.firm_id, FirmPerson.person_id)
    )
    people = dict[str, list[str]]()
    for firm, person in rows:
        people.setdefault(firm, []).append(person)
    own = set(await session.scalars(select(Contact.actor_id).where(Contact.actor_id.in_(people))))
    told = [
        name
        for each in actors
        for name in (*people.get(each, ()), *([each] if each in own or each not in people else ()))
    ]
    return tuple(dict.fromkeys(told))


async def _in_roles(
    session: AsyncSession, renovation: Renovation, roles: Collection[Role]
) -> Sequence[str]:
    """Who holds one of the roles at the place of the case, or above it."""
    now, path = func.clock_timestamp(), renovation.place_path
    parts = path.split("/")
    places = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
    rows = await session.scalars(
        select(RoleGrant.actor_id)
        .join(Place, Place.id == RoleGrant.place_id)
        .where(
            RoleGrant.role.in_([role.value for role in roles]),
            Place.path.in_(places),
            or_(RoleGrant.only_case.is_(None), RoleGrant.only_case == renovation.id),
            RoleGrant.valid_from <= now,
            or_(RoleGrant.valid_until.is_(None), RoleGrant.valid_until > now),
        )
        .distinct()
        .order_by(RoleGrant.actor_id)
    )
    return rows.all()
