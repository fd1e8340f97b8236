"""What schedules do for all cases: record and engine are compared, and the heads are anchored daily."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy, VersioningBehavior
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.anchoring import Anchoring
    from activities.healing.reconciling import Reconciling
    from activities.healing.suspecting import Suspecting
    from models.messages.reconciling import (
        Anchored,
        Discrepancy,
        Fault,
        Mended,
        ReconcileReport,
        Reconciliation,
        Suspects,
    )

AT_ONCE = 8
"""So many cases are compared at the same time."""
MOST_FINDINGS = 500
"""The report names so many; the record of each case has all."""
PATIENCE = timedelta(minutes=2)
RETRY = RetryPolicy(maximum_attempts=3)


@workflow.defn(name="ReconcileWorkflow", versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class ReconcileWorkflow:
    """Compares record and engine, page by page, and mends what differs."""

    @workflow.init
    def __init__(self, given: Reconciliation) -> None:
        self.given = given

    @workflow.run
    async def run(self, _given: Reconciliation) -> ReconcileReport:
        """One case if it is named, else the pages of those that are to be looked at."""
        if self.given.renovation_id:
            await self._compare((self.given.renovation_id,))
            return self._report()
        while True:
            page = await self._page()
            await self._compare(page.renovation_ids)
            self.given = self.given.model_copy(update={"after": page.last})
            if not page.last:
                return self._report()
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(self.given)

    async def _page(self) -> Suspects:
        return await workflow.execute_activity_method(
            Suspecting.page,
            self.given,
            start_to_close_timeout=PATIENCE,
            retry_policy=RETRY,
        )

    async def _compare(self, renovation_ids: tuple[str, ...]) -> None:
        for start in range(0, len(renovation_ids), AT_ONCE):
            some = renovation_ids[start : start + AT_ONCE]
            found = await asyncio.gather(*(self._mend(each) for each in some))
            findings = self.given.findings + tuple(one for each in found for one in each.findings)
            now = {"cases": self.given.cases + len(some), "findings": findings[:MOST_FINDINGS]}
            self.given = self.given.model_copy(update=now)

    async def _mend(self, renovation_id: str) -> Mended:
        """One case; that it cannot be mended is a finding, and stops no other."""
        asked = self.given.model_copy(
            update={"renovation_id": renovation_id, "cases": 0, "findings": ()}
        )
        try:
            return await workflow.execute_activity_method(
                Reconciling.mend, asked, start_to_close_timeout=PATIENCE, retry_policy=RETRY
            )
        except ActivityError as error:
            why = type(error.cause).__name__ if error.cause else "?"
            failed = Discrepancy(
                renovation_id=renovation_id,
                workflow_id="",
                fault=Fault.NOT_MENDED,
                was=str(error.cause or why),
            )
            return Mended(findings=(failed,))

    def _report(self) -> ReconcileReport:
        return ReconcileReport(cases=self.given.cases, findings=self.given.findings)


@workflow.defn(name="AnchorWorkflow", versioning_behavior=VersioningBehavior.AUTO_UPGRADE)
class AnchorWorkflow:
    """Anchors the heads of all cases once a day."""

    @workflow.run
    async def run(self) -> Anchored:
        """One anchor; a database that is away is waited for."""
        return await workflow.execute_activity_method(
            Anchoring.anchor,
            start_to_close_timeout=PATIENCE,
            retry_policy=RetryPolicy(),
            summary="heads of all cases are anchored",
        )
