"""An official act on its way to its workflow, which may not run yet, be full, or be about to move.

What may be cured by asking again is asked again, within the patience of one request; then the answer
says what to do. Whatever comes back that nobody foresaw is looked up in the record first.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from weakref import WeakValueDictionary

import structlog
from sqlalchemy import ColumnElement, and_, select
from temporalio.client import (
    Client,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from models.messages.acts import Act, Done
from models.messages.ids import (
    publication_workflow_id,
    renovation_workflow_id,
    ticket_workflow_id,
)
from models.tables import CaseWait, CommandReceipt, Publication, Renovation, Ticket
from models.values.refusal import Problem, Refused, refusal
from models.values.states import ENDING_STATES, OPEN_STATES, PublicationState, TicketState
from models.values.waits import STARTING
from proof.commands import act_hash, reference_for
from runtime.database import Database
from runtime.record.journal import Journal, refuse_given_up
from service.situation import Situation

log = structlog.get_logger("gateway")
FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 0.4
SHORTEST_ATTEMPT_S = 0.5
"""With less of its patience left, an act is not sent once more: an answer could not come in time."""
AT_ONCE = 2
"""So many acts of one workflow are under way in this process; more wait here, in the order they came.

The workflow does them one by one anyway. Over its limit (10) Temporal drops those under way, which are
then sent again, all at once: with thirty senders nothing got through any more (seen).
"""
FULL = {
    RPCStatusCode.FAILED_PRECONDITION: "service.full",
    RPCStatusCode.RESOURCE_EXHAUSTED: "service.too_many_acts",
}
"""Temporal took nothing: the workflow has had all the updates it may have, or too many are under way.

The first ends when the workflow continues as new, which one that waits for a child does after that.
"""
AWAY = frozenset(
    {
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.DEADLINE_EXCEEDED,
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
        "renovation.ended",
        "renovation.revision_not_asked",
        "feedback.ticket_not_answered",
        "feedback.ticket_not_open",
        "inspection.works_not_finished",
    }
)
"""Codes with which a workflow refuses an act that comes too early."""
HELD_BACK = "act.held_back"
"""With it a workflow refuses that is about to continue as new: the next run takes the act."""
AWAITED_AS: Mapping[str, str] = {
    "answer_objection": "objections",
    "grant_subsidy": "subsidy",
    "decline_subsidy": "subsidy",
    "resolve_ticket": "answer",
    "confirm_ticket": "call_back",
    "clarify_tender": "bids",
    "withdraw_candidate": "award_contract",
    "rule_on_signature": "sign_contract",
    "report_item": "works",
    "record_inspection": "works",
    "report_rectified": "works",
}
"""Act name to the name of its wait on the agenda (`case_wait.what`), where the two differ."""
ENDED = "AcceptedUpdateCompletedWorkflow"
"""What the SDK calls an update that was accepted by a workflow which then ended."""


class Delivery:
    """Delivers acts for one gateway, each within `patience`."""

    def __init__(self, client: Client, database: Database, patience: timedelta) -> None:
        self._client = client
        self._database = database
        self._journal = Journal(database)
        self._patience_s = patience.total_seconds()
        self._slots = WeakValueDictionary[str, asyncio.Semaphore]()

    async def deliver(self, situation: Situation, act: Act) -> Done:
        """The workflow's answer to the act.

        Raises:
            Refused: what the workflow says; `publication.unknown`, `feedback.ticket_unknown`,
                `service.target_closed`, `journal.command_reused`, `service.failed`; and, where asking
                again later may help, what `_attempt` found last.
        """
        workflow_id = await self._existing_target(situation, act)
        until = asyncio.get_running_loop().time() + self._patience_s
        slot = self._slots.setdefault(workflow_id, asyncio.Semaphore(AT_ONCE))
        pause_s, sent = FIRST_PAUSE_S, False
        try:
            # A server that is away is asked again by the SDK without end: the limit is ours.
            async with asyncio.timeout_at(until), slot:
                sent = True
                while True:
                    answer = await self._attempt(situation, workflow_id, act)
                    if isinstance(answer, Done):
                        return await self._checked(answer, act)
                    left_s = until - asyncio.get_running_loop().time()
                    if left_s < pause_s + SHORTEST_ATTEMPT_S:
                        break
                    await asyncio.sleep(pause_s)
                    pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        except (WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError, RuntimeError) as error:
            log.warning("act_not_confirmed", act=act.name, renovation_id=situation.id, sent=sent)
            raise refusal("service.not_confirmed" if sent else "service.too_many_acts") from error
        log.warning("act_not_taken", act=act.name, renovation_id=situation.id, why=str(answer))
        raise answer

    async def _attempt(self, situation: Situation, workflow_id: str, act: Act) -> Done | Refused:
        """Send the update once. A refusal that is returned, and not raised, may be cured by asking again.

        The row of the renovation names a new stage before the stage's workflow runs, and the agenda
        has a wait before the workflow that wrote it goes on.
        """
        handle = self._client.get_workflow_handle(workflow_id)
        try:
            # The key of the command is the update's id: sent twice, both get the answer of one update.
            done: Done = await handle.execute_update(
                act.name, act, id=act.command_id, result_type=Done
            )
        except WorkflowUpdateFailedError as error:
            return await self._refused(situation, workflow_id, act, error.cause)
        except RPCError as error:
            return await self._not_taken(situation, workflow_id, act, error)
        return done

    async def _refused(
        self, situation: Situation, workflow_id: str, act: Act, cause: BaseException | None
    ) -> Done | Refused:
        """What a failed update says: a refusal, the end of its workflow, or nothing that is known."""
        said = refusal_in(cause)
        if said is not None:
            codes = [problem.code for problem in said.problems]
            if codes == [HELD_BACK]:
                return said
            if await self._is_behind(workflow_id, act, codes):
                # Not a rule's word: the record awaits this act, its workflow does not know that yet.
                return refusal("service.not_running")
            raise said
        done = await self._on_record(act)
        if done is not None:
            return done
        if isinstance(cause, ApplicationError) and cause.type == ENDED:
            return await self._missing(situation, workflow_id, act)
        raise _failed(act, cause)

    async def _not_taken(
        self, situation: Situation, workflow_id: str, act: Act, error: RPCError
    ) -> Refused:
        if error.status == RPCStatusCode.NOT_FOUND:
            return await self._missing(situation, workflow_id, act)
        if error.status in FULL:
            return refusal(FULL[error.status])
        if error.status in AWAY:
            return refusal("service.not_confirmed")
        raise _failed(act, error)

    async def _missing(self, situation: Situation, workflow_id: str, act: Act) -> Refused:
        """No workflow runs that could take the act: it is about to start, was lost, or is over."""
        async with self._database.session() as session:
            is_open = await session.scalar(
                select(Renovation.id).where(
                    Renovation.id == situation.id, _open_on_record(workflow_id, act)
                )
            )
        if is_open is None:
            raise target_closed(act)
        return refusal("service.not_running")

    async def _on_record(self, act: Act) -> Done | None:
        """The answer of the act if it was recorded, although its workflow does not say so."""
        receipt = await self._journal.answered(act.command_id)
        return None if receipt is None else done_before(receipt)

    async def _is_behind(self, workflow_id: str, act: Act, codes: list[str]) -> bool:
        """Whether the workflow refused as too early what its agenda says that it waits for."""
        if not NOT_NOW.issuperset(codes):
            return False
        awaited = {AWAITED_AS.get(act.name, act.name), STARTING}
        async with self._database.session() as session:
            waits = await session.scalars(
                select(CaseWait.what).where(CaseWait.workflow_id == workflow_id)
            )
            return any(what.partition(".")[0] in awaited for what in waits)

    async def _existing_target(self, situation: Situation, act: Act) -> str:
        """The workflow that the act is sent to, if its subject is on the record."""
        subjects: Mapping[str, tuple[type[Publication | Ticket], str]] = {
            "publication": (Publication, "publication.unknown"),
            "ticket": (Ticket, "feedback.ticket_unknown"),
        }
        if act.target in subjects:
            table, unknown = subjects[act.target]
            name = subject_of(act)
            async with self._database.session() as session:
                found = await session.scalar(
                    select(table.id).where(table.id == name, table.renovation_id == situation.id)
                )
            if found is None:
                raise refusal(unknown, where=name)
        workflow_id = target_of(situation, act)
        if not workflow_id:
            raise target_closed(act)
        return workflow_id

    async def _checked(self, done: Done, act: Act) -> Done:
        """The answer of the record, if it is that of this act: Temporal asks for nothing but the key.

        What the record does not have is not done, whoever has answered so in our worker's place.
        """
        if done.request_hash not in ("", act_hash(act)):
            raise command_reused(done.kind)
        written = await self._on_record(act)
        if written is None:
            log.error("act_not_on_record", act=act.name, reference=reference_for(act.command_id))
            raise refusal("service.not_confirmed")
        return written.model_copy(update={"text": done.text})


def target_of(situation: Situation, act: Act) -> str:
    """The id of the workflow that an act is for; "" where no stage is under way."""
    if act.target == "renovation":
        return renovation_workflow_id(situation.id)
    if act.target == "publication":
        return publication_workflow_id(situation.id, subject_of(act))
    if act.target == "ticket":
        return ticket_workflow_id(situation.id, subject_of(act))
    in_another = situation.state not in ENDING_STATES and situation.stage != act.stage
    if (act.settles and not situation.stage_workflow_id) or (act.beside and in_another):
        return renovation_workflow_id(situation.id)
    return situation.stage_workflow_id


def subject_of(act: Act) -> str:
    """The id of the publication or ticket that an act is about."""
    return str(getattr(act, f"{act.target}_id", ""))


def done_before(receipt: CommandReceipt) -> Done:
    """The answer of an act that is on the record.

    Raises:
        Refused: `act.broken`, where it was given up.
    """
    refuse_given_up(receipt)
    return Done(
        seq=receipt.seq,
        command_id=receipt.command_id,
        kind=receipt.kind,
        request_hash=receipt.request_hash,
    )


def command_reused(kind: str) -> Refused:
    """The sender has used the command id for something else, an act of this kind."""
    return refusal("journal.command_reused", where="command_id", kind=kind)


def target_closed(act: Act) -> Refused:
    """Nobody waits for the act any more, or not yet."""
    return refusal("service.target_closed", act=act.name)


def refusal_in(cause: BaseException | None) -> Refused | None:
    """The refusal that a failed update carries, None where it carries none."""
    if not isinstance(cause, ApplicationError) or cause.type != "Refused":
        return None
    if not cause.details or not isinstance(cause.details[0], list):
        return None
    try:
        return Refused(*(Problem.model_validate(each) for each in cause.details[0]))
    except ValueError:
        # Not in our words: whoever has answered so in our worker's place is told nowhere.
        return None


def _open_on_record(workflow_id: str, act: Act) -> ColumnElement[bool]:
    """Whether the record says of the act's subject that it is under way."""
    running = Renovation.state.in_(OPEN_STATES)
    if act.target == "publication":
        return (
            select(Publication.id)
            .where(Publication.id == subject_of(act), Publication.state == PublicationState.OPEN)
            .exists()
        )
    if act.target == "ticket":
        over = (TicketState.CLOSED, TicketState.REFERRED)
        return (
            select(Ticket.id)
            .where(Ticket.id == subject_of(act), Ticket.state.not_in(over))
            .exists()
        )
    if act.target == "stage":
        # The workflow of the renovation takes what settles it, where no stage is under way.
        own = workflow_id.count("/") == 1
        if own and act.beside:
            return running
        stage = "" if own else workflow_id
        return and_(running, Renovation.stage_workflow_id == stage)
    return running


def _failed(act: Act, cause: BaseException | None) -> Refused:
    """What nobody foresaw: it is in the log under a reference, and the person is told that."""
    reference = reference_for(act.command_id)
    log.error("act_failed", act=act.name, reference=reference, exc_info=cause)
    return refusal("service.failed", reference=reference)
