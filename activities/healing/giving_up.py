"""What is written when a step cannot be done: an act is given up, an own step is marked and taken again."""

import re
from collections.abc import Awaitable, Callable
from datetime import datetime

from pydantic import BaseModel, JsonValue
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.failures import told_to_workflow
from activities.recording import Writer
from activities.sealed import refuse_impostor
from models.messages.command import Command
from models.messages.healing import Breakage, GivenUp, Noted
from models.tables import Renovation
from models.values.base import Carried
from runtime.record.journal import Recorded
from runtime.record.trouble import add_trouble, end_trouble

SAID = re.compile(
    r"(not restored: )?[A-Za-z_.]{1,60}( [0-9A-Z]{5})?( at (\?|[a-z_/]+\.py:[0-9]+))?"
)
"""What our own code says of an error: its kind, its SQLSTATE, its place (`activities.failures.described`)."""
UNNAMED = "unknown"


def in_our_words(breakage: Breakage) -> Breakage:
    """What broke, without what somebody may have written in our worker's place."""
    if SAID.fullmatch(breakage.error):
        return breakage
    return breakage.model_copy(update={"error": UNNAMED})


class EndedTrouble(Carried):
    """The step that is done after all."""

    step: str


class Healing(Writer):
    """Writes that a case needs attention, whatever has become of the stage or the case itself."""

    @activity.defn(name="Healing.give_up")
    async def give_up(self, command: Command, breakage: Breakage) -> GivenUp:
        """Give an act up that cannot be recorded: its stored result, or `act.broken` under its id."""
        with told_to_workflow(command):
            await self._refuse_impostor(command)
            return await self.recorder.journal.give_up(command, in_our_words(breakage))

    @activity.defn(name="Healing.note")
    async def note(self, command: Command, breakage: Breakage) -> Noted:
        """Mark a step of the engine that broke; it is taken again when the workflow is told to go on."""
        said = in_our_words(breakage)

        async def mark(session: AsyncSession) -> None:
            await add_trouble(session, command, said, by_act=False)

        return await self._write(command, "case.needs_attention", said, mark)

    @activity.defn(name="Healing.cured")
    async def cured(self, command: Command, step: str) -> Noted:
        """The step is done after all, or somebody has seen to it."""

        async def unmark(session: AsyncSession) -> None:
            await end_trouble(session, command.workflow_id, step)

        return await self._write(command, "case.attention_ended", EndedTrouble(step=step), unmark)

    async def _write(
        self,
        command: Command,
        kind: str,
        request: BaseModel,
        change: Callable[[AsyncSession], Awaitable[None]],
    ) -> Noted:
        """Through the journal alone: a stage that was left, and a case that is over, may need attention."""
        details: dict[str, JsonValue] = request.model_dump(mode="json")

        async def inside(session: AsyncSession, _now: datetime) -> Recorded[Noted]:
            await change(session)
            row = await session.get_one(Renovation, command.renovation_id)
            return Recorded(Noted(seq=row.head_seq + 1), details)

        with told_to_workflow(command):
            await self._refuse_impostor(command)
            return await self.recorder.journal.record(command, kind, request, inside, Noted)

    async def _refuse_impostor(self, command: Command) -> None:
        terms = await self.recorder.terms_of(command.renovation_id)
        refuse_impostor(command, signed=terms.signed)
