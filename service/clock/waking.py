"""Settling a told case: workflows with something due are signalled until nothing is due.

A signal may be lost when the service dies after a move, so every command signals first whatever is
due, and repeats each signal until Temporal has taken it.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from models.messages.ids import ticket_workflow_id
from models.values.refusal import Refused, refusal
from models.values.waits import ACCOUNTS_SETTLED, CONFIRMING, ENGINE, PAID_UP, REMINDING, STARTING
from runtime.database import Database
from runtime.record.agenda import end_confirmations
from service.gateway import Gateway
from service.situation import Situation

PATIENCE_S = 60.0
FIRST_LOOK_S, LAST_LOOK_S, GROWTH = 0.01, 0.1, 1.25
"""A pause is a quarter of what went before it: doubled, a move of the clock waited as long again as it took."""


# One statement for one moment, and one round trip by the driver itself: a case that settles is asked often.
DUE = """
WITH tick AS MATERIALIZED (SELECT tick_of($1) AS now)
SELECT w.workflow_id, w.what, w.subject, w.consequence, w.due_at, tick.now
FROM case_wait w, tick
WHERE w.renovation_id = $1 AND w.consequence <> '' AND w.due_at <= tick.now
ORDER BY w.workflow_id, w.what, w.subject
"""


class _Due(NamedTuple):
    """Something that a workflow has to do at this moment of the case."""

    workflow_id: str
    what: str
    subject: str
    consequence: str
    due_at: datetime
    now: datetime


class Waking:
    """Signals workflows of told cases, and waits for them."""

    def __init__(self, database: Database, gateway: Gateway) -> None:
        self._database = database
        self._gateway = gateway

    async def settle(self, situation: Situation) -> None:
        """Return when nothing is due and no act of this process is under way.

        Raises:
            Refused: `clock.not_settled` after a minute: the worker or Temporal is away.
        """
        loop = asyncio.get_running_loop()
        last, pause_s, woken = loop.time() + PATIENCE_S, FIRST_LOOK_S, set[_Due]()
        while True:
            due = await self._due(situation.id)
            if any(wait.what == CONFIRMING for wait in due):
                await self._database.transaction(end_confirmations)
                due = [wait for wait in due if wait.what != CONFIRMING]
            if not due and not self._gateway.under_way(situation.id):
                return
            if loop.time() > last:
                raise _not_settled(due)
            for wait in due:
                if wait not in woken and await self._wake(situation, wait):
                    woken.add(wait)
            await asyncio.sleep(pause_s)
            pause_s = min(GROWTH * pause_s, LAST_LOOK_S)

    async def _due(self, renovation_id: str) -> list[_Due]:
        async with self._database.driver() as driver:
            return [_Due(*row) for row in await driver.fetch(DUE, renovation_id)]

    async def _wake(self, situation: Situation, wait: _Due) -> bool:
        """Send the signal that the workflow waits for; True when Temporal has it, so it is sent once."""
        ticket = wait.workflow_id.removeprefix(ticket_workflow_id(situation.id, ""))
        if wait.what == STARTING and ticket != wait.workflow_id:
            await self._gateway.start_ticket(situation, ticket)
            return True
        if wait.what in (ENGINE, STARTING):
            return True  # it is at work already
        if wait.what == PAID_UP:
            return await self._gateway.signal(wait.workflow_id, "everyone_paid")
        if wait.what == ACCOUNTS_SETTLED:
            return await self._gateway.signal(wait.workflow_id, "accounts_settled")
        if wait.consequence in REMINDING:
            # It may have been written by somebody else since this workflow last heard of its agenda.
            moved = (wait.due_at, wait.now)
            return await self._gateway.signal(wait.workflow_id, "agenda_moved", *moved)
        return await self._gateway.signal(wait.workflow_id, "clock_moved", wait.now)


def _not_settled(due: Sequence[_Due]) -> Refused:
    names = ", ".join(sorted({f"{wait.workflow_id} ({wait.what})" for wait in due}))
    return refusal("clock.not_settled", workflows=names or "an act")
