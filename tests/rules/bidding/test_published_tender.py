"""One published renovation as an oracle of the arithmetic; it stands in the tests and nowhere else.

Source S30: minutes of a Hong Kong owners' corporation (transcription), github.com/
Hong-Kong-Emergency-Coordination-Hub/Hong-Kong-Fire-Documentary @ac9b967: annex of 2024-01-28
(bids), 2025-03-21 item 1 (omissions), structure and undivided shares from the same minutes. People
died in that estate: no demo, document or example shows it. Amounts are in Hong Kong cents.
"""

import re
from datetime import UTC, datetime
from fractions import Fraction

import pytest

from models.values.bidding import SealedBid
from models.values.cost_sharing import CostItem, CostKey, ItemCategory, ShareUnit
from models.values.timetable import Timetable
from rules import bidding, cost_sharing, inspection
from rules.bidding.evaluation import abnormally_low, read_flags
from runtime.local.programs import ROOT

CENTS = 100
WINNER, SECOND = 320_586_930 * CENTS, 453_452_630 * CENTS
GRAND_TOTAL = 336_616_277 * CENTS
FLATS = 1_984
FLOOR_SHARES = (12, 12, 13, 13, 13, 13, 14, 14)
OMISSIONS = ((15_412_920, 1_600_000, 13_812_920), (396_800, 196_800, 200_000))
"""Price of the item, what was lost, and the credit; in dollars."""


def test_five_percent_on_top_of_the_contract_is_the_published_total() -> None:
    built = bidding.price_build_up(
        base_fen=304_380_410,
        options_fen=15_412_920,
        new_fen=992_000,
        old_fen=198_400,
        contingency_permille=50,
    )
    assert built.total_fen * CENTS == WINNER
    assert built.grand_fen * CENTS == GRAND_TOTAL


def test_the_published_total_is_shared_by_undivided_shares_to_the_cent() -> None:
    item = CostItem(
        id="works",
        title="works",
        category=ItemCategory.BASIC,
        cost_fen=GRAND_TOTAL,
        key=CostKey.SHARE,
    )
    units = [
        ShareUnit(
            number=f"{number:05d}",
            building="1",
            entrance="1",
            floor=1,
            area_dm2=1,
            shares=FLOOR_SHARES[number % 8],
        )
        for number in range(FLATS)
    ]
    table = cost_sharing.share_table((item,), cost_sharing.waterfall((item,), ()), units)
    assert table.total_fen == GRAND_TOTAL
    for share, unit in zip(table.shares, units, strict=True):
        exact = Fraction(GRAND_TOTAL * (unit.shares or 0), 248 * sum(FLOOR_SHARES))
        assert abs(share.amount_fen - exact) < 1


@pytest.mark.parametrize(("price", "lost", "credit"), OMISSIONS)
def test_an_omission_credits_its_price_less_what_is_lost(
    price: int, lost: int, credit: int
) -> None:
    assert inspection.omission_credit_fen(price, 0, lost) == credit


def test_beside_the_second_bid_the_published_winner_would_have_had_to_give_reasons() -> None:
    bids = [
        SealedBid(
            bidder_id=name,
            price_fen=price,
            bond_fen=0,
            bond_account=name,
            submitted_at=datetime(2024, 1, 28, tzinfo=UTC),
            flags=read_flags({}),
        )
        for name, price in (("winner", WINNER), ("second", SECOND))
    ]
    found = abnormally_low(bids, ceiling_fen=SECOND, timetable=Timetable())
    assert [finding.decision.passed for finding in found] == [False, True]


@pytest.mark.parametrize(
    "place", ["README.md", "docs", "cli", "deploy", "runtime/language/locales"]
)
def test_no_show_uses_a_figure_of_the_published_renovation(place: str) -> None:
    figures = (WINNER // CENTS, SECOND // CENTS, GRAND_TOTAL // CENTS, 356_072_704, 14_012_920)
    marks = [str(figure) for figure in figures] + ["1984", "31 floors", "57 bids"]
    root = ROOT / place
    files = [root] if root.is_file() else [path for path in root.rglob("*") if path.is_file()]
    found = {
        (path.relative_to(ROOT).as_posix(), mark)
        for path in files
        if path.suffix in {".md", ".py", ".po", ".yaml", ".csv", ".json"}
        for mark in marks
        if mark in re.sub(r"(?<=\d)[,_](?=\d)", "", path.read_text(encoding="utf-8"))
    }
    assert found == set()
