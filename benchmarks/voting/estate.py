"""A renovation with an open box for the benchmark, and ballots of its units as requests."""

import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import asyncpg
from pydantic import SecretStr

from benchmarks.voting.client import post
from models.values.voting import Motion
from proof.ballots import Leaves, ballot_id_of, pseudonym_of
from rules.ballots.ballot import padded_length, plain_ballot
from runtime.ballots.sealing import BoxKeys, Sealer
from runtime.ballots.times import leaf_times
from runtime.database import Database
from tests.support.estate import make_renovation
from tests.support.votes.by_copy import COLUMNS
from tests.support.votes.tickets import unit_ticket

BOX_KEYS = BoxKeys(SecretStr("b0" * 32))
MOTIONS = [
    {"id": "works", "title": "Works", "kind": "major"},
    {"id": "costs", "title": "Costs", "kind": "major", "depends_on": "works"},
]
NOW = datetime.now(UTC)
BOX_FORMAT = 2
COMMITS = 64
"""Ballots that are filled in with the times of one commit; those of two writers come by turns."""
CHOICES = ("yes", "yes", "yes", "yes", "no", "abstain")


async def make_box(
    database: Database,
    owner: asyncpg.Connection,
    rid: str,
    units: int,
    motions: Sequence[object] = MOTIONS,
) -> str:
    """An open box with a roll of so many heads of one unit each; returns its id."""
    await make_renovation(database, rid=rid, units=1)
    box, salt = f"{rid}.1", secrets.token_bytes(32)
    key = BOX_KEYS.new(box)
    await owner.execute(
        "INSERT INTO ballot_box (id, renovation_id, attempt, motions, opens_at, closes_at,"
        " roll_hash, public_key, wrapped_key, roll_salt) VALUES ($1, $2, 1, $3,"
        " now() - $4::interval, now() + $4, repeat('0', 64), $5, $6, $7)",
        box,
        rid,
        json.dumps(list(motions)),
        timedelta(days=1),
        key.public,
        key.wrapped,
        salt,
    )
    numbers = [f"{number:07d}" for number in range(units)]
    await owner.copy_records_to_table(
        "roll_entry",
        records=[
            (box, n, 5000 + i % 7000, [n], pseudonym_of(salt, n)) for i, n in enumerate(numbers)
        ],
        columns=["box_id", "entry_id", "area_dm2", "units", "pseudonym"],
    )
    await owner.copy_records_to_table(
        "roll_unit",
        records=[(box, n, n) for n in numbers],
        columns=["box_id", "unit_number", "entry_id"],
    )
    await owner.execute("ANALYZE roll_entry, roll_unit")
    return box


def body_of(number: int, run: str) -> dict[str, object]:
    """The ballot of a unit; five of six say yes or no, as CHOICES has it."""
    choice = CHOICES[number % len(CHOICES)]
    return {
        "command_id": f"{run}-{number:07d}",
        "unit_number": f"{number:07d}",
        "choices": {"works": choice, "costs": choice},
    }


def requests_of(rid: str, key: SecretStr, units: range, run: str) -> list[bytes]:
    """The ballots of these units as HTTP requests, each with its own credential."""
    path = f"/v1/renovations/{rid}/ballots"
    return [
        post(
            path,
            json.dumps(body_of(number, run), separators=(",", ":")).encode(),
            f"Authorization: Bearer {unit_ticket(key, rid, f'{number:07d}')}\r\n",
        )
        for number in units
    ]


async def fill_box(owner: asyncpg.Connection, box: str, ballots: int) -> None:
    """Sealed ballots of the first so many units straight into the table, for the closing."""
    public, salt = await owner.fetchrow(
        "SELECT public_key, roll_salt FROM ballot_box WHERE id = $1", box
    )
    length = padded_length([Motion.model_validate(motion) for motion in MOTIONS])
    for first in range(0, ballots, 4096):
        seal = Sealer(public)
        await owner.execute(
            "INSERT INTO ballot_seal VALUES ($1, $2, $3, now())", seal.id, box, seal.public
        )
        rows = [
            _row(box, salt, seal, length, number)
            for number in range(first, min(first + 4096, ballots))
        ]
        await owner.copy_records_to_table("ballot", records=rows, columns=COLUMNS)


async def ballot_rows(
    owner: asyncpg.Connection, box: str, numbers: range
) -> list[tuple[object, ...]]:
    """Sealed ballots of these units as rows, under one seal."""
    public, salt = await owner.fetchrow(
        "SELECT public_key, roll_salt FROM ballot_box WHERE id = $1", box
    )
    length = padded_length([Motion.model_validate(motion) for motion in MOTIONS])
    seal = Sealer(public)
    return [_row(box, salt, seal, length, number) for number in numbers]


def _row(box: str, salt: bytes, seal: Sealer, length: int, number: int) -> tuple[object, ...]:
    unit = f"{number:07d}"
    given = body_of(number, "filled")
    words = seal.seal(plain_ballot(given["choices"]), length)  # type: ignore[arg-type]
    pseudonym, area = pseudonym_of(salt, unit), 5000 + number % 7000
    leaves = Leaves(box, BOX_FORMAT)
    content_hash = leaves.content_hash(
        pseudonym=pseudonym,
        channel="web",
        commitment=words.commitment,
        heads=1,
        area_dm2=area,
        shares=None,
    )
    at = NOW + timedelta(milliseconds=number // (2 * COMMITS) * 2 + number % 2)
    leaf = leaves.leaf(content_hash, leaf_times(at, at))
    return (
        ballot_id_of(leaf), box, unit, unit, given["command_id"], bytes(32), "web", pseudonym,
        1, area, seal.id, words.sealed, words.commitment, leaf, "filled", 1, at, at,
    )  # fmt: skip
