"""What the votes of the owners chose becomes the next version of the scheme."""

from pydantic import JsonValue

from activities.cost_sharing.rows import add_scheme_version, counted_kinds, share_units
from activities.recording import Case
from activities.voting.payers import load_payers
from activities.voting.scopes import adopted_ever, counted_boxes
from models.values.scheme import SchemeContent
from rules.adopted import adopted_content
from rules.voting.live.payers import with_payers

Shown = dict[str, JsonValue]


async def write_chosen(case: Case) -> Shown | None:
    """Write the adopted scheme where it differs from the one voted on; what the event says about it.

    None where nothing is left to build: then nothing is adopted.
    """
    version, content = await case.scheme()
    adopted = adopted_content(content, await adopted_ever(case))
    if adopted is None:
        return None
    payers = await load_payers(case.session, await counted_boxes(case))
    if payers:
        adopted = with_payers(adopted, payers, await share_units(case), counted_kinds(case))
    if adopted != content:
        version = await add_scheme_version(case, adopted)
    return {"version": version, **_difference(content, adopted)}


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
