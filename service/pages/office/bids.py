"""What a bidder fills in, and where its own envelope stands."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Bid
from models.values.states import BidState
from service.bodies import SubmitBid
from service.pages.office.fields import Field, fields_of

SAID_BY_ITSELF: tuple[tuple[str, str], ...] = (
    ("signed", "yes"),
    ("qualified", "yes"),
    ("responsive", "yes"),
)
"""What a bid says about itself with yes or no, and what is chosen unless somebody chooses otherwise."""
LEADS = ("author", "agent")


class Envelope(NamedTuple):
    """The own bid: when it was handed in and where it stands; what it says is read at the opening."""

    state: BidState
    submitted_at: datetime
    withdrawn_at: datetime | None


def bid_fields() -> tuple[Field, ...]:
    """The questions of a bid; the flags are those that an opening looks at."""
    asked = tuple(each for each in fields_of(SubmitBid, {}) if each.word != "command_id")
    flags = (
        *(
            Field(f"flags.{name}", name, "yes_no", False, unset=unset)
            for name, unset in SAID_BY_ITSELF
        ),
        *(Field(f"flags.{name}", name, "line", False, most=100) for name in LEADS),
    )
    return (*asked, Field("flags", "flags", "group", False, fields=flags))


async def load_envelope(session: AsyncSession, tender_id: str, bidder: str) -> Envelope | None:
    """The last bid of a firm on a tender."""
    row = (
        await session.execute(
            select(Bid.state, Bid.submitted_at, Bid.withdrawn_at)
            .where(Bid.tender_id == tender_id, Bid.bidder_id == bidder)
            .order_by(Bid.submitted_at.desc())
            .limit(1)
        )
    ).one_or_none()
    return (
        None if row is None else Envelope(BidState(row.state), row.submitted_at, row.withdrawn_at)
    )
