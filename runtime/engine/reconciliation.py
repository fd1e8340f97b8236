"""Who has reconciliation run: a schedule, made anew at every start, and administrators."""

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
EVERY = timedelta(minutes=1)
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


async def schedule_reconciliation(
    client: Client, task_queue: str, every: timedelta = EVERY
) -> None:
    """Have record and engine compared, one comparison at a time. Safe to run again."""
    schedule = reconciliation_schedule(task_queue, every)

    def anew(_before: ScheduleUpdateInput) -> ScheduleUpdate:
        return ScheduleUpdate(schedule=schedule)

    name = schedule_name(task_queue)
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
