"""Settling a told case: whoever has something to do is woken until it is done.

A wake-up may be lost (a service that died between a move and its signals), so it is given again
until the agenda says that nothing is due any more.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from models.messages.ids import ticket_workflow_id
from models.tables import CaseWait
from models.values.refusal import Problem, Refused
from models.values.waits import ENGINE, PAID_UP, STARTING
from runtime.database import Database
from runtime.journal import tick_of
from service.gateway import Gateway
from service.standing import Standing

PATIENCE_S = 60.0
FIRST_LOOK_S, LAST_LOOK_S = 0.01, 0.1
WAKE_AGAIN_S = 1.0
"""A workflow that was woken and has not written yet is woken again after so long."""


class Waking:
    """Wakes the workflows of told cases."""

    def __init__(self, database: Database, gateway: Gateway) -> None:
        self._database = database
        self._gateway = gateway

    async def settle(self, standing: Standing) -> None:
        """Return when nothing is due and no act of this process is under way.

        Raises:
            Refused: `clock.not_settled` after a minute: the worker or Temporal is away.
        """
        loop = asyncio.get_running_loop()
        last, pause_s, woken = loop.time() + PATIENCE_S, FIRST_LOOK_S, dict[str, float]()
        while True:
            now, due = await self._due(standing.id)
            if not due and not self._gateway.under_way(standing.id):
                return
            if loop.time() > last:
                raise _not_settled(due)
            for wait in due:
                await self._wake(standing, wait, now, woken)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LAST_LOOK_S)

    async def _due(self, renovation_id: str) -> tuple[datetime, Sequence[CaseWait]]:
        async with self._database.session() as session:
            now = await tick_of(session, renovation_id)
            rows = await session.scalars(
                select(CaseWait).where(
                    CaseWait.renovation_id == renovation_id,
                    CaseWait.consequence != "",
                    CaseWait.due_at <= now,
                )
            )
            return now, rows.all()

    async def _wake(
        self, standing: Standing, wait: CaseWait, now: datetime, woken: dict[str, float]
    ) -> None:
        """Say what the workflow waits to hear; one that is at work needs no word, at first."""
        loop = asyncio.get_running_loop()
        key = f"{wait.workflow_id} {wait.what} {wait.subject} {now.isoformat()}"
        at_work = wait.what in (ENGINE, STARTING)
        since = woken.setdefault(key, loop.time() if at_work else float("-inf"))
        if loop.time() - since < WAKE_AGAIN_S:
            return
        woken[key] = loop.time()
        ticket = wait.workflow_id.removeprefix(ticket_workflow_id(wait.renovation_id, ""))
        if wait.what == STARTING and ticket != wait.workflow_id:
            await self._gateway.start_ticket(standing, ticket)
        elif wait.what == PAID_UP:
            await self._gateway.signal(wait.workflow_id, "everyone_paid")
        else:
            await self._gateway.signal(wait.workflow_id, "clock_moved", now)


def _not_settled(due: Sequence[CaseWait]) -> Refused:
    names = ", ".join(sorted({f"{wait.workflow_id} ({wait.what})" for wait in due}))
    return Refused(Problem(code="clock.not_settled", params={"workflows": names or "an act"}))
