"""What a bidder fills in, and where its own envelope stands."""

from datetime import datetime
from typing import NamedTuple

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Bid
from models.values.bidding import Method
from models.values.states import BidState
from service.bodies import SubmitBid
from service.pages.office.fields import Field, fields_of
from service.parts import Parts
from service.residents.bids import is_of

SAID_BY_ITSELF: tuple[tuple[str, str], ...] = (
    ("signed", "yes"),
    ("qualified", "yes"),
    ("responsive", "yes"),
)
"""What a bid says about itself with yes or no, and what is chosen unless somebody chooses otherwise."""
ASKED, BOND = frozenset({"price_fen", "bond_fen", "bond_account"}), "bid_bond_fen"
"""What a firm fills in, and what its bond is called; points are given by whoever evaluates."""
LEADS = ("author", "agent")


class Envelope(NamedTuple):
    """The own bid: when it was handed in and where it stands; what it says is read at the opening."""

    state: BidState
    submitted_at: datetime
    withdrawn_at: datetime | None


def bid_fields() -> tuple[Field, ...]:
    """The questions of a bid; the flags are those that an opening looks at."""
    asked = tuple(
        each._replace(word=BOND) if each.word == "bond_fen" else each
        for each in fields_of(SubmitBid, {})
        if each.word in ASKED
    )
    flags = (
        *(
            Field(f"flags.{name}", name, "yes_no", False, unset=unset)
            for name, unset in SAID_BY_ITSELF
        ),
        *(Field(f"flags.{name}", name, "line", False, most=100) for name in LEADS),
    )
    return (*asked, Field("flags", "flags", "group", False, fields=flags))


def terms_of(criteria: JsonValue) -> dict[str, JsonValue]:
    """The published terms that the method of comparing uses."""
    said = dict(criteria) if isinstance(criteria, dict) else {}
    if said.get("method") != Method.COMPREHENSIVE_BENCHMARK:
        said.pop("benchmark", None)
    if said.get("method") == Method.LOWEST_EVALUATED:
        said.pop("price_weight_milli", None)
    return said


async def load_envelope(
    session: AsyncSession, parts: Parts, tender_id: str, bidder: str
) -> Envelope | None:
    """The last bid of a firm on a tender; until the opening nobody but the firm finds it by its name."""
    row = (
        await session.execute(
            select(Bid.state, Bid.submitted_at, Bid.withdrawn_at)
            .where(Bid.tender_id == tender_id, is_of(parts, tender_id, bidder))
            .order_by(Bid.submitted_at.desc())
            .limit(1)
        )
    ).one_or_none()
    return (
        None if row is None else Envelope(BidState(row.state), row.submitted_at, row.withdrawn_at)
    )
