"""Several flats of one owner in one browser: each has its own letter and session, and `/mine` names them all.

Only flats of the same owner stand beside each other: whoever helps several homes with one phone finds none of
the homes before on the page of the next.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import func, select
from starlette.requests import Request
from starlette.responses import Response

from models.tables import Unit
from models.values.refusal import Refused, refusal
from service.access.bodies import Entered
from service.access.spans import SESSION
from service.identity.browser import forget, keep
from service.pages.homes import COOKIE, Home, home_of
from service.pages.needs import load_matters
from service.parts import Parts

OTHERS = "__Host-gongjian-flats"
BETWEEN = "."
MOST = 8
OF_UNIT = "unit"


class OwnFlat(NamedTuple):
    """A flat of the owner who looks: how much is asked there, and its share in fen where there is one."""

    unit: str
    here: bool
    needs: int = 0
    share_fen: int | None = None


async def let_in(request: Request, parts: Parts, entered: Entered, sent: Response) -> None:
    """The browser keeps the session that has just begun, and beside it those of the owner's other flats."""
    keep(sent, entered.session, int(SESSION.total_seconds()), COOKIE)
    before = [request.cookies.get(COOKIE, ""), *others_of(request)]
    kept = []
    if entered.kind == OF_UNIT:
        kept = [each.session for each in await _of_same_owner(parts, entered, before)]
    _keep(sent, kept)


async def load_flats(request: Request, parts: Parts, home: Home) -> tuple[OwnFlat, ...]:
    """The flats of the owner who has entered with each of them, by number; the own one alone is no list."""
    found = [OwnFlat(home.voter.unit_number, here=True)]
    for other in await _homes(parts, home, others_of(request)):
        matters = await load_matters(parts, other)
        household = matters.household
        share = household.share_fen if household.basis else None
        found.append(
            OwnFlat(other.voter.unit_number, here=False, needs=len(matters.needs), share_fen=share)
        )
    return tuple(sorted(found))


async def change_to(request: Request, parts: Parts, home: Home, unit: str, sent: Response) -> None:
    """Go on with another flat of the same owner.

    Raises:
        Refused: `access.session_over` where its session is over, or is none of this owner.
    """
    others = await _homes(parts, home, others_of(request))
    chosen = next((each for each in others if each.voter.unit_number == unit), None)
    if chosen is None:
        raise refusal("access.session_over")
    keep(sent, chosen.session, int(SESSION.total_seconds()), COOKIE)
    _keep(sent, [home.session, *(each.session for each in others if each is not chosen)])


def others_of(request: Request) -> tuple[str, ...]:
    """The sessions that the browser keeps beside the one that is shown."""
    return tuple(filter(None, request.cookies.get(OTHERS, "").split(BETWEEN)))[:MOST]


async def _of_same_owner(parts: Parts, entered: Entered, before: Sequence[str]) -> list[Home]:
    return await _homes(parts, await home_of(parts, entered.session), before)


async def _homes(parts: Parts, home: Home, sessions: Sequence[str]) -> list[Home]:
    """Of these sessions those that go on, each for another flat of the same owner in the same case."""
    found: dict[str, Home] = {}
    for each in sessions[:MOST]:
        try:
            other = await home_of(parts, each)
        except Refused:
            continue  # it is over, or the flat was sold
        if other.situation.id == home.situation.id:
            found.setdefault(other.voter.unit_number, other)
    found.pop(home.voter.unit_number, None)
    return [each for each in found.values() if await _is_one_owner(parts, home, each)]


async def _is_one_owner(parts: Parts, home: Home, other: Home) -> bool:
    """Whether the roll has the same owners for both, so that one ballot counts for both."""
    numbers = (home.voter.unit_number, other.voter.unit_number)
    async with parts.database.session() as session:
        heads = await session.scalar(
            select(func.count(func.distinct(Unit.owner_key))).where(
                Unit.estate_id == home.situation.estate_id, Unit.number.in_(numbers)
            )
        )
    return heads == 1


def _keep(sent: Response, sessions: Sequence[str]) -> None:
    if sessions:
        keep(sent, BETWEEN.join(sessions[:MOST]), int(SESSION.total_seconds()), OTHERS)
    else:
        forget(sent, OTHERS)
