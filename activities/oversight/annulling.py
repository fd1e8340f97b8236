"""What the owners have adopted is annulled by a court or an authority before there is a contract (E6): rolled back.

The stage that carried it out stops, what is posted or tendered is withdrawn, nobody owes anything any more, and
a revised scheme may be put to another vote; an annulled vote is none of those that failed [D]. Where money has
come in already, the renovation ends as a cancelled one does [D]: its refund sheet is posted and everything goes
back (rules 2.6); whoever convenes may open another one. A contract that is signed binds both sides whatever
becomes of the vote (Civil Code art. 85, by analogy [D]): then the renovation is suspended or cancelled, or its
contract ended, each by its own rule.
"""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue
from sqlalchemy import select

from activities import settlement
from activities.cancellation import cancel_tenders, stop_stage
from activities.cost_sharing import rows as share_rows
from activities.oversight.suspending import load_agenda, refuse_at_its_end
from activities.recording import Case, Writer, writes
from activities.voting.scopes import run_off_votes
from models.messages.acts import AnnulVote
from models.messages.journey import Annulled
from models.messages.voting import VotingResult
from models.tables import BallotBox, Event, Payment
from models.values.ledger import AccountKind
from models.values.refusal import refusal
from models.values.states import Stage
from rules import oversight as law
from runtime.ledger.reading import load_balances
from runtime.record.agenda import end_waits_but_of_tickets
from runtime.record.journal import Recorded

CARRIED_OUT = (Stage.COST_SHARING, Stage.BIDDING)
"""The stages in which an adopted scheme is carried out and no contract is signed."""
DECLARED = "voting.result_declared"


class Annulments(Writer):
    """Writes that a vote is annulled, and what follows."""

    @writes("Annulments.annul", event=law.ANNULLED, into=Annulled, bulk=True)
    async def annul(self, case: Case, act: AnnulVote) -> Recorded[Annulled]:
        """Nothing of what was adopted is carried out any more. Refused: nothing stands adopted, there is a
        contract, or the renovation has ended.
        """
        await refuse_at_its_end(case)
        declared = await _standing(case)
        attempts = await _attempts(case, str(declared["box_id"]))
        ends = await _has_money(case)
        said = await (_settle(case) if ends else _roll_back(case, declared))
        case.notify("all_owners", "vote_annulled", document=act.document)
        return Recorded(
            Annulled(ends=ends),
            {
                "annulled_by": act.annulled_by,
                "document": act.document,
                "article": law.ANNULLED_UNDER[act.annulled_by],
                "reason": act.reason,
                "stage": case.renovation.stage,
                "box_id": declared["box_id"],
                "attempts": [*attempts],
                "ends": ends,
                **said,
            },
        )


async def _settle(case: Case) -> dict[str, JsonValue]:
    """The workflow undoes everything from here on, step by step."""
    await end_waits_but_of_tickets(case.session, case.renovation.id)
    return {"withdrawn": [*await stop_stage(case)]}


async def _roll_back(case: Case, declared: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Nothing is under way any more and nobody owes anything; orders of correction and suggestions go on."""
    for wait in await load_agenda(case):
        case.agenda[wait.workflow_id] = ()
    withdrawn = await stop_stage(case)
    tenders = await cancel_tenders(case)
    if await share_rows.charges(case):
        await share_rows.replace_totals(case, "estimate", [])
        await share_rows.replace_instalments(case, [])
    await share_rows.promise(case, [])
    version = await _without_levy(case, declared)
    return {"withdrawn": [*withdrawn], "tenders": [*tenders], **version}


async def _standing(case: Case) -> Mapping[str, JsonValue]:
    """The declaration of the vote that is being carried out.

    Raises:
        Refused: `oversight.nothing_adopted`, `oversight.contract_signed`.
    """
    if await settlement.contracts(case):
        raise refusal("oversight.contract_signed", where=case.renovation.id)
    last = await case.session.execute(
        select(Event.kind, Event.details)
        .where(
            Event.renovation_id == case.renovation.id,
            Event.kind.in_((DECLARED, law.ANNULLED)),
        )
        .order_by(Event.seq.desc())
        .limit(1)
    )
    kind, details = last.one_or_none() or ("", {})
    adopted = kind == DECLARED and details.get("outcome") == VotingResult.ADOPTED
    if not adopted or case.renovation.stage not in CARRIED_OUT:
        stage = case.renovation.stage
        raise refusal("oversight.nothing_adopted", where=case.renovation.id, stage=stage)
    return dict(details)


async def _attempts(case: Case, box_id: str) -> Sequence[int]:
    """The vote that adopted it, after those that it has put again."""
    box = await case.session.get_one(BallotBox, box_id)
    again, attempts = await run_off_votes(case), [box.attempt]
    while attempts[0] - 1 in again:
        attempts.insert(0, attempts[0] - 1)
    return attempts


async def _has_money(case: Case) -> bool:
    """Whether anything has come in: of households, or of those who pay beside them."""
    accounts = await load_balances(case.session, case.renovation.id, AccountKind.ESCROW)
    paid = select(Payment.id).where(Payment.renovation_id == case.renovation.id).limit(1)
    held = any(each.balance_fen for each in accounts.values())
    return held or await case.session.scalar(paid) is not None


async def _without_levy(case: Case, declared: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Where it was a vote on an extra levy: a version of the scheme with the limit of before (E12)."""
    said = declared.get("scheme")
    if not isinstance(said, Mapping) or "owners_limit_before_fen" not in said:
        return {}
    limit = said["owners_limit_before_fen"]
    _, content = await case.scheme()
    before = content.model_copy(update={"owners_limit_fen": limit})
    return {"scheme_version": await share_rows.add_scheme_version(case, before)}
