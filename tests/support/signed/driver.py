"""Cases whose acts are signed from the beginning, as the opening makes them."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.acts import Done
from models.messages.command import Command
from proof.seals import SIGNED_BY
from runtime.record.journal import Journal, Recorded
from tests.support.journey import STREET, JourneyDriver
from tests.support.signed.keys import GATEWAY_PUBLIC, SIGNER


class SignedDriver(JourneyDriver):
    """Its first event says which key signs, and its workflow knows the key."""

    async def start(self):
        await self.official(STREET)
        journal = Journal(self.parts.database, signer=SIGNER)

        async def inside(_session: AsyncSession, _now: datetime) -> Recorded[Done]:
            done = Done(command_id=f"{self.rid}-opened", kind="renovation.opened")
            return Recorded(done, {SIGNED_BY: SIGNER.key_id, "clock": "told"})

        command = Command(
            command_id=f"{self.rid}-opened",
            renovation_id=self.rid,
            actor=STREET.model_copy(update={"place": "d"}),
        )
        await journal.record(command, "renovation.opened", None, inside, Done)
        self.gateway_public = GATEWAY_PUBLIC
        return await super().start()
