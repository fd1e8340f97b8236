"""CPU per ballot, split by step: each step of the hot path alone, in a loop, in this process."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from benchmarks.voting.estate import BOX_KEYS, MOTIONS, body_of
from models.values.voting import Motion
from rules.ballots.ballot import Leaves, length_of, plain_ballot, words_of
from runtime.ballots.sealing import Sealer, Signer
from service.ballots.boxes import Box, Entry
from service.ballots.queued import problems_of
from service.ballots.receipts import Stored, signed_batch, written
from service.http.credentials import VoterCheck, voter_credential
from service.residents.commands import CastBallot

LOOPS = 20_000
BATCH = 32


def steps_us() -> dict[str, float]:
    """Step to microseconds a ballot."""
    key, rid = SecretStr("0f" * 32), "r" * 12
    bearer = f"Bearer {voter_credential(key, rid, '0000007')}"
    body = json.dumps(body_of(7, "run")).encode()
    ballot = CastBallot.model_validate_json(body)
    motions = {each["id"]: Motion.model_validate(each) for each in MOTIONS}
    length = length_of(tuple(motions.values()))
    seal = Sealer(BOX_KEYS.new("box").public)
    words = seal.seal(plain_ballot(ballot.choices), length)
    signer = Signer.of_receipts(SecretStr("1e" * 32))
    leaves, now = Leaves("box", 2), written(datetime.now(UTC))
    content: dict[str, Any] = {
        "pseudonym": "a" * 32, "channel": "web", "commitment": words.commitment,
        "heads": 1, "area_dm2": 5000, "shares": None,
    }  # fmt: skip
    stored = [
        Stored(
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
    voters = VoterCheck(key)
    entry = Entry("0000007", "a" * 32, 1, 5000, None, None)
    words_of_motion = {name: frozenset(words_of(motion)) for name, motion in motions.items()}
    box = Box(
        id="box", roll_hash="0" * 64, motions=motions, earlier=(), roll={"0000007": entry},
        seals=None, ballot_bytes=length, words=words_of_motion, leaves=leaves,  # type: ignore[arg-type]
    )  # fmt: skip
    scope: dict[str, Any] = {
        "type": "http",
        "headers": [(b"authorization", bearer.encode()), (b"host", b"x")],
    }
    return {
        "credential": _us(lambda: voters.unit_of(rid, dict(scope["headers"]).get(b"authorization"))),
        "parse body": _us(lambda: CastBallot.model_validate_json(body)),
        "check choices": _us(lambda: problems_of(ballot, box)),
        "seal": _us(lambda: seal.seal(plain_ballot(ballot.choices), length)),
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
