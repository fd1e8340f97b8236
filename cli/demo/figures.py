"""The published figures of the demo's model (source S30), and the bids generated around them.

The model's money was in another currency; its figures are used as yuan. Money here is in fen.
"""

import random

from models.values.base import Value

YUAN = 100
BIDS = 57
WINNER_FEN = 320_586_930 * YUAN
SECOND_FEN = 453_452_630 * YUAN
ESTIMATE_FEN = 356_072_704 * YUAN
"""The authority's independent estimate, published with the bids."""
CEILING_FEN = 520_000_000 * YUAN
"""The highest price a bid may have; generated: the model published none."""
CONTINGENCY_PERMILLE = 50
BUDGET_FEN = CEILING_FEN * (1000 + CONTINGENCY_PERMILLE) // 1000
"""What the owners vote on: the ceiling and the contingency, so that every lawful bid is covered."""
INSTALMENTS_PERMILLE = (200, 200, 150, 150, 150, 150)
RETENTION_PERMILLE = 30
"""3 %, the most that Chinese law allows; the model kept 10 %."""
BOND_FEN = ESTIMATE_FEN * 2 // 100
"""2 % of the estimate, the most that the law allows."""


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


OMISSIONS = (
    Omission(title="外墙涂层", price_fen=15_412_920 * YUAN, spent_fen=1_600_000 * YUAN),
    Omission(title="窗框配件", price_fen=396_800 * YUAN, spent_fen=196_800 * YUAN),
)


class DemoBid(Value):
    """One sealed bid of the demo."""

    bidder_id: str
    price_fen: int
    bond_fen: int
    bond_account: str
    justified: bool = False
    """The bidder explained a price that is far below the others (B-21)."""


def bids(seed: int) -> tuple[DemoBid, ...]:
    """The two published bids and 55 generated ones above them, six of those above the ceiling."""
    rng = random.Random(f"bids-{seed}")  # noqa: S311 - a repeatable demo, no secret
    above = rng.sample(range(CEILING_FEN // YUAN + 1_000, CEILING_FEN // YUAN + 40_000_000), 6)
    within = rng.sample(range(SECOND_FEN // YUAN + 1_000, CEILING_FEN // YUAN - 1_000), BIDS - 8)
    others = [yuan * YUAN for yuan in above + within]
    prices = [WINNER_FEN, SECOND_FEN, *others]
    order = list(range(BIDS))
    rng.shuffle(order)
    return tuple(
        DemoBid(
            bidder_id=bidder_id(place + 1),
            price_fen=prices[index],
            bond_fen=BOND_FEN,
            bond_account=f"synthetic-account-{place + 1:02d}",
            justified=prices[index] == WINNER_FEN,
        )
        for place, index in enumerate(order)
    )


def bidder_id(number: int) -> str:
    """The actor id of a bidder, numbered from 1."""
    return f"bidder-{number:02d}"
