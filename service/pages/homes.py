"""Whoever has entered for a home in a browser: the cookie keeps the session of the letter or the portal."""

from typing import NamedTuple

from starlette.requests import Request

from models.values.refusal import refusal
from service.access.bodies import Entered
from service.access.entering import renew
from service.access.tickets import Voter
from service.parts import Parts
from service.situation import Situation, load_situation

COOKIE = "__Host-gongjian-home"
AGENT = "agent"


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
    session = request.cookies.get(COOKIE, "")
    if not session:
        raise refusal("access.session_over")
    return session, await renew(parts, session)


async def home_in(request: Request, parts: Parts) -> Home:
    """The home that has entered.

    Raises:
        Refused: `access.session_over`, also for a letter that was made anew or a unit that was sold, which
            ends its letters; `credential.wrong` for an agent, who has a page of the own.
    """
    return await _home(parts, *await entered_home(request, parts))


async def home_of(parts: Parts, session: str) -> Home:
    """The home of a session, refused as `home_in` says."""
    return await _home(parts, session, await renew(parts, session))


async def _home(parts: Parts, session: str, entered: Entered) -> Home:
    # The ticket was made just now, of the version that stands: that it is replaced need not be asked again,
    # and whatever writes asks it in its own transaction.
    voter = parts.tickets.voter(entered.renovation_id, f"Bearer {entered.ticket}")
    return Home(session, voter, await load_situation(parts.database, entered.renovation_id))
