"""Nobody decides for the own household or firm, where an official of the place lives in the estate too.

The roll knows its owners by name, an account knows a person: the two are compared by name, as agents are.
The keys of names are with the service, so that this is asked at the counter and by no worker.
"""

from collections.abc import Collection, Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.acts import Act, AnswerObjection, ApproveRelief, ResolveTicket
from models.tables import Objection, Publication, Ticket
from models.values.actor import Actor
from models.values.refusal import refusal
from rules.duties import Duty, same_name
from runtime.database import Database
from runtime.privacy.keys import PersonKeys, names_of
from service.access.facts import load_owners_of
from service.situation import Situation

DUTIES: Mapping[type[Act], Duty] = {
    ApproveRelief: Duty.RELIEVE_ONESELF,
    AnswerObjection: Duty.ANSWER_OBJECTION,
    ResolveTicket: Duty.ANSWER_COMPLAINED,
}
"""The acts that decide for one household, and the duty that keeps its owners from them."""


async def refuse_own_household(
    database: Database,
    people: PersonKeys,
    situation: Situation,
    act: Act,
    actor: Actor,
    acts_as: Collection[str] = (),
) -> None:
    """Refuse an act for a unit that somebody of the actor's name owns. A namesake is refused too.

    So is the answer to a complaint about a firm that the actor acts for in any role (`acts_as`).

    Raises:
        Refused: the code of the duty.
    """
    if type(act) not in DUTIES:
        return
    duty = DUTIES[type(act)].value
    async with database.session() as session:
        units, firm = await _concerned(session, situation, act)
        if firm is not None and firm in {actor.id, actor.on_behalf_of, *acts_as}:
            raise refusal(duty, where=firm, actor=actor.id)
        if not units:
            return
        names = await names_of(session, people, [actor.id], shown=False)
        own = names.get(actor.id) or actor.label
        homes = await homes_of(session, people, situation, [own], units)
    if homes:
        raise refusal(duty, where=min(homes), actor=actor.id)


async def homes_of(
    session: AsyncSession,
    people: PersonKeys,
    situation: Situation,
    names: Collection[str],
    units: Collection[str],
) -> frozenset[str]:
    """Which of these units somebody owns who is called so."""
    found = set[str]()
    for unit in units:
        owners = await load_owners_of(session, people, situation.estate_id, unit)
        called = owners.names if owners is not None else ()
        if any(same_name(own, each) for own in names for each in called):
            found.add(unit)
    return frozenset(found)


async def _concerned(
    session: AsyncSession, situation: Situation, act: Act
) -> tuple[tuple[str, ...], str | None]:
    """The units and the firm that the act is about; none where it is about nothing of this case."""
    match act:
        case ApproveRelief():
            return (act.unit_number,), None
        case ResolveTicket():
            ticket = await session.get(Ticket, act.ticket_id)
            if ticket is None or ticket.renovation_id != situation.id:
                return (), None
            units = (ticket.unit_number, ticket.about_unit)
            return tuple(unit for unit in units if unit), ticket.about_firm
        case AnswerObjection():
            objection = await session.get(Objection, act.objection_id)
            if objection is None:
                return (), None
            publication = await session.get_one(Publication, objection.publication_id)
            here = publication.renovation_id == situation.id
            return ((objection.unit_number,) if here and objection.unit_number else ()), None
        case _:
            return (), None
