"""Tendering of works (招标投标) as law: rules B-1 to B-21, in the order of the procedure.

`submission` says what has to stand before bids come in and when one is not received, `opening`
whether they are opened, `evaluation` how they are judged and ranked, `award` what follows until the
contract is signed; `clocks` are the periods of all of them. Every result has its checks with both
numbers and the article.
"""

from rules.bidding.award import next_candidate, price_build_up, signature
from rules.bidding.clocks import clarify_until, object_until, tender_clocks
from rules.bidding.opening import MIN_BIDS, direct_award, failed_route, may_open
from rules.bidding.submission import (
    bid_bond,
    bond_limit_fen,
    funds_secured,
    submission_problems,
)

__all__ = [
    "MIN_BIDS",
    "bid_bond",
    "bond_limit_fen",
    "clarify_until",
    "direct_award",
    "failed_route",
    "funds_secured",
    "may_open",
    "next_candidate",
    "object_until",
    "price_build_up",
    "signature",
    "submission_problems",
    "tender_clocks",
]
