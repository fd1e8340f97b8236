"""Whoever has entered for a home in a browser: the cookie keeps the session of the letter or the portal."""

from typing import NamedTuple

from starlette.requests import Request

from models.tables import CaseClock, Letter, Renovation
from models.values.refusal import refusal
from service.access.bodies import Entered
from service.access.entering import GOES_ON, going_on, renew
from service.access.letters import token_hash
from service.access.tickets import Voter
from service.parts import Parts
from service.situation import OF_SITUATION, Situation, load_situation, situation_of

COOKIE = "__Host-gongjian-home"
AGENT = "agent"
GOES_ON_IN_CASE = (
    GOES_ON.add_columns(*OF_SITUATION)
    .join(Renovation, Renovation.id == Letter.renovation_id)
    .outerjoin(CaseClock, CaseClock.renovation_id == Renovation.id)
)
"""The session of a letter with its renovation, in one statement: every page of a home asks both."""


class Home(NamedTuple):
    """A home that has entered: its session, what it may do as a voter, and its renovation."""

    session: str
    voter: Voter
    situation: Situation

    @property
    def zone(self) -> str:
        """The time zone of the place."""
        return self.situation.timetable.zone


async def entered_home(request: Request, parts: Parts) -> tuple[str, Entered]:
    """The session of the cookie with what it gives: a unit's, or an agent's.

    Raises:
        Refused: `access.session_over`, also where there is no cookie.
    """
    session = _session_in(request)
    return session, await renew(parts, session)


async def home_in(request: Request, parts: Parts) -> Home:
    """The home that has entered.

    Raises:
        Refused: `access.session_over`, also for a letter that was made anew or a unit that was sold, which
            ends its letters; `credential.wrong` for an agent, who has a page of the own.
    """
    return await home_of(parts, _session_in(request))


async def home_of(parts: Parts, session: str) -> Home:
    """The home of a session, refused as `home_in` says."""
    async with parts.database.reading() as reading:
        found = await reading.execute(GOES_ON_IN_CASE, {"session": token_hash(session)})
        row = found.one_or_none()
    if row is not None:
        return Home(session, _voter(parts, going_on(parts, row, session)), situation_of(row))
    entered = await renew(parts, session)
    voter = _voter(parts, entered)
    return Home(session, voter, await load_situation(parts.database, entered.renovation_id))


def _voter(parts: Parts, entered: Entered) -> Voter:
    # The ticket was made just now, of the version that stands: that it is replaced need not be asked again,
    # and whatever writes asks it in its own transaction.
    return parts.tickets.voter(entered.renovation_id, f"Bearer {entered.ticket}")


def _session_in(request: Request) -> str:
    session = request.cookies.get(COOKIE, "")
    if not session:
        raise refusal("access.session_over")
    return session
