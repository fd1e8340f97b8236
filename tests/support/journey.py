"""Carries a told case through its workflows, one reaction per wait, on real servers.

`JourneyDriver.until(word)` does what an ordinary committee would do for every other `waiting_for`,
and moves the clock when there is nothing to do; a test replaces the reaction it is about with `on`.
Residents, bidders and the bank come through the product's own HTTP API.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.client import WorkflowHandle

from models.messages.ids import renovation_workflow_id
from models.messages.journey import Journey, JourneyOutcome
from models.values.refusal import Refused
from models.values.states import OPEN_STATES
from models.values.waits import STARTING, at_work
from runtime.record.agenda import replace_waits
from runtime.record.journal import load_tick
from service.clock.bodies import ClockMoved, MoveClock
from service.parts import Parts
from tests.support.journeys.case import ToldCase
from tests.support.journeys.people import (
    BANK,
    BUREAU,
    CHIEF,
    COMMITTEE,
    CONTRACTOR,
    EVALUATOR,
    OTHER_SUPERVISOR,
    STREET,
    SUPERVISOR,
    actor,
)
from tests.support.journeys.reactions import (
    REACTIONS,
    builder,
    cleared_flags,
    codes,
    complain,
    first_candidate,
    inspect,
    kept_back,
    open_vote,
    open_when_allowed,
    planned,
    settle_accounts,
    three_bids,
    works,
)
from workflows.renovation import RenovationWorkflow

__all__ = [
    "BANK",
    "BUREAU",
    "CHIEF",
    "COMMITTEE",
    "CONTRACTOR",
    "DAY",
    "EVALUATOR",
    "OTHER_SUPERVISOR",
    "REACTIONS",
    "STREET",
    "SUPERVISOR",
    "JourneyDriver",
    "Reaction",
    "actor",
    "builder",
    "cleared_flags",
    "codes",
    "complain",
    "first_candidate",
    "inspect",
    "kept_back",
    "open_vote",
    "open_when_allowed",
    "planned",
    "settle_accounts",
    "three_bids",
    "works",
]
Reaction = Callable[["JourneyDriver"], Awaitable[None]]
DAY = timedelta(days=1)
MOST_MOVES = 400
FAR_DAYS = 10
"""So far the clock goes at once where no deadline is known."""


class JourneyDriver(ToldCase):
    """One told case that is carried from wait to wait."""

    def __init__(
        self, parts: Parts, http: httpx.AsyncClient, db: asyncpg.Connection, rid: str
    ) -> None:
        super().__init__(parts, http, db, rid)
        self.gateway_public = ""
        self.reactions: dict[str, Reaction] = dict(REACTIONS)

    def on(self, word: str, reaction: Reaction) -> None:
        """Replace what is done when the renovation waits for `word`."""
        self.reactions[word] = reaction

    async def start(self) -> WorkflowHandle[RenovationWorkflow, JourneyOutcome]:
        async def begin(session: AsyncSession) -> None:
            now = await load_tick(session, self.rid)
            waits = (at_work(STARTING, now),)
            await replace_waits(session, self.rid, renovation_workflow_id(self.rid), waits, now)

        await self.parts.database.transaction(begin)
        self.handle = await self.begin_workflow()
        return self.handle

    async def begin_workflow(self) -> WorkflowHandle[RenovationWorkflow, JourneyOutcome]:
        return await self.client.start_workflow(
            RenovationWorkflow.run,
            Journey(renovation_id=self.rid, clock="told", gateway_public=self.gateway_public),
            id=renovation_workflow_id(self.rid),
            task_queue=self.queue,
        )

    async def until(self, word: str) -> asyncpg.Record:
        """React to every other wait until the renovation waits for `word`, or has ended ("nothing")."""
        for _ in range(MOST_MOVES):
            await self.parts.clocks.settle(self.rid)
            row = await self.row()
            if row["waiting_for"] == word:
                return row
            if row["state"] not in OPEN_STATES:
                assert word == "nothing", f"ended as {row['state']} before {word}"
                return row
            reaction = self.reactions.get(row["waiting_for"])
            if reaction is not None:
                before = await self.seq()
                await reaction(self)
                if await self.seq() != before:
                    continue
            await self.go_on()
        raise AssertionError(f"still waiting for {row['waiting_for']!r}, not {word!r}")

    async def go_on(self) -> None:
        """To the next deadline; some days on where there is none."""
        try:
            await self.move("next")
        except Refused as refused:
            if codes(refused) != ["clock.nothing_due"]:
                raise
            await self.days(FAR_DAYS)

    async def days(self, days: int) -> ClockMoved:
        return await self.move("days", days=days)

    async def move(self, move: str, **fields: Any) -> ClockMoved:
        """Tell the clock, under a new command id."""
        await self.official(COMMITTEE)
        command = MoveClock(command_id=self.new_id("move"), move=move, **fields)
        return await self.parts.clocks.move(self.rid, COMMITTEE, command)
