from collections.abc import Awaitable
from datetime import date

import pytest
from temporalio.exceptions import ApplicationError

from activities.cancellation import Cancellations
from activities.cost_sharing.sheet import NOTHING
from activities.renovations import Renovations
from models.messages.acts import AnswerObjection, CancelRenovation, ReviseScheme
from models.messages.journey import JourneyOutcome
from models.tables import (
    Award,
    BallotBox,
    Contract,
    LedgerAccount,
    Notice,
    Payment,
    Publication,
    Refund,
    Renovation,
    ShareTotal,
    Tender,
    WorkItem,
)
from models.values.cost_sharing import Funding, FundingSource
from models.values.scheme import SchemeContent
from models.values.states import AwardState, RenovationState, Stage, TenderState
from runtime.database import Database
from runtime.record.audit import audit
from service.pages.public.money import load_money
from service.reading.money import balance_of, list_instalments
from service.reading.results import load_settlement
from service.situation import load_situation
from tests.support import money
from tests.support.estate import make_renovation
from tests.support.money import START, STREET, command, details, scheme
from tests.support.play import begin


async def begun(
    database: Database, rid: str, content: SchemeContent | None = None
) -> Cancellations:
    await make_renovation(database, rid=rid, units=12, content=content or scheme())
    return Cancellations(money.recorder_of(database))


async def contracted(
    database: Database, rid: str, passed_fen: int, planned_fen: int = 12_000
) -> None:
    """A signed contract of 12,000 fen, with one work item passed and one reported, as planned."""
    async with database.session() as session, session.begin():
        session.add(
            Tender(
                id=f"{rid}.tender.1",
                renovation_id=rid,
                round=1,
                state="awarded",
                notice_at=START,
                deadline_at=START,
                ceiling_fen=12_000,
                estimate_fen=12_000,
                method="lowest_evaluated",
                criteria={},
            )
        )
        await session.flush()
        session.add(
            Contract(
                id=f"{rid}.contract",
                renovation_id=rid,
                tender_id=f"{rid}.tender.1",
                bidder_id="builder",
                value_fen=12_000,
                contingency_fen=0,
                retention_permille=30,
                signed_at=START,
                state="signed",
            )
        )
        for name, state, value in (
            ("a", "passed", passed_fen),
            ("b", "reported", planned_fen - passed_fen),
        ):
            session.add(
                WorkItem(
                    id=f"{rid}.{name}",
                    renovation_id=rid,
                    building="1",
                    title=name,
                    concealed=False,
                    value_fen=value,
                    state=state,
                )
            )


async def test_a_cancellation_is_recorded_with_its_reason(database: Database) -> None:
    cancel = await begun(database, "x1")
    act = CancelRenovation(command_id="x1#stop", actor=STREET, reason="to be rebuilt")
    first = await cancel.record(command("x1", "stop", actor=STREET), act)
    assert await cancel.record(command("x1", "stop", actor=STREET), act) == first
    assert (await details(database, "x1", "renovation.cancelled"))["reason"] == "to be rebuilt"


async def test_what_has_ended_cannot_be_cancelled(database: Database) -> None:
    cancel = await begun(database, "x2")
    async with database.session() as session, session.begin():
        (await session.get_one(Renovation, "x2")).state = RenovationState.COMPLETED
    act = CancelRenovation(command_id="x2#stop", actor=STREET, reason="too late")
    with pytest.raises(ApplicationError) as error:
        await cancel.record(command("x2", "stop"), act)
    assert [problem["code"] for problem in error.value.details[0]] == ["settlement.already_ended"]


async def test_there_is_nothing_to_undo_where_nothing_happened(database: Database) -> None:
    cancel = await begun(database, "x3")
    for _ in range(2):
        await cancel.make_safe(command("x3", "safe"))
        await cancel.settle_contract(command("x3", "settle"))
        await cancel.draw_refund_sheet(command("x3", "sheet"))
        await cancel.pay_refunds(command("x3", "pay"))
        await cancel.void_vote(command("x3", "void"))
    for kind in (
        "made_safe",
        "contract_settled",
        "refund_sheet_drawn",
        "refunds_paid",
        "vote_voided",
    ):
        assert await details(database, "x3", f"settlement.{kind}") == NOTHING


async def test_before_the_contract_everything_goes_back(database: Database) -> None:
    cancel = await begun(database, "x4")
    await money.computed(database, "x4")
    units = await money.units_of(database, "x4")
    await money.pay(database, "x4", *units[:5], fen=800)
    await money.pay(database, "x4", units[5], fen=100)
    sheet = await cancel.draw_refund_sheet(command("x4", "sheet"))
    assert await cancel.draw_refund_sheet(command("x4", "sheet")) == sheet
    assert (sheet.sunk_net_fen, sheet.refunds_fen, sheet.debts_fen) == (0, 4_100, 0)
    paid = await cancel.pay_refunds(command("x4", "pay"))
    assert await cancel.pay_refunds(command("x4", "pay")) == paid
    assert (paid.units, paid.refunds_fen) == (6, 4_100)
    unpaid = (Refund.renovation_id == "x4", Refund.ordered_fen < Refund.amount_fen)
    assert await money.count_of(database, Refund, *unpaid) == 0
    situation = await load_situation(database, "x4")
    async with database.session() as session:
        assert await list_instalments(session, situation) == (), "nothing is asked any more"
        found = await load_money(session, situation)
        assert (found.basis, found.instalments) == ("settlement", ())
        sold = await balance_of(session, "x4", units[0], START)
        assert sold is not None
        assert (sold.due_fen, sold.overdue_fen, sold.later_fen) == (0, 0, 0)


async def test_certified_work_is_paid_and_the_rest_refunded_or_owed(database: Database) -> None:
    cancel = await begun(database, "x5")
    await money.computed(database, "x5")
    units = await money.units_of(database, "x5")
    await money.pay(database, "x5", *units[:11], fen=800)
    await contracted(database, "x5", passed_fen=3_000)
    await cancel.make_safe(command("x5", "safe"))
    settled = await cancel.settle_contract(command("x5", "settle"))
    assert await cancel.settle_contract(command("x5", "settle")) == settled
    assert settled.certified_fen == 3_000
    sheet = await cancel.draw_refund_sheet(command("x5", "sheet"))
    # The owners carry four fifths of the plan, so 2,400 of 3,000: 200 each.
    assert (sheet.sunk_net_fen, sheet.refunds_fen, sheet.debts_fen) == (2_400, 6_600, 200)
    charged = (ShareTotal.renovation_id == "x5", ShareTotal.basis == "settlement")
    assert await money.sum_of(database, ShareTotal.amount_fen, *charged) == 2_400
    found = await details(database, "x5", "settlement.contract_settled")
    assert (found["state"], found["cancelled_items"]) == ("terminated", ["x5.b"])
    situation = await load_situation(database, "x5")
    async with database.session() as session:
        lines = await list_instalments(session, situation, owed=True)
        settlement = await load_settlement(session, situation)
    assert [(each.unit_number, each.open_fen) for each in lines] == [(units[11], 200)]
    assert (settlement.debtors, settlement.debts_fen) == (1, 200)


async def test_a_subsidy_that_was_to_pay_later_owes_nothing_when_the_works_stop(
    database: Database,
) -> None:
    funding = (
        Funding(id="lift", source=FundingSource.OPERATOR, amount_fen=3_600),
        Funding(
            id="district",
            source=FundingSource.SUBSIDY,
            amount_fen=3_600,
            receivable_on=date(2028, 1, 1),
        ),
    )
    cancel = await begun(database, "x17", scheme(funding=funding))
    await money.computed(database, "x17")
    await contracted(database, "x17", passed_fen=6_000)
    await cancel.make_safe(command("x17", "safe"))
    await cancel.settle_contract(command("x17", "settle"))
    sheet = await cancel.draw_refund_sheet(command("x17", "sheet"))
    assert sheet.sunk_net_fen == 4_200
    owed = await money.rows_of(
        database,
        LedgerAccount.kind,
        LedgerAccount.balance_fen,
        where=LedgerAccount.renovation_id == "x17",
        order=LedgerAccount.kind,
    )
    kinds = {kind: fen for kind, fen in owed if kind in ("operator", "subsidy")}
    assert kinds == {"operator": 1_800, "subsidy": 0}


async def test_passed_work_is_worth_what_the_contract_says_and_not_what_was_planned(
    database: Database,
) -> None:
    cancel = await begun(database, "x10")
    await money.computed(database, "x10")
    await money.pay(database, "x10", *await money.units_of(database, "x10"), fen=800)
    # Planned at 6,000 of 24,000, contracted at 12,000: the item that passed is worth a quarter.
    await contracted(database, "x10", passed_fen=6_000, planned_fen=24_000)
    settled = await cancel.settle_contract(command("x10", "settle"))
    assert settled.certified_fen == 3_000
    # The other item is cancelled by now and keeps its price: the sheet has the same 3,000.
    sheet = await cancel.draw_refund_sheet(command("x10", "sheet"))
    assert (sheet.sunk_net_fen, sheet.refunds_fen) == (2_400, 7_200)


async def test_a_second_settlement_finds_the_same(database: Database) -> None:
    cancel = await begun(database, "x6")
    await contracted(database, "x6", passed_fen=3_000)
    first = await cancel.settle_contract(command("x6", "settle"))
    again = await cancel.settle_contract(command("x6", "settle-again"))
    assert again.seq > first.seq
    assert again.model_copy(update={"seq": first.seq}) == first


async def test_what_a_fund_paid_in_a_households_place_returns_to_the_fund(
    database: Database,
) -> None:
    cancel = await begun(database, "x7")
    await money.computed(database, "x7")
    unit = (await money.units_of(database, "x7"))[0]
    await money.pay(database, "x7", unit, fen=200)
    await money.pay(database, "x7", unit, fen=600, source="relief")
    sheet = await cancel.draw_refund_sheet(command("x7", "sheet"))
    assert (sheet.refunds_fen, sheet.sources_fen) == (200, 600)
    assert await money.sum_of(database, Payment.amount_fen, Payment.renovation_id == "x7") == 800


@pytest.mark.parametrize(
    ("tender", "award"),
    [
        (TenderState.CLOSED, AwardState.CANDIDATE),
        (TenderState.AWARDED, AwardState.AWARDED),
        (TenderState.FAILED, AwardState.CANDIDATE),
    ],
    ids=["running", "awarded and not signed", "approved after it failed"],
)
async def test_a_tender_without_a_contract_is_cancelled_with_its_candidates(
    database: Database, tender: TenderState, award: AwardState
) -> None:
    rid = f"x8-{tender}"
    cancel = await begun(database, rid)
    await contracted(database, rid, passed_fen=0)
    async with database.session() as session, session.begin():
        await session.delete(await session.get_one(Contract, f"{rid}.contract"))
        (await session.get_one(Tender, f"{rid}.tender.1")).state = tender
        session.add(
            Award(
                id=f"{rid}.tender.1.1.1",
                tender_id=f"{rid}.tender.1",
                rank=1,
                bidder_id="builder",
                price_fen=11_000,
                state=award,
            )
        )
    await cancel.settle_contract(command(rid, "settle"))
    async with database.session() as session:
        assert (await session.get_one(Tender, f"{rid}.tender.1")).state == "cancelled"
        assert (await session.get_one(Award, f"{rid}.tender.1.1.1")).state == "cancelled"
    said = (Notice.renovation_id == rid, Notice.template == "tender_cancelled")
    assert await money.count_of(database, Notice, *said) == 1


async def test_an_award_that_was_signed_stays_on_the_record(database: Database) -> None:
    cancel = await begun(database, "x13")
    await contracted(database, "x13", passed_fen=0)
    async with database.session() as session, session.begin():
        for rank, state in ((1, AwardState.AWARDED), (2, AwardState.CANDIDATE)):
            session.add(
                Award(
                    id=f"x13.tender.1.{rank}.1",
                    tender_id="x13.tender.1",
                    rank=rank,
                    bidder_id=f"builder-{rank}",
                    price_fen=11_000,
                    state=state,
                )
            )
    await cancel.settle_contract(command("x13", "settle"))
    async with database.session() as session:
        assert (await session.get_one(Tender, "x13.tender.1")).state == "awarded"
        assert (await session.get_one(Award, "x13.tender.1.1.1")).state == "awarded"


async def test_an_open_box_is_closed_uncounted(database: Database) -> None:
    cancel = await begun(database, "x9")
    async with database.session() as session, session.begin():
        session.add(
            BallotBox(
                id="x9.1",
                renovation_id="x9",
                attempt=1,
                motions=[],
                state="open",
                opens_at=START,
                closes_at=START,
                roll_hash="0" * 64,
                closed_at=None,
                tally=None,
                public_key=bytes(32),
                wrapped_key=b"",
                roll_salt=bytes(32),
            )
        )
    first = await cancel.void_vote(command("x9", "void"))
    assert await cancel.void_vote(command("x9", "void")) == first
    async with database.session() as session:
        assert (await session.get_one(BallotBox, "x9.1")).state == "closed"
    assert (await details(database, "x9", "settlement.vote_voided"))["box_was"] == "open"


async def test_what_stands_open_when_a_case_is_cancelled_is_withdrawn(database: Database) -> None:
    play = await begin(database, "x11", Stage.COST_SHARING)
    given = await play.post("share_table")
    objection = await play.object_to(given)
    await play.act(
        play.cancellations.record, CancelRenovation, STREET, of=play.case, reason="enough"
    )
    async with database.session() as session:
        row = await session.get_one(Publication, given.publication_id)
    now = await play.now()
    assert (row.state, row.outcome, row.closes_at) == ("closed", "withdrawn", now)
    assert (await details(database, "x11", "renovation.cancelled"))["withdrawn"] == [row.id]
    # Nobody answers what was asked about it any more; the sheet of refunds is published as ever.
    play.stage = ""
    refunds = await play.post("refunds")
    act = {"publication_id": row.id, "objection_id": objection, "upheld": True, "answer": "yes"}
    assert (
        await refused(
            play.act(play.publications.answer, AnswerObjection, STREET, given, of=play.case, **act)
        )
        == "publication.closed"
    )
    async with database.session() as session:
        assert (await session.get_one(Publication, refunds.publication_id)).state == "open"
    assert (await audit(database, "x11")).ok


async def refused(writing: Awaitable[object]) -> str:
    with pytest.raises(ApplicationError) as error:
        await writing
    assert error.value.type == "Refused"
    (problem,) = error.value.details[0]
    return str(problem["code"])


@pytest.mark.parametrize("first", ["cancelled", "shelved"])
async def test_what_is_being_settled_is_not_stopped_revised_or_gone_on_with(
    database: Database, first: str
) -> None:
    """A case that is settled is still running; it is for the record to know under its lock."""
    rid = f"x12-{first}"
    cancel = await begun(database, rid)
    if first == "cancelled":
        stop = CancelRenovation(command_id=f"{rid}#stop", actor=STREET, reason="enough")
        await cancel.record(command(rid, "stop", actor=STREET), stop)
    else:
        # Too little was collected: the refunds are drawn up.
        await cancel.draw_refund_sheet(command(rid, "sheet"))
    again = CancelRenovation(command_id=f"{rid}#again", actor=STREET, reason="once more")
    assert await refused(cancel.record(command(rid, "again", actor=STREET), again)) == (
        "settlement.already_ended"
    )
    renovations = Renovations(cancel.recorder)
    act = ReviseScheme(command_id=f"{rid}#revise", actor=STREET, reason="better")
    for writing in (
        renovations.revise_scheme(command(rid, "revise", actor=STREET), act),
        renovations.ask_revision(command(rid, "ask"), 1),
        renovations.enter_stage(
            command(rid, "enter"), Stage.BIDDING, f"renovation/{rid}/bidding/2"
        ),
    ):
        assert await refused(writing) == "renovation.over"
    # What settles it goes on, to the end.
    await cancel.void_vote(command(rid, "void"))
    await renovations.close(command(rid, "close"), JourneyOutcome(state=RenovationState(first)))
    async with database.session() as session:
        assert (await session.get_one(Renovation, rid)).state == first
