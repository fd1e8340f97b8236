"""Nobody decides for the own household, where an official of the place lives in the estate too.

The roll knows its owners by name, an account knows a person: the two are compared by name, as agents are.
The keys of names are with the service, so that this is asked at the counter and by no worker.
"""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.acts import Act, AnswerObjection, ApproveRelief
from models.tables import Objection, Publication
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
}
"""The acts that decide for one household, and the duty that keeps its owners from them."""


async def refuse_own_household(
    database: Database, people: PersonKeys, situation: Situation, act: Act, actor: Actor
) -> None:
    """Refuse an act for a unit that somebody of the actor's name owns. A namesake is refused too.

    Raises:
        Refused: the code of the duty.
    """
    if type(act) not in DUTIES:
        return
    async with database.session() as session:
        unit = await _unit_of(session, situation, act)
        if unit is None:
            return
        owners = await load_owners_of(session, people, situation.estate_id, unit)
        names = await names_of(session, people, [actor.id], shown=False)
    own = names.get(actor.id) or actor.label
    if owners is not None and any(same_name(own, each) for each in owners.names):
        raise refusal(DUTIES[type(act)].value, where=unit, actor=actor.id)


async def _unit_of(session: AsyncSession, situation: Situation, act: Act) -> str | None:
    """The unit that the act is for; None where it is for none, or for nothing of this case."""
    if isinstance(act, ApproveRelief):
        return act.unit_number
    if not isinstance(act, AnswerObjection):
        return None
    objection = await session.get(Objection, act.objection_id)
    if objection is None:
        return None
    publication = await session.get_one(Publication, objection.publication_id)
    return objection.unit_number if publication.renovation_id == situation.id else None
