"""CPU per ballot, split by step: each step of the hot path alone, in a loop, in this process."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from benchmarks.voting.estate import BOX_KEYS, MOTIONS, body_of
from models.values.voting import Motion
from proof.ballots import Leaves
from proof.canonical import utc_text
from rules.ballots.ballot import BallotPaper
from runtime.ballots.sealing import Sealer, Signer
from service.access.tickets import TicketCheck, TicketKeys
from service.ballots.receipts import StoredBallot, signed_batch
from service.bodies import CastBallot
from tests.support.votes.tickets import unit_ticket

LOOPS = 20_000
BATCH = 32


def steps_us() -> dict[str, float]:
    """Step to microseconds a ballot."""
    key, rid = SecretStr("0f" * 32), "r" * 12
    bearer = f"Bearer {unit_ticket(key, rid, '0000007')}"
    body = json.dumps(body_of(7, "run")).encode()
    ballot = CastBallot.model_validate_json(body)
    motions = {each["id"]: Motion.model_validate(each) for each in MOTIONS}
    paper = BallotPaper(tuple(motions.values()))
    seal = Sealer(BOX_KEYS.new("box").public)
    _, words = seal.seal_ballot(paper, ballot.choices, "web")
    signer = Signer.of_receipts(SecretStr("1e" * 32))
    leaves, now = Leaves("box", 2), utc_text(datetime.now(UTC))
    content: dict[str, Any] = {
        "pseudonym": "a" * 32, "channel": "web", "commitment": words.commitment,
        "heads": 1, "area_dm2": 5000, "shares": None,
    }  # fmt: skip
    stored = [
        StoredBallot(
            f"{number:032x}",
            "box",
            "0000007",
            "run-0000007",
            bytes(32),
            leaves.content_hash(**content),
            now,
            now,
        )
        for number in range(BATCH)
    ]
    receipt = signed_batch("i.1", "box", stored, signer)[1][0]
    voters = TicketCheck(TicketKeys(key), key)
    headers = [(b"authorization", bearer.encode()), (b"host", b"x")]
    return {
        "credential": _us(lambda: voters.read(rid, dict(headers)[b"authorization"])),
        "parse body": _us(lambda: CastBallot.model_validate_json(body)),
        "write choices": _us(lambda: paper.write(ballot.choices)),
        "write choices and seal": _us(lambda: seal.seal_ballot(paper, ballot.choices, "web")),
        "content hash": _us(lambda: leaves.content_hash(**content)),
        f"sign and receipts (batch of {BATCH})": _us(
            lambda: signed_batch("i.1", "box", stored, signer), LOOPS // BATCH
        )
        / BATCH,
        "receipt as JSON": _us(receipt.json),
    }  # fmt: skip


def _us(step: Callable[[], object], loops: int = LOOPS) -> float:
    begun = time.process_time()
    for _ in range(loops):
        step()
    return 1e6 * (time.process_time() - begun) / loops
