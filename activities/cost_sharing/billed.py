"""The bill that holds: which version of the scheme it is of, and whether it may still be changed."""

from sqlalchemy import func, select

from activities.recording import Case
from models.tables import CaseWait, Event, Scheme, Share
from models.values.refusal import refusal
from models.values.scheme import SchemeContent
from models.values.states import Stage
from rules.oversight import ANNULLED
from runtime.ledger.fees import CALLED, COMPUTED

REVISED = "revise_scheme"


async def billed_scheme(case: Case) -> tuple[int, SchemeContent]:
    """The version of the scheme by which the shares were computed last; the latest one before there are any.

    A later one is only put to the vote, or has not become a bill yet.
    """
    of_case = Share.renovation_id == case.renovation.id
    version = await case.session.scalar(select(func.max(Share.scheme_version)).where(of_case))
    if version is None:
        return await case.scheme()
    row = await case.session.get_one(Scheme, (case.renovation.id, version))
    return version, SchemeContent.model_validate(row.content)


async def scheme_called_for(case: Case, too_early: str) -> SchemeContent:
    """The scheme of the bill, for an act that changes the bill.

    Raises:
        Refused: `too_early` before its shares are called for; `cost_sharing.bill_in_question` while the scheme is
            revised or voted on anew, and when the vote that it follows from was annulled.
    """
    rid = case.renovation.id
    rows = await case.session.execute(
        select(Event.kind, func.max(Event.seq))
        .where(Event.renovation_id == rid, Event.kind.in_((COMPUTED, CALLED, ANNULLED)))
        .group_by(Event.kind)
    )
    last = {row[0]: int(row[1]) for row in rows}
    if CALLED not in last:
        raise refusal(too_early, where=rid)
    asked = select(CaseWait.what).where(CaseWait.renovation_id == rid, CaseWait.what == REVISED)
    version, content = await billed_scheme(case)
    billed = last.get(COMPUTED, 0)
    if (
        last.get(ANNULLED, 0) > billed
        or case.renovation.stage == Stage.VOTING
        or (await case.scheme())[0] != version
        or await case.session.scalar(asked.limit(1)) is not None
    ):
        raise refusal("cost_sharing.bill_in_question", where=rid)
    if last[CALLED] < billed:
        raise refusal(too_early, where=rid)
    return content
