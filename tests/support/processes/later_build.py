"""A later build of the worker, for tests: `python later_build.py` runs the product with one change.

The change is what a release makes behind `workflow.patched`: opening a vote takes a pause first, a
timer that the build before does not have. It counts for votes that are opened by this build; a run
that was replayed up to there by the other build would fail without the patch.
"""

from datetime import timedelta

from temporalio import workflow

from models.messages.acts import Done, OpenVote
from runtime.leaving import run_and_leave
from worker import main
from workflows.voting import VotingWorkflow

PATCH = "tests-later-build"
PAUSE = timedelta(milliseconds=10)

do_of_before = VotingWorkflow.do


async def do(self: VotingWorkflow, act: OpenVote, *args: object) -> Done:
    """As before, but whoever opens a vote waits a moment first."""
    if isinstance(act, OpenVote) and workflow.patched(PATCH):
        await workflow.sleep(PAUSE)
    return await do_of_before(self, act, *args)  # type: ignore[arg-type]


VotingWorkflow.do = do  # type: ignore[method-assign,assignment]

if __name__ == "__main__":
    run_and_leave(main)
