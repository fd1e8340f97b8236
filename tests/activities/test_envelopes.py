"""Sealed bids at their opening: what is read out, what stays shut, and firms whose registration has ended."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from temporalio.exceptions import ApplicationError

from activities.bidding.tender import Tenders
from activities.recording import Recorder
from models.tables import Bid
from models.values.actor import FIRM
from runtime.bidding.envelopes import Envelopes
from tests.activities.test_bidding import DAY, PRICES, Bidding, build, codes  # noqa: F401 - fixture
from tests.support import money
from tests.support.box import BOX_KEYS
from tests.support.money import command, rows_of

Build = Callable[..., Awaitable[Bidding]]
LOST = Envelopes(SecretStr("9c" * 32))
FIRMS = tuple(f"{FIRM}e{number}" for number in range(4))


async def rows(h: Bidding) -> list[tuple[Any, ...]]:
    """Bidder, price and state of each bid."""
    found = await rows_of(
        h.database,
        *(Bid.bidder_id, Bid.price_fen, Bid.state),
        where=Bid.tender_id.startswith(h.rid),
        order=Bid.id,
    )
    return [tuple(row) for row in found]


async def test_too_few_bids_are_never_opened(build: Build) -> None:  # noqa: F811
    h = await build()
    await h.opened(*PRICES[:2])
    assert await rows(h) == [(None, None, "submitted")] * 2


async def test_of_a_late_bid_only_the_sender_is_read(build: Build) -> None:  # noqa: F811
    h = await build()
    period = await h.publish()
    await h.bid(period, *PRICES, 7_000, b4={"submitted_at": period.deadline_at})
    await h.open(period)
    assert (await rows(h))[3] == ("b4", None, "rejected")
    with pytest.raises(ApplicationError) as refused:
        await h.evaluate(who=money.STREET.model_copy(update={"id": "b4"}))
    assert codes(refused) == ["bidding.conflict_of_interest"]


async def test_without_the_key_nothing_is_opened_and_with_it_all_is(build: Build) -> None:  # noqa: F811
    h = await build()
    period = await h.publish()
    await h.bid(period, *PRICES)
    await h.go_to(period.deadline_at)
    for envelopes in (LOST, None):
        recorder = Recorder(h.database, money.PLAIN_WEEKENDS, BOX_KEYS, envelopes=envelopes)
        with pytest.raises(ApplicationError) as refused:
            await Tenders(recorder).open_bids(command(h.rid, "open"), period)
        assert codes(refused) == ["bidding.envelope_shut"]
    assert await rows(h) == [(None, None, "submitted")] * 3
    await h.open(period)
    assert [row[1] for row in await rows(h)] == list(PRICES)


async def test_bids_of_before_envelopes_are_opened_beside_sealed_ones(build: Build) -> None:  # noqa: F811
    h = await build()
    period = await h.publish()
    await h.bid(period, *PRICES[:2])
    old = "INSERT INTO bid (id, tender_id, command_id, bidder_id, price_fen, technical_milli, bond_fen,"
    old += " bond_account, flags, submitted_at) VALUES (:t || '.old', :t, :t || '-old', 'b9', 9100, 0, 0,"
    old += " 'a9', '{}', :at)"
    async with h.database.session() as session, session.begin():
        await session.execute(text(old), {"t": period.tender_id, "at": h.at + DAY})
    assert (await h.open(period)).accepted == 3


@pytest.fixture
async def firms(build: Build) -> Bidding:  # noqa: F811
    """A tender in which four firms have bid that are registered for the place."""
    h = await build()
    for firm in FIRMS:
        await grant(h, firm)
    return h


async def grant(h: Bidding, firm: str) -> None:
    row = "INSERT INTO role_grant (actor_id, label, role, place_id) VALUES (:firm, 'x', 'contractor', 's')"
    async with h.database.session() as session, session.begin():
        await session.execute(text(f"DELETE FROM role_grant WHERE actor_id = '{firm}'"))
        await session.execute(text(row), {"firm": firm})


async def end(h: Bidding, firm: str) -> None:
    row = "UPDATE role_grant SET valid_until = now() WHERE actor_id = :firm"
    async with h.database.session() as session, session.begin():
        await session.execute(text(row), {"firm": firm})


async def bid(h: Bidding) -> Any:
    period = await h.publish()
    async with h.database.session() as session, session.begin():
        for number, firm in enumerate(FIRMS):
            offer: dict[str, Any] = {
                "price_fen": 11_000 + 70 * number * number,
                "bond_account": f"a{number}",
            }
            session.add(money.sealed_bid(period.tender_id, firm, h.at + DAY, **offer))
    return period


async def test_a_firm_that_ended_before_the_opening_is_rejected_by_it(firms: Bidding) -> None:
    period = await bid(firms)
    await end(firms, FIRMS[1])
    opened = await firms.open(period)
    assert (opened.submitted, opened.accepted) == (4, 3)
    assert await firms.grounds() == [[], ["unqualified"], [], []]


async def test_a_firm_that_ended_after_the_opening_is_named_until_the_report_rejects_it(
    firms: Bidding,
) -> None:
    """Before the report, at the award, and at the signature."""
    await firms.open(await bid(firms))
    await end(firms, FIRMS[3])
    with pytest.raises(ApplicationError) as refused:
        await firms.evaluate("first")
    assert codes(refused) == ["bidding.registration_ended"]
    out = {"bidder_id": FIRMS[3], "ground": "unqualified", "reason": "its registration has ended"}
    ranked = await firms.evaluate(rejections=[out])
    assert ranked.bidder_ids == FIRMS[:3]
    await end(firms, FIRMS[0])
    with pytest.raises(ApplicationError) as refused:
        await firms.award(FIRMS[0], "first")
    assert codes(refused) == ["bidding.not_confirmed"]
    await firms.withdraw(FIRMS[0], ground="unlawful")
    await firms.award(FIRMS[1])
    await end(firms, FIRMS[1])
    with pytest.raises(ApplicationError) as refused:
        await firms.sign(11_070)
    assert codes(refused) == ["bidding.not_confirmed"]
