"""Who came to the meeting of a vote: whoever votes has come anyway, the list names the others too."""

from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Attendance
from models.values.actor import Actor
from service.bodies import Accepted
from service.channels.bodies import RecordAttendance
from service.channels.open_box import load_entry, lock_open_box
from service.parts import Parts
from service.recording import Details, accept
from service.situation import Situation


async def record_attendance(
    parts: Parts, situation: Situation, actor: Actor, command: RecordAttendance
) -> Accepted:
    """Write down who came, while the box is open; an owner who is there already stays there once.

    The event has how many units there were, and the entries that are new on the list by pseudonym.

    Raises:
        Refused: as `lock_open_box`; `voting.unit_not_on_roll`.
    """

    async def change(session: AsyncSession, _now: datetime, key: str) -> tuple[str, Details]:
        box = await lock_open_box(session, situation, command.box_id)
        came: list[JsonValue] = []
        for unit in command.units:
            entry = await load_entry(session, box, unit)
            row = {
                "box_id": box.id,
                "entry_id": entry.entry_id,
                "unit_number": unit,
                "command_id": key,
                "recorded_at": func.clock_timestamp(),
            }
            written = await session.execute(
                insert(Attendance)
                .values(row)
                .on_conflict_do_nothing()
                .returning(Attendance.entry_id)
            )
            if written.first() is not None:
                came.append(entry.pseudonym)
        return command.command_id, {"box": box.id, "units": len(command.units), "entries": came}

    return await accept(
        parts.journal, situation, actor, command, "voting.attendance_recorded", change
    )
