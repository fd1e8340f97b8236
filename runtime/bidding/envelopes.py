"""The envelopes of bids: what a bidder hands in is sealed until the opening (Tendering Law art. 22, 28).

An envelope is the id of its key, an IV and AES-256-GCM over the offer, filled up so that its length says
nothing. It is bound to the id of its bid: put into another row it does not open.
"""

from collections.abc import Mapping

from pydantic import JsonValue, SecretStr
from sqlalchemy import func, select

from models.tables import Bid, Tender
from models.values.base import Carried
from models.values.refusal import problem, refusal, refuse_if_any
from models.values.states import BidState, TenderState
from proof.canonical import framed
from runtime.database import Database
from runtime.keys.ciphers import Ciphers
from runtime.keys.values import ID_DIGITS, ids_of
from runtime.settings import WorkerSettings, environment_names

FILLED_TO = 1024
"""The plain text is a multiple of so many bytes long; an ordinary offer is one."""
_PURPOSE = b"gongjian/bid"


class BidContent(Carried):
    """What lies in an envelope: who bids, and everything that is read out or judged. Money in fen."""

    bidder_id: str
    price_fen: int
    technical_milli: int = 0
    bond_fen: int = 0
    bond_account: str = ""
    flags: Mapping[str, JsonValue] = {}


class Envelopes:
    """Seals offers with the newest key, opens what any of the keys has sealed."""

    def __init__(self, bids_key: SecretStr) -> None:
        self._ciphers = Ciphers(bids_key, _PURPOSE)

    def seal(self, bid_id: str, offer: BidContent) -> bytes:
        """The envelope of a bid."""
        plain = offer.model_dump_json().encode()
        filled = plain + b" " * (-len(plain) % FILLED_TO)
        return self._ciphers.key_id + self._ciphers.seal(filled, framed(_PURPOSE, bid_id.encode()))

    def open(self, bid_id: str, envelope: bytes) -> BidContent:
        """What a bidder has handed in. Asked by the opening, and by the bidder for its own.

        Raises:
            Refused: `bidding.envelope_shut` where the key is not among ours, or the bytes are not those
                that were sealed for this bid.
        """
        key_id, sealed = envelope[:ID_DIGITS], envelope[ID_DIGITS:]
        plain = self._ciphers.open(key_id, sealed, framed(_PURPOSE, bid_id.encode()))
        if plain is None:
            raise refusal(
                "bidding.envelope_shut", where=bid_id, key=key_id.decode(errors="replace")
            )
        return BidContent.model_validate_json(plain)


def envelopes_of(settings: WorkerSettings) -> Envelopes:
    """The keys with which bids are sealed and opened.

    Raises:
        Refused: `settings.missing`.
    """
    if settings.bids_key is None:
        name = environment_names(type(settings))["bids_key"]
        raise refusal("settings.missing", where=name, name=name)
    return Envelopes(settings.bids_key)


async def refuse_lost_keys(database: Database, settings: WorkerSettings) -> None:
    """A key that still seals bids of an open tender is missed at the start, not at the opening.

    Whoever has just taken it out of the settings can put it back then.

    Raises:
        Refused: `bidding.key_needed` for each such key.
    """
    known = ids_of(settings.bids_key) if settings.bids_key is not None else ()
    name = environment_names(type(settings))["bids_key"]
    key = func.encode(func.substr(Bid.envelope, 1, ID_DIGITS), "escape")
    sealed = (
        select(key, func.count())
        .join(Tender, Tender.id == Bid.tender_id)
        .where(
            Bid.envelope.is_not(None),
            Bid.state == BidState.SUBMITTED,
            Tender.state == TenderState.OPEN,
            key.not_in(known),
        )
        .group_by(key)
        .order_by(key)
    )
    async with database.session() as session:
        rows = (await session.execute(sealed)).all()
    refuse_if_any(
        problem("bidding.key_needed", where=name, key=key_id, name=name, bids=bids)
        for key_id, bids in rows
    )
