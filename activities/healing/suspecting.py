"""Which cases are worth a comparison of record and engine."""

import contextlib
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError

from activities.recording import Writer
from models.messages.reconciling import Reconciliation, Suspects
from runtime.record.agenda import end_confirmations

PAGE = 200
ALL = text("""
SELECT r.id FROM renovation r
WHERE r.id > :after AND (r.state IN ('running', 'in_warranty', 'settling') OR EXISTS (
  SELECT 1 FROM ticket t WHERE t.renovation_id = r.id AND t.state NOT IN ('closed', 'referred')))
ORDER BY r.id LIMIT :page
""")
"""Everything that should run: a complaint goes on when the renovation has ended."""
SUSPICIOUS = text("""
SELECT id FROM (
  SELECT renovation_id AS id FROM case_trouble WHERE NOT by_act
  UNION
  SELECT w.renovation_id FROM case_wait w LEFT JOIN case_clock c USING (renovation_id)
  WHERE w.consequence <> '' AND w.due_at <= coalesce(c.now, clock_timestamp() - interval '2 minutes')
  UNION
  SELECT unnest(CAST(:ended AS text[]))
) found WHERE id > :after ORDER BY id LIMIT :page
""")
"""A step broke, the engine is late by two minutes, or a workflow was stopped from outside."""
RUNNING = text(
    "SELECT count(*) FROM renovation WHERE state IN ('running', 'in_warranty', 'settling')"
)
ENDED_BADLY = """
WorkflowType IN ('RenovationWorkflow', 'VotingWorkflow', 'CostSharingWorkflow', 'BiddingWorkflow',
'InspectionWorkflow', 'FeedbackWorkflow', 'WarrantyWorkflow', 'CollectionWorkflow', 'PublicationWorkflow',
'TicketWorkflow')
AND ExecutionStatus IN ('Terminated', 'Canceled', 'Failed', 'TimedOut')
""".replace("\n", " ").strip()
MOST_ENDED = 1_000
AT_WORK = 10
"""So many more running rows than running workflows say nothing: some begin or end just now."""


class Suspecting(Writer):
    """Chooses what `Reconciling.mend` looks at."""

    @activity.defn(name="Suspecting.page")
    async def page(self, given: Reconciliation) -> Suspects:
        """The next cases to compare, after `given.after`, by id."""
        await self.recorder.database.transaction(end_confirmations)
        everything = given.everything or await self._much_is_missing()
        ended = [] if everything else await _ended_badly(activity.client())
        async with self.recorder.database.session() as session:
            found = await _ids(session, given.after, everything, ended)
        last = found[-1] if len(found) == PAGE else ""
        return Suspects(renovation_ids=tuple(found), last=last)

    async def _much_is_missing(self) -> bool:
        """Whether the engine runs far fewer renovations than the record has: its data are lost."""
        async with self.recorder.database.session() as session:
            rows = int(await session.scalar(RUNNING) or 0)
        query = "WorkflowType = 'RenovationWorkflow' AND ExecutionStatus = 'Running'"
        with contextlib.suppress(RPCError):
            running = (await activity.client().count_workflows(query)).count
            return rows - running > AT_WORK + rows // 100 or (rows > 0 and not running)
        return False


async def _ids(
    session: AsyncSession,
    after: str,
    everything: bool,
    ended: Sequence[str],
) -> list[str]:
    values: dict[str, object] = {"after": after, "page": PAGE}
    query = ALL if everything else SUSPICIOUS
    if not everything:
        values["ended"] = list(ended)
    return [str(found) for found in await session.scalars(query, values)]


async def _ended_badly(client: Client) -> list[str]:
    """The cases of workflows that did not end by themselves, as far as the server still lists them."""
    found: set[str] = set()
    # The list may be behind, and is only a hint: what it names is looked at.
    with contextlib.suppress(RPCError):
        async for each in client.list_workflows(ENDED_BADLY, limit=MOST_ENDED):
            found.add(each.id.split("/")[1] if "/" in each.id else each.id)
    return sorted(found)
