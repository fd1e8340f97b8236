"""One told case whose workflows are only names: each write is what an activity does for them.

Shows what every write leaves in the agenda, without Temporal. A step of the engine that leaves
something due behind, for its own workflow and not for the engine to go on, fails at once; a
reminder that is due already is written next.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from sqlalchemy import text

from activities.agenda import Agenda
from activities.bidding.signing import Signatures
from activities.bidding.tender import Tenders
from activities.cancellation import Cancellations
from activities.cost_sharing.shares import Shares
from activities.feedback.survey import Evaluations
from activities.feedback.tickets import Tickets
from activities.inspection.termination import Terminations
from activities.inspection.works import Works
from activities.publications import Publications
from activities.renovations import Renovations
from activities.voting.box import Ballots
from models.messages.acts import Act
from models.messages.command import Command
from models.messages.feedback import TicketInput
from models.messages.ids import (
    collections_of,
    publication_workflow_id,
    renovation_workflow_id,
    stage_workflow_id,
    ticket_workflow_id,
)
from models.messages.publication import PublicationInput
from models.tables import Objection, Ticket
from models.values.actor import ENGINE, Actor, Role
from models.values.states import Stage
from models.values.waits import REMINDING
from runtime.database import Database
from tests.support import money
from tests.support.agenda import Line, agenda, now_of
from tests.support.estate import make_renovation
from tests.support.told import move_clock

GOES_ON = ("engine", "starting")
OWNER = Actor(id="unit:1-101", role=Role.OWNER, label="owner")


class Play:
    """The case, its activities, and where it stands: `stage` is the id of the stage's workflow."""

    def __init__(self, database: Database, rid: str) -> None:
        recorder = money.recorder_of(database)
        self.database, self.rid, self.recorder, self.steps = database, rid, recorder, 0
        self.renovations, self.cancellations = Renovations(recorder), Cancellations(recorder)
        self.publications, self.ballots, self.shares = (
            Publications(recorder),
            Ballots(recorder),
            Shares(recorder),
        )
        self.tenders, self.works = Tenders(recorder), Works(recorder)
        self.terminations = Terminations(recorder)
        self.signatures = Signatures(recorder)
        self.tickets, self.evaluations = Tickets(recorder), Evaluations(recorder)
        self.agendas = Agenda(recorder)
        self.case = renovation_workflow_id(rid)
        self.stage = ""

    async def now(self) -> datetime:
        return await now_of(self.database, self.rid)

    async def at(self, moment: datetime) -> None:
        """Go on to a moment; nobody is woken."""
        await move_clock(self.database, self.rid, moment)

    def command(self, of: str, actor: Actor = ENGINE) -> Command:
        """The next step of a workflow."""
        self.steps += 1
        return Command(
            command_id=f"{of}#{self.steps}",
            renovation_id=self.rid,
            actor=actor,
            workflow_id=of,
            parent_id=self._parent(of),
        )

    def _parent(self, of: str) -> str:
        if of.startswith(publication_workflow_id(self.rid, "")):
            return self.stage or self.case
        return self.case if of == self.stage else ""

    async def own(
        self, write: Callable[..., Awaitable[Any]], *given: Any, of: str | None = None
    ) -> Any:
        """A step that a workflow takes by itself, the stage's unless another one is named."""
        command = self.command(self.stage if of is None else of)
        done = await write(command, *given)
        now = await self.now()
        left = (await agenda(self.database, self.rid)).get(command.workflow_id, [])
        due = [
            line.what
            for line in left
            if line.due_at and line.due_at <= now and line.consequence not in ("", *REMINDING)
        ]
        assert set(due) <= set(GOES_ON), f"{command.command_id} leaves {due} behind"
        return done

    async def act(
        self,
        write: Callable[..., Awaitable[Any]],
        kind: type[Act],
        who: Actor,
        *first: Any,
        of: str | None = None,
        **fields: Any,
    ) -> Any:
        """An official act that a workflow hears, the stage's unless another one is named."""
        command = self.command(self.stage if of is None else of, who)
        act = kind.model_validate({"command_id": command.command_id, "actor": who, **fields})
        return await write(command, *first, act)

    async def enter(self, stage: str) -> None:
        """The case enters a stage."""
        child = stage_workflow_id(self.rid, Stage(stage), 1)
        await self.own(self.renovations.enter_stage, Stage(stage), child, of=self.case)
        self.stage = child

    def publication(self, subject: str, **more: object) -> PublicationInput:
        """What the workflow of a publication is given."""
        fields = {"publication_id": f"{self.rid}.{subject}.1", "subject": subject, **more}
        return PublicationInput.model_validate({"renovation_id": self.rid, **fields})

    def of(self, given: PublicationInput) -> str:
        """The workflow of a publication."""
        return publication_workflow_id(self.rid, given.publication_id)

    async def post(self, subject: str, **more: object) -> PublicationInput:
        """The stage publishes something."""
        given = self.publication(subject, **more)
        await self.own(self.publications.open, given, of=self.of(given))
        return given

    async def object_to(self, given: PublicationInput) -> str:
        """An owner objects now; the id of the objection."""
        self.steps += 1
        name, now = f"{given.publication_id}.o{self.steps}", await self.now()
        async with self.database.session() as session, session.begin():
            session.add(
                Objection(
                    id=name,
                    publication_id=given.publication_id,
                    command_id=name,
                    unit_number="1-101",
                    text="why?",
                    filed_at=now,
                    recorded_at=now,
                )
            )
        return name

    async def complain(self) -> TicketInput:
        """A resident complains now; what the workflow of the ticket is given."""
        self.steps += 1
        name, now = f"{self.rid}.t{self.steps}", await self.now()
        async with self.database.session() as session, session.begin():
            session.add(
                Ticket(
                    id=name,
                    renovation_id=self.rid,
                    command_id=name,
                    kind="complaint",
                    text="the stairs are dark",
                    unit_number="1-101",
                    confidential=False,
                    level="grid",
                    state="open",
                    opened_at=now,
                    due_at=now,
                )
            )
        return TicketInput(renovation_id=self.rid, ticket_id=name)

    def ticket(self, given: TicketInput) -> str:
        """The workflow of a ticket."""
        return ticket_workflow_id(self.rid, given.ticket_id)

    async def bid(self, tender_id: str, *prices: int) -> None:
        """Bidders b1, b2… bid now."""
        now = await self.now()
        async with self.database.session() as session, session.begin():
            session.add_all(
                money.sealed_bid(
                    tender_id, f"b{number}", now, price_fen=price, bond_account=f"a{number}"
                )
                for number, price in enumerate(prices, start=1)
            )

    async def agenda(self) -> dict[str, list[Line]]:
        """Who waits for what: "case", "stage", and publications and tickets by their ids.

        Without what collects later instalments beside the stages (tests/activities/cost_sharing).
        """
        names = {self.case: "case", self.stage: "stage"}
        found = await agenda(self.database, self.rid)
        return {
            names.get(key, key.rpartition("/")[2]): lines
            for key, lines in found.items()
            if not key.startswith(collections_of(self.rid))
        }

    async def goes_on(self) -> Line:
        """The engine has something to do now."""
        now = await self.now()
        return Line("engine", due_at=now, since=now, consequence="goes_on")

    async def waiting_for(self) -> tuple[str, datetime | None]:
        """What the renovation's row says."""
        row = text("SELECT waiting_for, due_at FROM renovation WHERE id = :rid")
        async with self.database.session() as session:
            found = (await session.execute(row, {"rid": self.rid})).one()
        return found.waiting_for, found.due_at


async def begin(database: Database, rid: str, stage: str | None = None, **more: Any) -> Play:
    """A told case of twelve units that opens at `money.START`, in a stage if one is named."""
    given = {"units": 12, "content": money.scheme(), "told_at": money.START, **more}
    play = Play(database, await make_renovation(database, rid=rid, **given))
    if stage is not None:
        await play.enter(stage)
    return play


async def collecting(database: Database, rid: str, **more: Any) -> Play:
    """In cost sharing, with shares that are computed and not yet called for."""
    play = await begin(database, rid, Stage.COST_SHARING, **more)
    await play.own(play.shares.plan)
    await play.own(play.shares.compute)
    return play
