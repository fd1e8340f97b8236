"""The people of a told case: they live inside it, and whoever leads it hands out their parts."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from models.values.refusal import refusal
from runtime.database import Database
from runtime.settings import Settings
from service.identity.invitations import Invited, account_for, invite, take_up
from service.identity.sessions import Opened, begin_session

LEADER = "operator"
"""Who hands out the parts, as the invitations say it: whoever has opened the case on this machine."""


LEADS = "leader"
"""Who invites by the one link with which somebody leads a told case and plays everybody."""
CAST = "cast"
"""How whoever leads a told case is signed in."""
LINK_DAYS = 1


class Player(Protocol):
    """Somebody of the file of a told case."""

    @property
    def id(self) -> str:
        """The id of the actor."""

    @property
    def label(self) -> str:
        """The name."""


async def invite_cast(
    database: Database, settings: Settings, renovation_id: str, players: Iterable[Player]
) -> Mapping[str, str]:
    """The tokens of an invitation for each player, by actor id; earlier ones are good no more."""

    async def work(session: AsyncSession) -> dict[str, str]:
        return {
            each.id: await invite(session, _part(each, renovation_id), LEADER, days)
            for each in players
        }

    days = settings.invitation_days
    return await database.transaction(work)


async def play_cast(
    database: Database, settings: Settings, renovation_id: str, players: Iterable[Player]
) -> Mapping[str, Opened]:
    """A session for each player at once, for whoever leads the case and plays them all."""

    async def work(session: AsyncSession) -> dict[str, Opened]:
        return {
            each.id: await begin_session(
                session,
                (await account_for(session, _part(each, renovation_id))).id,
                CAST,
                settings,
            )
            for each in players
        }

    return await database.transaction(work)


async def invite_leader(database: Database, renovation_id: str, player: Player) -> str:
    """The token of a link, good once and for a day, with which somebody leads a told case as this player."""

    async def work(session: AsyncSession) -> str:
        return await invite(session, _part(player, renovation_id), LEADS, LINK_DAYS)

    return await database.transaction(work)


async def lead(database: Database, settings: Settings, token: str) -> tuple[str, Opened]:
    """Take up the link of `invite_leader`: the case, and the session of whoever leads it.

    Raises:
        Refused: `invitation.unknown`, also for an invitation of another kind; `invitation.used`,
            `invitation.expired`.
    """

    async def work(session: AsyncSession) -> tuple[str, Opened]:
        row = await take_up(session, token)
        if row.invited_by != LEADS or row.only_case is None:
            raise refusal("invitation.unknown")
        player = Invited(actor_id=row.actor_id, name=row.name, only_case=row.only_case)
        account = await account_for(session, player)
        return row.only_case, await begin_session(session, account.id, CAST, settings)

    return await database.transaction(work)


def _part(player: Player, renovation_id: str) -> Invited:
    return Invited(actor_id=player.id, name=player.label, only_case=renovation_id)
