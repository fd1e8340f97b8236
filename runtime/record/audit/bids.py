"""The audit of bids: every envelope is the one that the record tells of, and what was read out stands."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from pydantic import JsonValue

from runtime.rows import AuditedEvent

BIDS = """
SELECT t.renovation_id AS of_case, b.id, b.tender_id, b.bidder_id, b.state, b.price_fen,
  encode(sha256(b.envelope), 'hex') AS envelope_sha256
FROM bid b JOIN tender t ON t.id = b.tender_id
WHERE t.renovation_id BETWEEN $1 AND $2 ORDER BY t.renovation_id
"""
PUBLISHED, SUBMITTED = "bidding.tender_published", "bidding.bid_submitted"
WITHDRAWN, OPENED = "bidding.bid_withdrawn", "bidding.bids_opened"
GONE = "withdrawn"


class BidRow(NamedTuple):
    """A bid as it stands in its table."""

    of_case: str
    id: str
    tender_id: str
    bidder_id: str | None
    state: str
    price_fen: int | None
    envelope_sha256: str | None


class BidsAudit:
    """Checks the bids of one case, whose events the audit hands over in their order.

    Needs no key: the record has the hash of each envelope, and the price of each that was opened. Events
    of before envelopes name no hash, and their bids have none.
    """

    def __init__(self) -> None:
        self._said: list[tuple[int, str, Mapping[str, JsonValue]]] = []

    def take(self, event: AuditedEvent) -> None:
        """The next event."""
        if event.kind in (PUBLISHED, SUBMITTED, WITHDRAWN, OPENED):
            self._said.append((event.seq, event.kind, event.details))

    def fault(self, rows: Iterable[BidRow]) -> int | None:
        """The number of the first event that the bids of its case do not fit; None where all of them fit."""
        bids = {row.id: row for row in rows}
        return min(self._faults(bids), default=None)

    def _faults(self, bids: Mapping[str, BidRow]) -> Iterator[int]:
        submitted = {said.get("bid") for _, kind, said in self._said if kind == SUBMITTED}
        withdrawn = {said.get("bid") for _, kind, said in self._said if kind == WITHDRAWN}
        for seq, kind, said in self._said:
            tender = str(said.get("tender"))
            if kind == SUBMITTED:
                row = bids.get(str(said.get("bid")))
                # Handed in, and the envelope is gone or another one, or taken back without its bidder.
                if (
                    row is None
                    or row.envelope_sha256 != said.get("envelope_sha256")
                    or (row.state == GONE) != (row.id in withdrawn)
                ):
                    yield seq
            elif kind == OPENED and not _stand(_read_out(said), bids, tender):
                yield seq
            elif kind == PUBLISHED and any(
                row.tender_id == tender and row.id not in submitted for row in bids.values()
            ):
                # A bid of a tender that nobody has handed in.
                yield seq


def _read_out(said: Mapping[str, JsonValue]) -> list[tuple[str, JsonValue]]:
    """Who bid how much, by an opening that read the prices out."""
    bids = said.get("bids")
    named = [each for each in bids if isinstance(each, Mapping)] if isinstance(bids, list) else []
    return [(str(each.get("bidder")), each.get("price_fen")) for each in named]


def _stand(
    read_out: Iterable[tuple[str, JsonValue]], bids: Mapping[str, BidRow], tender: str
) -> bool:
    """Whether the table has every bid of a tender at the price that was read out."""
    there = {
        str(row.bidder_id): row.price_fen
        for row in bids.values()
        if row.tender_id == tender and row.state != GONE
    }
    return all(there.get(bidder) == price for bidder, price in read_out)
