"""What decides who works and when somebody compares: the current build, and the schedule of reconciliation.

Whoever reaches Temporal can send our work to another build, and pause, change or delete the schedule. Nothing
of that writes to the record; `gongjian repair` says it, and makes the schedule anew.
"""

from temporalio.client import Client, Schedule, ScheduleActionStartWorkflow
from temporalio.service import RPCError, RPCStatusCode

from models.messages.reconciling import Discrepancy, Fault, Reconciliation
from runtime.engine.builds import builds_at_work
from runtime.engine.reconciliation import (
    reconciliation_schedule,
    schedule_name,
    schedule_reconciliation,
)


async def other_builds(client: Client, task_queue: str, build_id: str) -> tuple[str, ...]:
    """The builds, other than this one, that are given work of the queue; "" is a worker without a build."""
    try:
        builds = await builds_at_work(client, task_queue)
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        return ()
    return tuple(sorted(builds - {build_id}))


async def schedule_finding(
    client: Client, task_queue: str, *, dry_run: bool
) -> tuple[Discrepancy, ...]:
    """Whether the schedule of reconciliation is not as it was made; unless `dry_run` it is made anew."""
    fault = await _schedule_fault(client, task_queue)
    if fault is None:
        return ()
    if not dry_run:
        await schedule_reconciliation(client, task_queue)
    return (Discrepancy(renovation_id="-", workflow_id=schedule_name(task_queue), fault=fault),)


async def _schedule_fault(client: Client, task_queue: str) -> Fault | None:
    try:
        found = (await client.get_schedule_handle(schedule_name(task_queue)).describe()).schedule
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        return Fault.LOST
    same = _said(found) == _said(reconciliation_schedule(task_queue))
    return None if same and await _asks_for_all(client, found) else Fault.DIFFERS


def _said(schedule: Schedule) -> tuple[object, ...]:
    """What of a schedule decides whether, when and where it starts what; arguments come apart."""
    action, spec, state = schedule.action, schedule.spec, schedule.state
    started = (
        (action.workflow, action.id, action.task_queue, action.execution_timeout)
        if isinstance(action, ScheduleActionStartWorkflow)
        else ()
    )
    when = [(each.every, each.offset) for each in spec.intervals]
    more = (spec.calendars, spec.cron_expressions, spec.skip, spec.start_at, spec.end_at)
    held = (state.paused, state.limited_actions, schedule.policy.overlap)
    return (*started, when, *(each or None for each in more), *held)


async def _asks_for_all(client: Client, schedule: Schedule) -> bool:
    """Whether it asks for what is suspicious of all cases, in the engine's name."""
    action = schedule.action
    if not isinstance(action, ScheduleActionStartWorkflow) or len(action.args) != 1:
        return False
    try:
        (given,) = await client.data_converter.decode(list(action.args), [Reconciliation])
    except Exception:  # noqa: BLE001 - what nobody can read is not what we have made
        return False
    return bool(given == Reconciliation())
