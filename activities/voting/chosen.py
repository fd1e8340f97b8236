"""What a vote has adopted becomes the next version of the scheme."""

from collections.abc import Mapping

from activities.cost_sharing.rows import add_scheme_version
from activities.recording import Case
from rules.adopted import MotionOutcome, adopted_content


async def write_adopted(case: Case, outcomes: Mapping[str, MotionOutcome]) -> int | None:
    """Write the scheme as it was adopted; its version, None where that is the scheme as it stands."""
    _, content = await case.scheme()
    after = adopted_content(content, outcomes)
    if after is None or after == content:
        return None
    return await add_scheme_version(case, after)
