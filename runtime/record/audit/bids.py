"""The audit of bids: every envelope is the one that the record tells of, and what was read out stands."""

import asyncpg

_FIRST = """
SELECT min(seq) FROM (
  -- Handed in, and the envelope is gone or another one, or taken back without its bidder.
  SELECT e.seq
  FROM event e LEFT JOIN bid b ON b.id = e.details->>'bid'
  WHERE e.renovation_id = $1 AND e.kind = 'bidding.bid_submitted'
    AND (b.id IS NULL
      OR e.details->>'envelope_sha256' IS DISTINCT FROM encode(sha256(b.envelope), 'hex')
      OR b.state = 'withdrawn' IS DISTINCT FROM EXISTS (
        SELECT FROM event w
        WHERE w.renovation_id = e.renovation_id AND w.kind = 'bidding.bid_withdrawn'
          AND w.details->>'bid' = b.id))
  UNION ALL
  -- Read out at another price than stands in the row now.
  SELECT e.seq
  FROM event e
  CROSS JOIN LATERAL jsonb_array_elements(e.details->'bids') said
  LEFT JOIN bid b ON b.tender_id = e.details->>'tender' AND b.bidder_id = said->>'bidder'
    AND b.state <> 'withdrawn'
  WHERE e.renovation_id = $1 AND e.kind = 'bidding.bids_opened'
    AND jsonb_typeof(e.details->'bids') = 'array'
    AND b.price_fen IS DISTINCT FROM (said->>'price_fen')::bigint
  UNION ALL
  -- A bid of a tender that nobody has handed in.
  SELECT e.seq
  FROM event e JOIN bid b ON b.tender_id = e.details->>'tender'
  WHERE e.renovation_id = $1 AND e.kind = 'bidding.tender_published'
    AND NOT EXISTS (
      SELECT FROM event s
      WHERE s.renovation_id = e.renovation_id AND s.kind = 'bidding.bid_submitted'
        AND s.details->>'bid' = b.id)
) AS found
"""


async def first_bad_bid(connection: asyncpg.Connection, renovation_id: str) -> int | None:
    """The number of the first event of a case that its bids do not fit; None where all of them fit.

    Events of before envelopes name none, and their bids have none. Needs no key: the record has the
    hash of each envelope, and the price of each that was opened.
    """
    seq: int | None = await connection.fetchval(_FIRST, renovation_id)
    return seq
