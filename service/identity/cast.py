"""The people of a told case: they live inside it, and whoever leads it hands out their parts."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from runtime.database import Database
from runtime.settings import Settings
from service.identity.invitations import Invited, account_for, invite
from service.identity.sessions import Opened, begin_session

LEADER = "operator"
"""Who hands out the parts, as the invitations say it: whoever has opened the case on this machine."""


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
                "cast",
                settings,
            )
            for each in players
        }

    return await database.transaction(work)


def _part(player: Player, renovation_id: str) -> Invited:
    return Invited(actor_id=player.id, name=player.label, only_case=renovation_id)
