"""What a case has of the things that acts name, for forms in which they are chosen and not typed."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import (
    CaseWait,
    Contract,
    Event,
    Objection,
    Publication,
    RoleGrant,
    Scheme,
    Ticket,
)
from models.values.actor import Role
from models.values.cost_sharing import PUBLIC_MONEY, Funding
from models.values.scheme import SchemeContent
from models.values.states import ObjectionState, PublicationState, TicketState
from models.values.waits import CORRECTING
from rules.authority import ROLES_OF_ACT, WARRANTY
from rules.disclosure import ReaderKind
from rules.disclosure.events import REDACTED, details_for
from rules.oversight import EXTENDABLE, ORDERED
from runtime.language import amounts
from runtime.ledger.reading import load_undecided
from runtime.record.agenda import of_procedure
from service.pages import wording
from service.pages.display import Language
from service.pages.office.fields import Known, Option
from service.pages.office.words import listed, named
from service.reading.parties import not_about
from service.reading.shaping import Viewer
from service.situation import Situation
from service.views import list_works

BETWEEN, UNSAID = " · ", "–"
SHOWN = 80
"""Characters of a text that stands for its objection or complaint in a list."""
ASSIGNABLE = frozenset(act for act, by in ROLES_OF_ACT.items() if len(by.roles) > 1)
OVER = (TicketState.CLOSED, TicketState.REFERRED)


async def load_known(
    session: AsyncSession, situation: Situation, viewer: Viewer, language: Language
) -> Known:
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
    awaited = await _awaited(session, situation)
    titles = {each.id: each.title for each in works}
    return {
        "works": tuple(Option(each.id, each.title) for each in works),
        "items": tuple(Option(each.id, each.title) for each in scheme.items),
        "motions": tuple(Option(each.id, each.title) for each in scheme.motions),
        "choices": tuple(Option(name, title) for name, title in choices.items()),
        "bidders": await _bidders(session, situation),
        "publications": await _publications(session, situation, language),
        "objections": await _objections(session, situation),
        "tickets": await _tickets(session, situation, viewer),
        "awaited": tuple(Option(what) for what in dict.fromkeys(each.what for each in awaited)),
        "subjects": _subjects(awaited, titles, situation, language),
        "orders": await load_orders(session, situation, viewer.reader, language),
        "contracts": await _contracts(session, situation, language),
        "assignable": await _assignable(session, situation),
        "subsidies": tuple(
            Option(each.id, _promised(each, language))
            for each in scheme.funding
            if each.source in PUBLIC_MONEY
        ),
    }


def _promised(funding: Funding, language: Language) -> str:
    """Who has promised how much."""
    source = wording.text(f"page.source_{funding.source}", language, {})
    return f"{source}{BETWEEN}{amounts.money(funding.amount_fen, language)}"


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


async def _publications(
    session: AsyncSession, situation: Situation, language: Language
) -> tuple[Option, ...]:
    rows = await session.scalars(
        select(Publication).where(
            Publication.renovation_id == situation.id, Publication.state == PublicationState.OPEN
        )
    )
    return tuple(
        Option(row.id, named("publication_subject", row.subject, language)) for row in rows
    )


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


async def _awaited(session: AsyncSession, situation: Situation) -> Sequence[CaseWait]:
    """What an office may give more time for."""
    rows = await session.scalars(
        select(CaseWait)
        .where(
            *of_procedure(situation.id),
            CaseWait.consequence.in_(EXTENDABLE),
            CaseWait.due_at > situation.now,
        )
        .order_by(CaseWait.what, CaseWait.subject)
    )
    return rows.all()


async def _assignable(session: AsyncSession, situation: Situation) -> tuple[Option, ...]:
    """The acts that are awaited now and that several may do."""
    rows = await session.scalars(
        select(CaseWait.what)
        .where(CaseWait.renovation_id == situation.id, CaseWait.what.in_(ASSIGNABLE))
        .distinct()
        .order_by(CaseWait.what)
    )
    return tuple(Option(what) for what in rows)


def _subjects(
    awaited: Sequence[CaseWait],
    titles: Mapping[str, str],
    situation: Situation,
    language: Language,
) -> tuple[Option, ...]:
    """Of what is awaited several times which of them; nothing where each is awaited once."""
    times = Counter(each.what for each in awaited)
    return tuple(
        Option(each.subject, _called(each, titles, situation, language))
        for each in awaited
        if times[each.what] > 1 and each.subject
    )


def _called(
    wait: CaseWait, titles: Mapping[str, str], situation: Situation, language: Language
) -> str:
    """A line of the agenda with the work it is about, and its end."""
    about = titles.get(wait.subject, wait.subject)
    return BETWEEN.join(
        (named("choice", wait.what, language), about, _end(wait, situation, language))
    )


def _end(wait: CaseWait, situation: Situation, language: Language) -> str:
    end = wait.late_since or wait.due_at
    return UNSAID if end is None else amounts.end_time(end, language, situation.timetable.zone)


async def load_orders(
    session: AsyncSession, situation: Situation, reader: ReaderKind, language: Language
) -> tuple[Option, ...]:
    """The orders of correction that are open: whom each addresses, until when, about what, and why for who may read it."""
    query = select(CaseWait).where(
        CaseWait.renovation_id == situation.id, CaseWait.what == CORRECTING
    )
    rows = (await session.scalars(query.order_by(CaseWait.since, CaseWait.subject))).all()
    if not rows:
        return ()
    ordered = await session.scalars(
        select(Event.details).where(Event.renovation_id == situation.id, Event.kind == ORDERED)
    )
    said = {str(each["order"]): details_for(dict(each), reader) for each in ordered}
    return tuple(
        Option(row.subject, _order(row, said.get(row.subject), situation, language)) for row in rows
    )


def _order(wait: CaseWait, said: JsonValue, situation: Situation, language: Language) -> str:
    who = listed((named("role", each, language) for each in wait.who.split(", ")), language)
    details = said if isinstance(said, dict) else {}
    reason = str(details.get("reason", REDACTED))
    params = {
        "who": who,
        "until": _end(wait, situation, language),
        "event": str(details.get("event", UNSAID)),
        "reason": UNSAID if reason == REDACTED else shortened(reason),
    }
    return wording.text("office.order_of", language, params)


async def _contracts(
    session: AsyncSession, situation: Situation, language: Language
) -> tuple[Option, ...]:
    """In the warranty the contracts of which something is kept back, by who builds, with how much it is."""
    if situation.part != WARRANTY:
        return ()
    kept = await load_undecided(session, situation.id)
    rows = await session.scalars(
        select(Contract)
        .where(Contract.renovation_id == situation.id, Contract.id.in_(kept))
        .order_by(Contract.works_round)
    )
    firms = {each.value: each.title for each in await _bidders(session, situation)}
    return tuple(
        Option(
            row.id,
            wording.text(
                "office.kept_back_of",
                language,
                {
                    "firm": firms.get(row.bidder_id, row.bidder_id),
                    "sum": amounts.money(kept[row.id], language),
                },
            ),
        )
        for row in rows
    )


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
