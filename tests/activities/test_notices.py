"""A notice is the same row whichever attempt writes it, and in whichever order its step comes to it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from temporalio.exceptions import ApplicationError

from activities.bidding.tender import Tenders
from activities.recording import Case, Recorder
from activities.warranty.retention import BEGUN, Warranties
from models.messages.acts import AwardContract, ReleaseRetention
from models.messages.command import Command
from models.tables import Award, Contract, Notice, Renovation, Tender
from models.values.base import Carried
from models.values.states import BidState
from rules.ledger import certified
from runtime.calendars import chinese_calendar
from runtime.database import Database
from runtime.record.journal import Recorded
from service.notices.audiences import find_audience
from tests.support import money
from tests.support.box import BOX_KEYS
from tests.support.estate import make_renovation
from tests.support.money import START

ITEMS = ("roof", "lift", "drains")


class Told(Carried):
    """The answer of the step."""


class CrashError(Exception):
    """The attempt dies before its commit."""


async def attempt(
    database: Database, rid: str, items: Sequence[str], seen: dict[str, str], *, dies: bool = False
) -> None:
    """One attempt of a step with a notice for each item; `seen` gets the ids by their items."""

    async def change(case: Case) -> Recorded[Told]:
        for item in items:
            case.notify("all_owners", "contractor_default", item=item)
        rows = [row for row in case.session.new if isinstance(row, Notice)]
        seen.update({str(row.params["item"]): row.id for row in rows})
        if dies:
            raise CrashError
        return Recorded(Told(), {})

    step = Command(command_id=f"renovation/{rid}#tell", renovation_id=rid)
    recorder = Recorder(database, chinese_calendar(), BOX_KEYS)
    await recorder.write(step, "test.told", None, change, Told)


async def test_another_attempt_in_another_order_writes_the_same_rows(database: Database) -> None:
    rid = await make_renovation(database, rid="rnotices")
    first: dict[str, str] = {}
    second: dict[str, str] = {}
    with pytest.raises(ApplicationError):
        await attempt(database, rid, ITEMS, first, dies=True)
    await attempt(database, rid, [*reversed(ITEMS), "roof"], second)
    assert second == first, "what was said twice in one write is said once"
    async with database.session() as session:
        rows = list(await session.scalars(select(Notice).where(Notice.renovation_id == rid)))
    assert {str(row.params["item"]): row.id for row in rows} == first
    assert len(rows) == len(ITEMS)


async def test_a_notice_says_that_its_date_is_provisional_where_it_is(database: Database) -> None:
    rid = await make_renovation(database, rid="rdates")
    announced = datetime(2026, 6, 1, tzinfo=UTC)
    year_after = chinese_calendar().last_on.year + 1

    async def change(case: Case) -> Recorded[Told]:
        case.notify("owners", "announced", until=announced)
        case.notify("owners", "later", until=datetime(year_after, 6, 1, tzinfo=UTC))
        return Recorded(Told(), {})

    step = Command(command_id=f"renovation/{rid}#dates", renovation_id=rid)
    recorder = Recorder(database, chinese_calendar(), BOX_KEYS)
    await recorder.write(step, "test.told", None, change, Told)
    async with database.session() as session:
        rows = await session.scalars(select(Notice).where(Notice.renovation_id == rid))
        params = {row.template: row.params for row in rows}
    assert params["announced"] == {"until": announced.isoformat()}
    assert params["later"]["provisional"] is True


async def contracts(database: Database, rid: str, *bidders: str) -> None:
    """One contract after the other, each with its own bidder."""
    async with database.session() as session, session.begin():
        for number, bidder in enumerate(bidders, start=1):
            session.add(tender_of(rid, number, "awarded"))
            await session.flush()
            session.add(
                Contract(
                    id=f"{rid}.contract.{number}",
                    renovation_id=rid,
                    tender_id=f"{rid}.tender.{number}",
                    bidder_id=bidder,
                    value_fen=12_000,
                    contingency_fen=0,
                    retention_permille=30,
                    signed_at=START,
                    state="completed",
                    works_round=number,
                )
            )


def tender_of(rid: str, number: int, state: str) -> Tender:
    return Tender(
        id=f"{rid}.tender.{number}",
        renovation_id=rid,
        round=number,
        state=state,
        notice_at=START,
        deadline_at=START,
        ceiling_fen=12_000,
        estimate_fen=12_000,
        method="lowest_evaluated",
        criteria={},
        works_round=number,
    )


async def told(database: Database, rid: str, template: str) -> list[tuple[str, dict[str, Any]]]:
    """Whom the notices of this kind to those who act reach, and what they say."""
    async with database.session() as session:
        case = await session.get_one(Renovation, rid)
        query = select(Notice).where(Notice.renovation_id == rid, Notice.template == template)
        said = [
            (str(each.actor_id), dict(row.params))
            for row in await session.scalars(query.where(Notice.audience != "all_owners"))
            for each in await find_audience(session, case, row)
        ]
    return sorted(said, key=lambda each: each[0])


async def test_each_contractor_is_told_of_what_is_kept_back_of_its_own_contract(
    database: Database,
) -> None:
    rid = await make_renovation(database, rid="rkept", told_at=START)
    await contracts(database, rid, "first", "second")
    warranties = Warranties(money.recorder_of(database))

    async def begin(case: Case) -> Recorded[Told]:
        for number, fen in ((1, 100), (2, 300)):
            case.transfers.extend(certified(f"{rid}.c{number}", f"{rid}.contract.{number}", 0, fen))
        return Recorded(Told(), {"liability_until": START.isoformat()})

    step = money.command(rid, "begin")
    await warranties.recorder.write(step, BEGUN, None, begin, Told)
    await warranties.end_liability(money.command(rid, "over"))
    due = await told(database, rid, "retention_due")
    assert [(who, said["retention_fen"]) for who, said in due] == [("first", 100), ("second", 300)]
    act = ReleaseRetention(
        command_id=f"{rid}#release", actor=money.STREET, contract_id=f"{rid}.contract.1"
    )
    await warranties.release(money.command(rid, "release", money.STREET), act)
    released = await told(database, rid, "retention_released")
    assert [(who, said["released_fen"]) for who, said in released] == [("first", 100)]


async def test_a_direct_award_is_told_to_a_firm_that_has_not_bid(database: Database) -> None:
    rid = await make_renovation(database, rid="rdirect", told_at=START)
    async with database.session() as session, session.begin():
        session.add(tender_of(rid, 1, "failed"))
        await session.flush()
        bid = money.sealed_bid(f"{rid}.tender.1", "rejected", START, price_fen=13_000)
        bid.envelope = None
        bid.bidder_id, bid.price_fen, bid.state = "rejected", 13_000, BidState.REJECTED
        direct = {"rank": 1, "bidder_id": "direct", "price_fen": 11_000, "state": "candidate"}
        session.add_all([bid, Award(id=f"{rid}.a", tender_id=f"{rid}.tender.1", **direct)])
    tenders = Tenders(money.recorder_of(database))
    act = AwardContract(command_id=f"{rid}#award", actor=money.STREET, bidder_id="direct")
    await tenders.award(money.command(rid, "award", money.STREET), act)
    reached = await told(database, rid, "contract_awarded")
    assert [who for who, _ in reached] == ["direct", "rejected"]
