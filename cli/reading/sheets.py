"""What `gongjian show` can show: where each thing is read, who reads it, and what of it stands in its table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rules.disclosure.readers import Circle


class Listing(NamedTuple):
    """A thing that can be shown: the part of the case's address, and for whom it is.

    `columns` are fields, with dots into what they hold; `parts` are lists in each of its lines with the
    columns of theirs.
    """

    path: str
    circle: Circle
    columns: str
    parts: Mapping[str, str] = {}
    as_file: bool = False
    """It can be had as CSV."""


E, M = Circle.EVERYBODY, Circle.MONEY
SHEETS: Mapping[str, Listing] = {
    "schemes": Listing(
        "schemes",
        E,
        "version title created_at budget_fen",
        {
            "items": "id title category cost_fen key payers.scope payers.listed optional",
            "works": "id building title concealed value_fen units_occupied",
            "targets": "indicator numerator denominator",
        },
    ),
    "votes": Listing("votes", E, "id attempt building entrance state opens_at closes_at"),
    "publications": Listing(
        "publications", E, "id subject opens_at closes_at state outcome objections unanswered"
    ),
    "objections": Listing(
        "objections",
        Circle.OBJECTION,
        "id publication_id filed_at unit_number text state upheld answer",
    ),
    "tickets": Listing(
        "tickets",
        Circle.COMPLAINT,
        "id kind level state due_at unit_number text answers",
    ),
    "vote-objections": Listing(
        "vote-objections", Circle.HOUSEHOLD, "box_id unit_number objected_at"
    ),
    "attendance": Listing("attendance", Circle.HOUSEHOLD, "box_id unit_number recorded_at"),
    "rulings": Listing("rulings", Circle.HOUSEHOLD, "recorded_at unit_numbers kind reason"),
    "replacements": Listing(
        "replacements",
        Circle.HOUSEHOLD,
        "unit_number registered_on evidence replaced_by recorded_at",
    ),
    "official-results": Listing(
        "official-results", E, "box_id system certificate file_sha256 recorded_at"
    ),
    "shares": Listing(
        "shares",
        Circle.SHARES,
        "unit_number basis amount_fen",
        {"items": "item_id amount_fen"},
    ),
    "instalments": Listing(
        "instalments",
        M,
        "unit_number number due_at amount_fen open_fen due",
        as_file=True,
    ),
    "payments": Listing(
        "payments", M, "id unit_number amount_fen source received_at", as_file=True
    ),
    "refunds": Listing(
        "refunds", M, "unit_number amount_fen ordered_fen paid_fen paid", as_file=True
    ),
    "reliefs": Listing(
        "reliefs", Circle.RELIEF, "unit_number kind amount_fen funded_by approved_by"
    ),
    "settlement": Listing(
        "settlement",
        E,
        "state units charged_fen paid_fen refunds_fen refunds_ordered_fen debtors debts_fen",
        {"terminations": "ground after bond_fen damages_fen decided_at settled_at"},
    ),
    "tenders": Listing(
        "tenders",
        E,
        "round works_round state method notice_at deadline_at ceiling_fen estimate_fen",
        {
            "bids": "bidder_id bidder price_fen state technical_milli rank",
            "candidates": "rank bidder_id price_fen state",
        },
    ),
    "own-bids": Listing(
        "own-bids",
        Circle.ENVELOPE,
        "round price_fen technical_milli bond_fen submitted_at withdrawn_at state rank award",
    ),
    "bids": Listing(
        "bids", Circle.EVALUATION, "id bidder_id price_fen technical_milli state flags"
    ),
    "contracts": Listing(
        "contracts",
        E,
        "id bidder_id state value_fen contingency_fen retention_permille signed_at start_by"
        " money.certified_fen money.payable_fen money.released_fen termination.ground",
        {"certificates": "item_id certified_fen retention_fen deductions_fen payable_fen state"},
    ),
    "works": Listing("works", E, "id building title concealed value_fen state inspections"),
    "inspections": Listing(
        "inspections",
        Circle.FREE_TEXT,
        "recorded_at item_id round kind outcome defects inspector_id",
    ),
    "survey": Listing("survey", E, "running asked answers", {"cells": "score households"}),
    "evaluation": Listing(
        "evaluation",
        E,
        "indicator numerator denominator missing target_numerator target_denominator met",
    ),
}
"""By the word that `gongjian show` takes."""
