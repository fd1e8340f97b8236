"""Playing a training case: its players, and the homes of its residents, by whoever leads it.

Whoever leads a told case plays everybody in it (`service.identity.cast`). A home is entered as a resident
enters it: with a letter that one player makes, another one hands out, and a code that is told.
"""

from typing import NamedTuple

from sqlalchemy import select

from models.tables import RoleGrant, Unit
from models.values.actor import Actor, Role
from models.values.refusal import refusal
from rules.authority import ROLES_OF_WRITE
from service.access import letters
from service.access.bodies import Entered, GiveCode, HandLetter, ReissueLetter
from service.access.entering import enter
from service.access.printing import as_walked
from service.identity.cast import play_cast
from service.identity.sessions import Opened
from service.pages.office.session import Office
from service.parts import Parts
from service.situation import Situation

LEADS = "cast"
"""How whoever leads a told case is signed in as its players."""
HOMES = 200
TWO = 2


class PlayedPart(NamedTuple):
    """Somebody of the cast, in all the roles that the case gives them."""

    id: str
    label: str
    roles: tuple[Role, ...]


class Casting(NamedTuple):
    """Whom somebody may play in a case; nobody where they do not lead it."""

    players: tuple[PlayedPart, ...]
    homes: tuple[str, ...]


async def load_parts(parts: Parts, situation: Situation, office: Office) -> Casting:
    """The players and homes of a case, for whoever leads it."""
    if not leads(office, situation):
        return Casting((), ())
    async with parts.database.session() as session:
        units = await session.scalars(
            select(Unit.number).where(Unit.estate_id == situation.estate_id)
        )
        homes = sorted(units.all(), key=as_walked)
    return Casting(await _players(parts, situation), tuple(homes[:HOMES]))


def leads(office: Office, situation: Situation) -> bool:
    """Whether somebody leads a told case: they were let in as all of its players at once."""
    return office.person.only_case == situation.id and office.person.way == LEADS


async def play(parts: Parts, situation: Situation, office: Office, player: str) -> Opened:
    """A session as another player.

    Raises:
        Refused: `credential.other_case` for whoever does not lead the case, or a stranger to it.
    """
    found = next((each for each in await _led(parts, situation, office) if each.id == player), None)
    if found is None:
        raise refusal("credential.other_case")
    opened = await play_cast(parts.database, parts.settings, situation.id, [found])
    return opened[player]


async def enter_home(
    parts: Parts, situation: Situation, office: Office, unit_number: str, command_id: str
) -> Entered:
    """Enter as a household; what was issued for it before is void, as with every letter that is made anew.

    Raises:
        Refused: `credential.other_case`; as the letters do.
    """
    by, second = await _two_conveners(parts, situation, office)
    made = await letters.reissue_letter(
        parts,
        situation,
        by,
        ReissueLetter(command_id=f"{command_id}.1", unit_number=unit_number, reason="training"),
    )
    handed = await letters.hand_letter(
        parts, situation, second, made.id, HandLetter(command_id=f"{command_id}.2")
    )
    told = await letters.give_code(
        parts, situation, by, made.id, GiveCode(command_id=f"{command_id}.3")
    )
    return await enter(parts, handed.link.rpartition("/")[2], told.code)


async def _two_conveners(parts: Parts, situation: Situation, office: Office) -> tuple[Actor, Actor]:
    """Two players who may make and hand out letters: nobody does both."""
    roles = ROLES_OF_WRITE["issue_letters"].roles
    able = [each for each in await _led(parts, situation, office) if roles & set(each.roles)]
    if len(able) < TWO:
        raise refusal(
            "credential.no_role", roles=", ".join(sorted(roles)), place=situation.place_path
        )
    first, second = (
        Actor(
            id=each.id,
            role=next(role for role in each.roles if role in roles),
            label=each.label,
            place=situation.place_path,
        )
        for each in able[:TWO]
    )
    return first, second


async def _led(parts: Parts, situation: Situation, office: Office) -> tuple[PlayedPart, ...]:
    if not leads(office, situation):
        raise refusal("credential.other_case")
    return await _players(parts, situation)


async def _players(parts: Parts, situation: Situation) -> tuple[PlayedPart, ...]:
    query = select(RoleGrant).where(RoleGrant.only_case == situation.id).order_by(RoleGrant.id)
    async with parts.database.session() as session:
        found: dict[str, PlayedPart] = {}
        for row in await session.scalars(query):
            before = found.get(row.actor_id)
            roles = (*(before.roles if before else ()), Role(row.role))
            found[row.actor_id] = PlayedPart(row.actor_id, row.label, roles)
    return tuple(found.values())
