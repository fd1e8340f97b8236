"""The only way from the service to the workflows: official acts as updates, residents' facts as signals.

The command id is the id of the update, so the same command sent again gets the first answer. The
gateway waits `update_timeout_s` seconds at most; then it refuses with `service.not_confirmed`, and the
same command may be sent again.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

import structlog
from pydantic import JsonValue
from sqlalchemy import select
from temporalio.client import (
    Client,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from models.messages.act_bodies import BODIES
from models.messages.acts import ACTS, Act, ConfirmTicket, Done
from models.messages.feedback import TicketInput
from models.messages.ids import (
    publication_workflow_id,
    renovation_workflow_id,
    ticket_workflow_id,
)
from models.tables import CaseWait, Event, Publication, Ticket
from models.values.actor import Actor
from models.values.refusal import Problem, Refused, problem, refusal, refuse_if_any
from models.values.states import RenovationState
from rules.authority import Grant, check_act
from runtime.database import Database
from runtime.record.journal import Journal
from runtime.settings import Settings
from service.bodies import CommandBody
from service.http.problems import read_fields
from service.situation import Situation, load_grants, load_situation

log = structlog.get_logger("gateway")
TICKET_WORKFLOW = "TicketWorkflow"
NOT_YET_S = 0.05
AWAY = frozenset(
    {
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.ABORTED,
        RPCStatusCode.INTERNAL,
        RPCStatusCode.UNKNOWN,
    }
)
"""Temporal or a worker did not answer: the act may have happened or not."""
NOT_NOW = frozenset(
    {
        "cost_sharing.collection_running",
        "cost_sharing.no_gap",
        "act.not_now",
        "inspection.payment_before_acceptance",
        "publication.not_open",
        "renovation.revision_not_asked",
        "feedback.ticket_not_answered",
        "feedback.ticket_not_open",
        "inspection.works_not_finished",
    }
)
"""Codes with which a workflow refuses an act that comes too early."""
AWAITED_AS: Mapping[str, str] = {
    "answer_objection": "objections",
    "grant_subsidy": "subsidy",
    "decline_subsidy": "subsidy",
    "resolve_ticket": "answer",
    "confirm_ticket": "call_back",
}
"""Act name to the name of its wait on the agenda (`case_wait.what`), where the two differ."""
ENDED = "AcceptedUpdateCompletedWorkflow"
"""What the SDK calls an update that was accepted by a workflow which then ended."""


class Gateway:
    """Sends official acts in the name of a verified actor."""

    def __init__(self, client: Client, database: Database, settings: Settings) -> None:
        self._client = client
        self._database = database
        self._journal = Journal(database)
        self._patience = timedelta(seconds=settings.update_timeout_s)
        self._task_queue = settings.task_queue
        self._acts = Counter[str]()

    async def send(
        self,
        renovation_id: str,
        act_name: str,
        body: Mapping[str, JsonValue],
        actor_id: str,
        command_id: str,
        *,
        resident: Actor | None = None,
    ) -> Done:
        """Do an official act; `body` are its own fields. Sent twice, it is done once.

        `resident` is the actor where it is no official, whose roles are on the record.

        Raises:
            Refused: `renovation.unknown`, `authority.…`, `service.field_…`, what the rules say, or
                `service.target_closed` (409) and `service.not_confirmed` (503).
        """
        situation = await load_situation(self._database, renovation_id)
        if act_name not in ACTS:
            raise refusal("authority.unknown_act", act=act_name)
        done = await self._done_before(renovation_id, command_id, actor_id)
        if done is not None:
            return done
        grants = (
            (
                Grant(
                    actor_id=actor_id,
                    label=resident.label,
                    role=resident.role,
                    place=resident.place,
                ),
            )
            if resident is not None
            else await load_grants(self._database, actor_id)
        )
        actor = check_act(act_name, situation.stage, grants, situation.place_path)
        return await self._deliver(situation, build_act(act_name, body, actor, command_id))

    def under_way(self, renovation_id: str) -> bool:
        """Whether this process is delivering an act to the case; a told clock waits until it is done."""
        return self._acts[renovation_id] > 0

    async def confirm_ticket(
        self, renovation_id: str, ticket_id: str, actor: Actor, command_id: str, *, satisfied: bool
    ) -> Done:
        """Send a resident's confirmation of an answer; the caller has checked that the ticket is theirs.

        Raises:
            Refused: as `send` does.
        """
        fields: dict[str, JsonValue] = {"ticket_id": ticket_id, "satisfied": satisfied}
        return await self.send(
            renovation_id, ConfirmTicket.name, fields, actor.id, command_id, resident=actor
        )

    async def start_ticket(self, situation: Situation, ticket_id: str) -> None:
        """Start the workflow of a ticket whose row is committed; one that runs already is left alone.

        Raises:
            Refused: `service.not_confirmed`; the ticket stays written, and may be sent again.
        """
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                await self._client.start_workflow(
                    TICKET_WORKFLOW,
                    TicketInput(
                        renovation_id=situation.id, ticket_id=ticket_id, clock=situation.clock
                    ),
                    id=ticket_workflow_id(situation.id, ticket_id),
                    task_queue=self._task_queue,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    static_summary="ticket",
                    rpc_timeout=self._patience,
                )
        except WorkflowAlreadyStartedError:
            return
        except (RPCError, TimeoutError, RuntimeError) as error:
            log.warning("ticket_not_started", ticket_id=ticket_id, reason=type(error).__name__)
            raise _not_confirmed() from error

    async def everyone_paid(self, situation: Situation) -> None:
        """Signal the collection that nothing is due any more; without it, it looks at its next deadline."""
        await self.signal(situation.stage_workflow_id, "everyone_paid")

    async def signal(self, workflow_id: str, name: str, *args: object) -> bool:
        """Send a signal; False where Temporal did not take it, then the caller sends it again."""
        handle = self._client.get_workflow_handle(workflow_id)
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                await handle.signal(name, args=list(args), rpc_timeout=self._patience)
        except (RPCError, TimeoutError, RuntimeError) as error:
            log.info(
                "workflow_not_told", workflow_id=workflow_id, fact=name, reason=type(error).__name__
            )
            return False
        return True

    async def _done_before(self, renovation_id: str, command_id: str, actor_id: str) -> Done | None:
        """The answer of an act that was done before, from its receipt; None for a new command.

        Raises:
            Refused: `service.field_wrong` for an id nobody outside may use;
                `journal.command_reused` when it was somebody else's or another renovation's;
                `service.not_confirmed`.
        """
        read_fields(CommandBody, {"command_id": command_id})
        receipt = await self._journal.answered(command_id)
        if receipt is None:
            return None
        async with self._database.session() as session:
            author, workflow_id = (
                await session.execute(
                    select(Event.actor_id, Event.workflow_id).where(Event.command_id == command_id)
                )
            ).one()
        if receipt.renovation_id != renovation_id or author != actor_id:
            raise refusal(
                "journal.command_reused", where=command_id, command=command_id, kind=receipt.kind
            )
        await self._await_workflow(workflow_id, command_id)
        return Done(command_id=command_id, kind=receipt.kind)

    async def _await_workflow(self, workflow_id: str, command_id: str) -> None:
        """Return when the workflow has finished the update that is on the record already.

        A worker that dies after its commit leaves the workflow behind the database. An official who
        was answered "done" at that moment would be refused the next act.

        Raises:
            Refused: `service.not_confirmed`.
        """
        if not workflow_id:
            return
        update = self._client.get_workflow_handle(workflow_id).get_update_handle(command_id)
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                await update.result()
        except WorkflowUpdateFailedError:
            return
        except RPCError as error:
            if error.status in AWAY:
                raise _not_confirmed() from error
            # Nobody waits for it any more: Temporal has forgotten the update or the workflow.
            return
        except (WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError, RuntimeError) as error:
            raise _not_confirmed() from error

    async def _deliver(self, situation: Situation, act: Act) -> Done:
        self._acts[situation.id] += 1
        try:
            return await self._confirmed(situation, act)
        finally:
            self._acts[situation.id] -= 1

    async def _confirmed(self, situation: Situation, act: Act) -> Done:
        target = await self._target(situation, act)
        try:
            # A server that is away is asked again by the SDK without end: the limit is ours.
            async with asyncio.timeout(self._patience.total_seconds()):
                while True:
                    done = await self._update(situation, target, act)
                    if done is not None:
                        return done
                    await asyncio.sleep(NOT_YET_S)
        except (WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError, RuntimeError) as error:
            log.warning("act_not_confirmed", act=act.name, renovation_id=situation.id)
            raise _not_confirmed() from error

    async def _update(self, situation: Situation, workflow_id: str, act: Act) -> Done | None:
        """Send the update once; None when the database is ahead of the workflow and it must be sent again.

        The row of the renovation names a new stage before the stage's workflow runs, and the agenda
        has a wait before the workflow that wrote it goes on.
        """
        handle = self._client.get_workflow_handle(workflow_id)
        try:
            # The command id is the update's id: sent twice, both get the answer of one update.
            done: Done = await handle.execute_update(
                act.name, act, id=act.command_id, result_type=Done
            )
        except WorkflowUpdateFailedError as error:
            refusal = _refusal(act, error.cause)
            if await self._is_behind(workflow_id, act, refusal):
                return None
            raise refusal from error
        except RPCError as error:
            if error.status == RPCStatusCode.NOT_FOUND:
                await self._refuse_if_left(situation, workflow_id, act)
                return None
            if error.status in AWAY:
                raise _not_confirmed() from error
            raise
        return done

    async def _refuse_if_left(self, situation: Situation, workflow_id: str, act: Act) -> None:
        """Temporal knows no such workflow: refuse, unless the row still names it and it is about to start."""
        now = await load_situation(self._database, situation.id)
        moved = now.state != RenovationState.RUNNING or now.stage_workflow_id != workflow_id
        if act.target != "stage" or moved:
            raise _target_closed(act)

    async def _is_behind(self, workflow_id: str, act: Act, refusal: Refused) -> bool:
        """Whether the workflow refused as too early what its agenda says that it waits for."""
        if not NOT_NOW.issuperset(problem.code for problem in refusal.problems):
            return False
        awaited_as = AWAITED_AS.get(act.name, act.name)
        async with self._database.session() as session:
            waits = await session.scalars(
                select(CaseWait.what).where(CaseWait.workflow_id == workflow_id)
            )
            return any(what.partition(".")[0] == awaited_as for what in waits)

    async def _target(self, situation: Situation, act: Act) -> str:
        """The id of the workflow that the act is sent to."""
        if act.target == "renovation":
            return renovation_workflow_id(situation.id)
        if act.target == "publication":
            name = str(getattr(act, "publication_id", ""))
            await self._must_exist(situation, Publication, name, "publication.unknown")
            return publication_workflow_id(situation.id, name)
        if act.target == "ticket":
            name = str(getattr(act, "ticket_id", ""))
            await self._must_exist(situation, Ticket, name, "feedback.ticket_unknown")
            return ticket_workflow_id(situation.id, name)
        if not situation.stage_workflow_id:
            raise _target_closed(act)
        return situation.stage_workflow_id

    async def _must_exist(
        self, situation: Situation, table: type[Publication] | type[Ticket], name: str, code: str
    ) -> None:
        async with self._database.session() as session:
            found = await session.scalar(
                select(table.id).where(table.id == name, table.renovation_id == situation.id)
            )
        if found is None:
            raise refusal(code, where=name)


def build_act(act_name: str, body: Mapping[str, JsonValue], actor: Actor, command_id: str) -> Act:
    """The act from its own fields, the verified actor and the command id.

    Raises:
        Refused: `service.field_…` for each field that is missing, unknown or wrong.
    """
    refuse_if_any(
        problem("service.field_unknown", where=name, field=name)
        for name in sorted({"actor", "command_id"} & body.keys())
    )
    fields = read_fields(BODIES[act_name], body).model_dump(exclude_unset=True)
    return ACTS[act_name].model_validate({**fields, "command_id": command_id, "actor": actor})


def _refusal(act: Act, cause: BaseException | None) -> Refused:
    """The refusal that a failed update carries; `service.failed` for what is none."""
    if isinstance(cause, ApplicationError):
        if cause.type == "Refused" and cause.details and isinstance(cause.details[0], list):
            return Refused(*(Problem.model_validate(each) for each in cause.details[0]))
        if cause.type == ENDED:
            return _target_closed(act)
    log.error("act_failed", act=act.name, reason=type(cause).__name__)
    return refusal("service.failed")


def _not_confirmed() -> Refused:
    return refusal("service.not_confirmed")


def _target_closed(act: Act) -> Refused:
    return refusal("service.target_closed", act=act.name)
