"""The money of the demo, all invented: prices a square metre, and the sealed bids. Money is in fen.

The rates are of the order that the renovation of an old walk-up estate costs; they belong to no
real place, tender or firm. Every sum follows from the area, so that a share looks alike in an
estate of 60 flats and in one of 20,000.
"""

import random

from models.values.base import Value

YUAN = 100
BIDS = 11
CEILING_FEN_A_M2 = 450 * YUAN
"""The highest price that a bid may have."""
ESTIMATE_FEN_A_M2 = 420 * YUAN
"""The tenderer's own estimate, published with the tender."""
ROUND_FEN = 1_000 * YUAN
"""Ceiling and estimate are whole thousands of yuan."""
WINNER_PERMILLE = 772
"""Of the ceiling: so low that the bidder has to explain it (B-21)."""
SECOND_PERMILLE = 861
WITHIN_PERMILLE = (880, 995)
ABOVE_PERMILLE = (1_010, 1_050)
CONTINGENCY_PERMILLE = 50
OWNER_INSTALMENTS_PERMILLE = (600, 400)
TENDER_INSTALMENTS_PERMILLE = (300, 400, 300)
RETENTION_PERMILLE = 30
"""3 %, the most that the law allows."""
BOND_PERMILLE = 20
"""2 % of the estimate, the most that the law allows."""
SUBSIDY_PERMILLE = 750


class Omission(Value):
    """Work left out of the contract: credit = price of the item - what cannot be got back."""

    title: str
    price_fen: int
    spent_fen: int
    """Work done, or deposits that the supplier keeps."""

    @property
    def credit_fen(self) -> int:
        """What the owners get back."""
        return self.price_fen - self.spent_fen


class Figures(Value):
    """What the renovation of so many square metres comes to; the area is in 0.01 square metres."""

    area_dm2: int

    @property
    def ceiling_fen(self) -> int:
        """The highest price that a bid may have."""
        return _rounded(self.area_dm2 * CEILING_FEN_A_M2 // 100, ROUND_FEN)

    @property
    def estimate_fen(self) -> int:
        """The tenderer's estimate."""
        return _rounded(self.area_dm2 * ESTIMATE_FEN_A_M2 // 100, ROUND_FEN)

    @property
    def budget_fen(self) -> int:
        """What the owners vote on: ceiling and contingency, so that every lawful bid is covered."""
        return self.ceiling_fen * (1_000 + CONTINGENCY_PERMILLE) // 1_000

    @property
    def winner_fen(self) -> int:
        """The lowest bid, which becomes the contract; the same for every seed."""
        return _rounded(self.ceiling_fen * WINNER_PERMILLE // 1_000, YUAN)

    @property
    def second_fen(self) -> int:
        """The second lowest bid; the same for every seed."""
        return _rounded(self.ceiling_fen * SECOND_PERMILLE // 1_000, YUAN)

    @property
    def bond_fen(self) -> int:
        """The bid bond."""
        return self.estimate_fen * BOND_PERMILLE // 1_000

    @property
    def omissions(self) -> tuple[Omission, ...]:
        """What is left out in the course of the works, and what of it is spent already."""
        return (
            self._omission("车棚充电桩", price_permille=14, spent_permille=2),
            self._omission("楼道扶手", price_permille=5, spent_permille=3),
        )

    def _omission(self, title: str, *, price_permille: int, spent_permille: int) -> Omission:
        return Omission(
            title=title,
            price_fen=_rounded(self.winner_fen * price_permille // 1_000, YUAN),
            spent_fen=_rounded(self.winner_fen * spent_permille // 1_000, YUAN),
        )


class DemoBid(Value):
    """One sealed bid of the demo."""

    bidder_id: str
    price_fen: int
    bond_fen: int
    bond_account: str
    justified: bool = False
    """The bidder explained a price that is far below the others (B-21)."""


def bids(seed: int, figures: Figures) -> tuple[DemoBid, ...]:
    """The two fixed bids and nine drawn from the seed: eight within the ceiling, one above it."""
    rng = random.Random(f"bids-{seed}")  # noqa: S311 - a repeatable demo, no secret
    prices = [
        figures.winner_fen,
        figures.second_fen,
        *_drawn(rng, figures, WITHIN_PERMILLE, BIDS - 3),
        *_drawn(rng, figures, ABOVE_PERMILLE, 1),
    ]
    rng.shuffle(prices)
    return tuple(
        DemoBid(
            bidder_id=bidder_id(number),
            price_fen=price,
            bond_fen=figures.bond_fen,
            bond_account=f"invented-account-{number:02d}",
            justified=price == figures.winner_fen,
        )
        for number, price in enumerate(prices, start=1)
    )


def winner(seed: int, figures: Figures) -> str:
    """Who hands in the lowest price."""
    return min(bids(seed, figures), key=lambda given: given.price_fen).bidder_id


def bidder_id(number: int) -> str:
    """The actor id of a bidder, numbered from 1."""
    return f"bidder-{number:02d}"


def _drawn(
    rng: random.Random, figures: Figures, permille: tuple[int, int], count: int
) -> list[int]:
    """Different prices between two parts of the ceiling, in whole yuan."""
    ceiling = figures.ceiling_fen // YUAN
    lowest, highest = (ceiling * part // 1_000 for part in permille)
    return [yuan * YUAN for yuan in rng.sample(range(lowest, highest), count)]


def _rounded(fen: int, unit: int) -> int:
    """Down to a whole number of units."""
    return fen // unit * unit
