"""Who has reconciliation and anchors run: schedules, made anew at every start, and administrators."""

import uuid
from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from models.messages.reconciling import ReconcileReport, Reconciliation

WORKFLOW = "ReconcileWorkflow"
SCHEDULE = "gongjian-reconcile"
ANCHOR_WORKFLOW = "AnchorWorkflow"
ANCHORS = "gongjian-anchors"
EVERY, DAILY = timedelta(minutes=1), timedelta(days=1)
LONGEST = timedelta(hours=2)
"""A comparison of everything, after Temporal's data were lost."""


def schedule_name(task_queue: str) -> str:
    """The schedule of an installation, by its task queue."""
    return f"{SCHEDULE}-{task_queue}"


def reconciliation_schedule(task_queue: str, every: timedelta = EVERY) -> Schedule:
    """What is suspicious is compared every so often, one comparison at a time."""
    return Schedule(
        action=ScheduleActionStartWorkflow(
            WORKFLOW,
            Reconciliation(),
            id="reconcile",
            task_queue=task_queue,
            execution_timeout=LONGEST,
            static_summary="record and engine are compared",
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP),
    )


def anchor_schedule(task_queue: str, every: timedelta = DAILY) -> Schedule:
    """The heads of all cases are anchored every day, in the first hour of UTC."""
    return Schedule(
        action=ScheduleActionStartWorkflow(
            ANCHOR_WORKFLOW,
            id="anchor",
            task_queue=task_queue,
            execution_timeout=LONGEST,
            static_summary="heads of all cases are anchored",
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP),
    )


async def schedule_reconciliation(
    client: Client, task_queue: str, every: timedelta = EVERY
) -> None:
    """Have record and engine compared, one comparison at a time. Safe to run again."""
    name = schedule_name(task_queue)
    await _schedule(client, name, reconciliation_schedule(task_queue, every))


async def schedule_anchoring(client: Client, task_queue: str, every: timedelta = DAILY) -> None:
    """Have the heads of all cases anchored every day. Safe to run again."""
    await _schedule(client, f"{ANCHORS}-{task_queue}", anchor_schedule(task_queue, every))


async def _schedule(client: Client, name: str, schedule: Schedule) -> None:
    def anew(_before: ScheduleUpdateInput) -> ScheduleUpdate:
        return ScheduleUpdate(schedule=schedule)

    try:
        await client.create_schedule(name, schedule)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(name).update(anew)


async def reconcile(client: Client, task_queue: str, given: Reconciliation) -> ReconcileReport:
    """Compare now, and wait for what was found.

    Raises:
        WorkflowFailureError: the comparison itself failed.
    """
    result: ReconcileReport = await client.execute_workflow(
        WORKFLOW,
        given,
        id=f"repair/{given.renovation_id or 'all'}/{uuid.uuid4().hex[:8]}",
        task_queue=task_queue,
        execution_timeout=LONGEST,
        result_type=ReconcileReport,
    )
    return result
