"""One clock inside the transaction: told clocks, what workflows wait for, holds; no affine time any more.

A sandbox of the old kind that is still running is shelved, on the record: its time was an image of
real time, which nothing in the house can compute any more. Finished ones stay readable. Cases on the
wall clock go on; what they wait for is written down, where it will be looked for.
"""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

from alembic import op

from models.migrations.statements import run

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

HERE = Path(__file__)
MICROSECOND = timedelta(microseconds=1)
RUNNING = """
SELECT r.id, r.head_seq, r.head_hash, r.rule_pack, clock_timestamp(),
       (SELECT e.happened_at FROM event e WHERE e.renovation_id = r.id ORDER BY e.seq DESC LIMIT 1),
       (SELECT max(b.recorded_at) FROM ballot b JOIN ballot_box x ON x.id = b.box_id
        WHERE x.renovation_id = r.id),
       r.clock ->> 'real_origin', r.clock ->> 'case_origin', r.clock ->> 'rate'
FROM renovation r WHERE r.state = 'running' AND r.clock <> '{}' AND r.head_seq > 0 ORDER BY r.id
"""
OPEN_BOX = "SELECT id FROM ballot_box WHERE renovation_id = $1 AND state = 'open'"
WHY = "the clocks of sandboxes no longer run by themselves: open it again with clock: told"
FIELDS = [
    "renovation_id",
    "seq",
    "command_id",
    "happened_at",
    "recorded_at",
    "actor_id",
    "actor_role",
    "actor_label",
    "actor_place",
    "on_behalf_of",
    "kind",
    "details",
    "rule_pack",
    "workflow_id",
    "run_id",
]


def upgrade() -> None:
    run(HERE.with_suffix(".sql"))
    run(HERE.with_suffix(".agenda.sql"))
    bind = op.get_bind()
    for row in bind.exec_driver_sql(RUNNING).fetchall():
        rid, seq, head, rule_pack, recorded_at, happened_at, voted_at, *clock = row
        if voted_at is not None:
            # Ballots are no events: the last one may have been cast after the last of these.
            happened_at = max(happened_at, _image_of(voted_at, *clock))
        _shelve(Writer(rid, seq, head, rule_pack, recorded_at, happened_at))


def _shelve(writer: "Writer") -> None:
    bind = op.get_bind()
    for box in bind.exec_driver_sql(OPEN_BOX, (writer.rid,)).fetchall():
        writer.write("settlement.vote_voided", {"box": box[0], "box_was": "open"})
        bind.exec_driver_sql(
            "UPDATE ballot_box SET state = 'closed', closed_at = $2 WHERE id = $1",
            (box[0], writer.happened_at),
        )
    writer.write("renovation.closed", {"state": "shelved", "reason": WHY})
    bind.exec_driver_sql(
        "UPDATE renovation SET state = 'shelved', closed_at = $2, waiting_for = 'nothing',"
        " due_at = NULL, stage_workflow_id = '', head_seq = $3, head_hash = $4 WHERE id = $1",
        (writer.rid, writer.happened_at, writer.seq, writer.head),
    )


def _image_of(real: datetime, real_origin: str, case_origin: str, rate: str) -> datetime:
    """What a real moment was by the clock of an old sandbox, rounded down to the microsecond."""
    passed = (real - datetime.fromisoformat(real_origin)) // MICROSECOND * Fraction(rate)
    begun = datetime.fromisoformat(case_origin)
    return begun + passed.numerator // passed.denominator * MICROSECOND


def downgrade() -> None:
    run(HERE.with_suffix(".down.sql"))


class Writer:
    """Appends events and receipts to one chain, as the release before writes them; later code may differ."""

    def __init__(
        self,
        rid: str,
        seq: int,
        head: str,
        rule_pack: str,
        recorded_at: datetime,
        happened_at: datetime,
    ) -> None:
        self.rid, self.seq, self.head = rid, seq, head
        self.rule_pack = rule_pack
        self.recorded_at, self.happened_at = recorded_at, happened_at

    def write(self, kind: str, details: dict[str, str]) -> None:
        """One event and its receipt."""
        self.seq += 1
        command = f"migration-0007/{self.rid}/{kind}"
        fields = {
            "renovation_id": self.rid,
            "seq": self.seq,
            "command_id": command,
            "happened_at": _text(self.happened_at),
            "recorded_at": _text(self.recorded_at),
            "actor_id": "engine",
            "actor_role": "engine",
            "actor_label": "工作流引擎 / engine",
            "actor_place": "",
            "on_behalf_of": None,
            "kind": kind,
            "details": details,
            "rule_pack": self.rule_pack,
            "workflow_id": "",
            "run_id": "",
        }
        before, self.head = self.head, _digest({**fields, "prev_hash": self.head})
        values = [fields[name] for name in FIELDS]
        values[FIELDS.index("details")] = json.dumps(details, ensure_ascii=False)
        for name in ("happened_at", "recorded_at"):
            values[FIELDS.index(name)] = getattr(self, name)
        places = ", ".join(f"${number}" for number in range(1, len(FIELDS) + 3))
        bind = op.get_bind()
        bind.exec_driver_sql(
            f"INSERT INTO event ({', '.join(FIELDS)}, prev_hash, hash) VALUES ({places})",
            (*values, before, self.head),
        )
        asked = _digest(
            {"renovation_id": self.rid, "kind": kind, "actor_id": "engine", "request": None}
        )
        bind.exec_driver_sql(
            "INSERT INTO receipt (command_id, renovation_id, seq, kind, request_hash, result,"
            " recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            (command, self.rid, self.seq, kind, asked, "{}", self.recorded_at),
        )


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _digest(value: dict[str, object]) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
