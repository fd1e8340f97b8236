"""What a case has of the things that acts name, for forms in which they are chosen and not typed."""

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.ids import ticket_workflow_id
from models.tables import CaseWait, Objection, Publication, RoleGrant, Scheme, Ticket
from models.values.actor import Role
from models.values.cost_sharing import PUBLIC_MONEY
from models.values.scheme import SchemeContent
from models.values.states import ObjectionState, PublicationState, TicketState
from models.values.waits import CORRECTING
from rules.oversight import EXTENDABLE
from service.pages.office.fields import Known, Option
from service.reading.parties import not_about
from service.reading.shaping import Viewer
from service.situation import Situation
from service.views import list_works

SHOWN = 80
"""Characters of a text that stands for its objection or complaint in a list."""
OVER = (TicketState.CLOSED, TicketState.REFERRED)


async def load_known(session: AsyncSession, situation: Situation, viewer: Viewer) -> Known:
    """The works, bidders, objections, motions and items of a case, and the complaints about others."""
    scheme = await _scheme(session, situation)
    choices = {
        option.id: option.title for motion in scheme.motions for option in motion.options
    } | {
        item.id: item.title or item.id
        for motion in scheme.motions
        if motion.menu is not None
        for item in motion.menu.items
    }
    works = await list_works(session, situation.id)
    return {
        "works": tuple(Option(each.id, each.title) for each in works),
        "items": tuple(Option(each.id, each.title) for each in scheme.items),
        "motions": tuple(Option(each.id, each.title) for each in scheme.motions),
        "choices": tuple(Option(name, title) for name, title in choices.items()),
        "bidders": await _bidders(session, situation),
        "publications": await _publications(session, situation),
        "objections": await _objections(session, situation),
        "tickets": await _tickets(session, situation, viewer),
        "awaited": await _awaited(session, situation),
        "orders": await _orders(session, situation),
        "subsidies": tuple(
            Option(each.id) for each in scheme.funding if each.source in PUBLIC_MONEY
        ),
    }


async def _scheme(session: AsyncSession, situation: Situation) -> SchemeContent:
    """The last version."""
    query = select(Scheme.content).where(Scheme.renovation_id == situation.id)
    content = await session.scalar(query.order_by(Scheme.version.desc()).limit(1))
    return SchemeContent.model_validate(content)


async def _bidders(session: AsyncSession, situation: Situation) -> tuple[Option, ...]:
    """Who may bid here; whether they have is nobody's to know before the opening."""
    held = RoleGrant.place_id.in_(situation.place_path.split("/"))
    rows = await session.execute(
        select(RoleGrant.actor_id, RoleGrant.label)
        .where(
            RoleGrant.role == Role.CONTRACTOR,
            held,
            RoleGrant.only_case.is_(None) | (RoleGrant.only_case == situation.id),
            RoleGrant.valid_from.is_not(None),
        )
        .order_by(RoleGrant.label, RoleGrant.actor_id)
        .distinct()
    )
    return tuple(Option(row.actor_id, row.label) for row in rows)


async def _publications(session: AsyncSession, situation: Situation) -> tuple[Option, ...]:
    rows = await session.scalars(
        select(Publication).where(
            Publication.renovation_id == situation.id, Publication.state == PublicationState.OPEN
        )
    )
    return tuple(Option(row.id, row.subject) for row in rows)


async def _objections(session: AsyncSession, situation: Situation) -> tuple[Option, ...]:
    """Those that are not answered yet, with how they begin."""
    rows = await session.scalars(
        select(Objection)
        .join(Publication, Publication.id == Objection.publication_id)
        .where(
            Publication.renovation_id == situation.id,
            Publication.state == PublicationState.OPEN,
            Objection.state == ObjectionState.OPEN,
        )
        .order_by(Objection.filed_at, Objection.id)
    )
    return tuple(Option(row.id, shortened(row.text)) for row in rows)


async def _awaited(session: AsyncSession, situation: Situation) -> tuple[Option, ...]:
    """What an office may give more time for."""
    rows = await session.scalars(
        select(CaseWait.what)
        .where(
            CaseWait.renovation_id == situation.id,
            CaseWait.consequence.in_(EXTENDABLE),
            CaseWait.due_at > situation.now,
            CaseWait.workflow_id.not_like(f"{ticket_workflow_id(situation.id, '')}%"),
        )
        .distinct()
        .order_by(CaseWait.what)
    )
    return tuple(Option(what) for what in rows)


async def _orders(session: AsyncSession, situation: Situation) -> tuple[Option, ...]:
    """The orders of correction that are open, by whom they address."""
    rows = await session.execute(
        select(CaseWait.subject, CaseWait.who)
        .where(CaseWait.renovation_id == situation.id, CaseWait.what == CORRECTING)
        .order_by(CaseWait.since, CaseWait.subject)
    )
    return tuple(Option(row.subject, f"{row.who} {row.subject}") for row in rows)


async def _tickets(
    session: AsyncSession, situation: Situation, viewer: Viewer
) -> tuple[Option, ...]:
    """Those that are not over, with how they begin; none about whoever looks (P-6)."""
    rows = await session.scalars(
        select(Ticket)
        .where(Ticket.renovation_id == situation.id, Ticket.state.not_in(OVER), *not_about(viewer))
        .order_by(Ticket.due_at, Ticket.id)
    )
    return tuple(Option(row.id, shortened(row.text)) for row in rows)


async def ticket_texts(session: AsyncSession, ids: Collection[str]) -> Mapping[str, str]:
    """How each of these complaints begins."""
    rows = await session.execute(select(Ticket.id, Ticket.text).where(Ticket.id.in_(ids)))
    return {row.id: shortened(row.text) for row in rows}


def shortened(text: str) -> str:
    """The beginning of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}…"
