"""What the votes of the owners chose becomes the next version of the scheme."""

from pydantic import JsonValue
from sqlalchemy import select

from activities.cost_sharing.rows import add_scheme_version
from activities.recording import Case
from models.messages.voting import VotingResult
from models.tables import BallotBox, Event
from models.values.scheme import SchemeContent
from rules.adopted import MotionOutcome, adopted_content

Shown = dict[str, JsonValue]


async def write_chosen(case: Case) -> Shown | None:
    """Write the adopted scheme where it differs from the one voted on; what the event says about it.

    None where nothing is left to build: then nothing is adopted.
    """
    version, content = await case.scheme()
    adopted = adopted_content(content, await last_results(case))
    if adopted is None:
        return None
    if adopted != content:
        version = await add_scheme_version(case, adopted)
    return {"version": version, **_difference(content, adopted)}


async def last_results(case: Case) -> dict[str, MotionOutcome]:
    """What became of every motion in the last vote that put it; votes that were annulled are none."""
    annulled = await case.session.scalars(
        select(Event.details["box_id"].as_string()).where(
            Event.renovation_id == case.renovation.id,
            Event.kind == "voting.result_declared",
            Event.details["outcome"].as_string() == VotingResult.ANNULLED.value,
        )
    )
    boxes = await case.session.scalars(
        select(BallotBox)
        .where(
            BallotBox.renovation_id == case.renovation.id,
            BallotBox.tally.is_not(None),
            BallotBox.id.not_in(annulled.all()),
        )
        .order_by(BallotBox.attempt, BallotBox.id)
    )
    return {
        name: MotionOutcome.model_validate(result)
        for box in boxes
        for name, result in (box.tally or {}).items()
    }


def _difference(before: SchemeContent, after: SchemeContent) -> Shown:
    """Which items, works and motions were left out, and the sums of the tender."""
    left_out: dict[str, JsonValue] = {}
    for kind in ("items", "works", "motions"):
        kept = {each.id for each in getattr(after, kind)}
        left_out[kind] = [each.id for each in getattr(before, kind) if each.id not in kept]
    return {
        "left_out": left_out,
        "cost_fen": sum(item.cost_fen for item in after.items),
        "estimate_fen": after.tender.estimate_fen,
        "ceiling_fen": after.tender.ceiling_fen,
    }
