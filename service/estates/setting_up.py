"""Setting up a grid with the places above it, before anybody holds a role there."""

from sqlalchemy.ext.asyncio import AsyncSession

from models.fields import IdInFile, Label
from models.files.renovation import LEVELS, PlaceEntry
from models.values.actor import Role
from models.values.refusal import refusal
from proof.canonical import digest
from proof.commands import command_key
from rules.authority import acting
from runtime.database import Database
from runtime.record import place_log
from runtime.record.grants import load_grants
from service.bodies import CommandBody
from service.estates.places import write_places

SET_UP = "place.set_up"


class SetUpPlaces(CommandBody):
    """A grid and the places above it; those that exist must be the same."""

    district_id: IdInFile
    district: Label
    street_office_id: IdInFile
    street_office: Label
    community_id: IdInFile
    community: Label
    grid_id: IdInFile
    grid: Label

    @property
    def chain(self) -> tuple[PlaceEntry, ...]:
        """The places, from the district down."""
        return tuple(
            PlaceEntry(level=level, id=getattr(self, f"{level}_id"), name=getattr(self, level))
            for level in LEVELS
        )


async def set_up_places(database: Database, sender_id: str, body: SetUpPlaces) -> str:
    """Write the places down, by an administrator; the path of the grid. Sent twice, done once.

    Raises:
        Refused: `credential.no_role`, `opening.place_differs`, `journal.command_reused`.
    """
    path = "/".join(each.id for each in body.chain)

    async def work(session: AsyncSession) -> str:
        asked = digest({"of": SET_UP, "body": body.model_dump(mode="json")})
        key = command_key(sender_id, "places", body.command_id)
        if await place_log.told_before(session, key, asked) is not None:
            return path
        grants = await load_grants(session, sender_id)
        able = next((each for each in grants if each.role is Role.ADMINISTRATOR), None)
        if able is None:
            raise refusal("credential.no_role", roles=Role.ADMINISTRATOR.value, place="*")
        await write_places(session, body.chain)
        details = {"place": path}
        await place_log.append(
            session, place_log.INSTALLATION, acting(able), key, asked, SET_UP, details
        )
        return path

    return await database.transaction(work)
