"""The envelopes of a tender, opened in public at the deadline (Tendering Law art. 34, 36)."""

from collections.abc import Iterable, Sequence

from activities.bidding import rows
from models.tables import Bid, Tender
from models.values.refusal import refusal
from runtime.bidding.envelopes import BidContent, Envelopes


def read_out(envelopes: Envelopes | None, tender: Tender, submitted: Iterable[Bid]) -> None:
    """Write what lies in the envelopes into the rows; of a bid that came late only who sent it.

    The late one is returned unopened (art. 28), and its bidder judges this tender no more than any other.

    Raises:
        Refused: `bidding.envelope_shut` for one that none of our keys opens: then nothing is opened.
    """
    for bid in submitted:
        offer = _offer(envelopes, bid)
        if offer is None:
            continue
        bid.bidder_id = offer.bidder_id
        if rows.seconds_early(bid, tender) > 0:
            bid.price_fen = offer.price_fen
            bid.technical_milli = offer.technical_milli
            bid.bond_fen, bid.bond_account = offer.bond_fen, offer.bond_account
            bid.flags = dict(offer.flags)


def in_order(bids: Iterable[Bid]) -> Sequence[Bid]:
    """Opened bids as they came in. In a told case many come at one moment; then the bidders' order counts."""
    return sorted(bids, key=lambda bid: (bid.submitted_at, bid.bidder_id or "", bid.id))


def _offer(envelopes: Envelopes | None, bid: Bid) -> BidContent | None:
    """What lies in the envelope; None for a bid of before there were any."""
    if bid.envelope is None:
        return None
    if envelopes is None:
        raise refusal("bidding.envelope_shut", where=bid.id, key="-")
    return envelopes.open(bid.id, bid.envelope)
