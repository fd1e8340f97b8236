"""Tendering of works (招标投标) as law: rules B-1 to B-21, in the order of the procedure.

`documents` limits the terms of a tender, `submission` says when a bid is not received, `opening`
whether bids are opened, `red_flags` what looks like collusion, `evaluation` how they are judged,
`ranking` who comes first, `award` what follows until the contract is signed; `clocks` are the periods
of all of them. Every result has its checks with both
numbers and the article.
"""

from rules.bidding.award import next_candidate, price_build_up, signature, unsigned_bond
from rules.bidding.clocks import (
    clarify_until,
    deadline_after_clarification,
    object_until,
    tender_clocks,
)
from rules.bidding.documents import document_terms, method_named
from rules.bidding.opening import MIN_BIDS, direct_award, failed_route, may_open
from rules.bidding.submission import RELATED, bond_limit_fen, funds_secured, submission_problems

__all__ = [
    "MIN_BIDS",
    "RELATED",
    "bond_limit_fen",
    "clarify_until",
    "deadline_after_clarification",
    "direct_award",
    "document_terms",
    "failed_route",
    "funds_secured",
    "may_open",
    "method_named",
    "next_candidate",
    "object_until",
    "price_build_up",
    "signature",
    "submission_problems",
    "tender_clocks",
    "unsigned_bond",
]
