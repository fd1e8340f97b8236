"""What the record answers for: a verdict for every table of the database.

A table is recomputed from events, digested (an event carries the hashes of its rows), a projection of
something that is, or exempt for a reason. A test fails for a table without one.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple


class Kind(StrEnum):
    """How a table hangs together with the record."""

    RECOMPUTED = "recomputed"
    """The audit computes from the events what its rows must be."""
    DIGESTED = "digested"
    """An event carries a hash of what its rows must be."""
    PROJECTION = "projection"
    """It can be written anew from other tables or from the engine; nothing is decided by it."""
    EXEMPT = "exempt"
    """Nothing of a case is proved by it; the reason says why not."""


class Verdict(NamedTuple):
    """The kind of a table; by which part of the audit, of what, or for which reason."""

    kind: Kind
    because: str


class Digest(NamedTuple):
    """How an event carries the rows of a table that its transaction wrote.

    `through` is the table by which its rows hang on a case; "" where they name the case themselves.
    `whole` tables are written in bulk: the event has one hash over all their rows of the case, not one
    of each row. `late` ones are filled by residents without events, until an event answers for all of
    them. `left_out` are columns that later change without an act, with the reason in `because`.
    """

    through: str = ""
    whole: bool = False
    late: bool = False
    left_out: tuple[str, ...] = ()
    because: str = ""


EMPTY = sha256(b"").hexdigest()
"""The hash over all rows of a table without any."""
THROUGH: Mapping[str, tuple[str, str]] = {
    "tender": ("tender_id", "SELECT id, renovation_id FROM tender"),
    "publication": ("publication_id", "SELECT id, renovation_id FROM publication"),
    "ballot_box": ("box_id", "SELECT id, renovation_id FROM ballot_box"),
    "paper_batch": (
        "batch_id",
        "SELECT p.id, b.renovation_id FROM paper_batch p JOIN ballot_box b ON b.id = p.box_id",
    ),
    "mandate": (
        "mandate_id",
        "SELECT m.id, b.renovation_id FROM mandate m JOIN ballot_box b ON b.id = m.box_id",
    ),
}
"""By the table in between: the column that names it, and the case of each of its rows."""
OF_ONE, OF_MANY = "= $1", "BETWEEN $1 AND $2"
"""SQL: which cases rows are of; one, or those from one id to another."""

DIGESTS: Mapping[str, Digest] = {
    "attendance": Digest("ballot_box"),
    "award": Digest("tender"),
    "ballot_box": Digest(
        left_out=("wrapped_key",), because="wrapped anew when the worker's key is rotated"
    ),
    "ballot_ruling": Digest("ballot_box"),
    "case_hold": Digest(),
    "certificate": Digest(),
    "contract": Digest(),
    "door_visit": Digest("ballot_box"),
    "evaluation": Digest(),
    "inspection": Digest(),
    "instalment": Digest(whole=True),
    "late_fee": Digest(whole=True),
    "mandate": Digest("ballot_box"),
    "mandate_revocation": Digest("mandate"),
    "objection": Digest("publication"),
    "official_result": Digest("ballot_box"),
    "owner_replacement": Digest(),
    "paper_batch": Digest("ballot_box"),
    "paper_cast": Digest("paper_batch"),
    "paper_entry": Digest("paper_batch"),
    "part_consent": Digest(),
    "payment": Digest(whole=True),
    "private.picture": Digest(
        left_out=("content",), because="erased when its time is over; its hash stays in the row"
    ),
    "proposal": Digest(),
    "publication": Digest(),
    "published_picture": Digest(),
    "refund": Digest(whole=True),
    "relief": Digest(),
    "retention_release": Digest(),
    "scheme": Digest(),
    "share": Digest(whole=True),
    "share_total": Digest(whole=True),
    "survey_answer": Digest(whole=True, late=True),
    "tender": Digest(),
    "termination": Digest(),
    "ticket": Digest(),
    "private.unclaimed_sum": Digest(
        left_out=("words",), because="sealed, and erased when it is decided for whom the sum is"
    ),
    "vote_objection": Digest("ballot_box"),
    "vote_opinion": Digest("ballot_box"),
    "work_item": Digest(),
}
"""The tables whose rows the journal hashes into the event of the transaction that writes them."""

_ROWS_OF_EVENTS = (
    "runtime.record.audit.tables: the hash of each row stands in the event that wrote it"
)
_OTHERS: Mapping[Kind, Mapping[str, str]] = {
    Kind.RECOMPUTED: {
        "anchor": "runtime.record.audit.anchors: the root over its leaves, signed",
        "anchor_cosignature": "runtime.record.audit.anchors: another's signature over the head",
        "anchor_leaf": "runtime.record.audit.anchors: the events that it names",
        "case_clock": "runtime.record.audit.clock: it stands where the events moved it",
        "event": "runtime.record.audit: it is the chain",
        "ledger_account": "runtime.ledger.check: its balance is the sum of its entries",
        "ledger_entry": "runtime.ledger.check: two of each transfer",
        "place_event": "runtime.record.audit.places: it is a chain",
        "place_log": "runtime.record.audit.places: the head of its chain",
        "receipt": "runtime.record.audit: number and kind are those of its event, and the signature covers what was asked",
        "renovation": "runtime.record.audit.tables: head, state, stage and halts are those that the events tell",
    },
    Kind.DIGESTED: {
        "ballot": "runtime.ballots.audit: the tree whose root the closing names",
        "ballot_batch": "runtime.ballots.audit: a signed root over its receipts",
        "ballot_seal": "runtime.ballots.audit: what it opens are the ballots under the root",
        "bid": "runtime.record.audit.bids: the hash of the envelope and the price that was read out",
        "ledger_group": "runtime.record.audit.ledger: the hash of its transfers stands in its event",
        "ledger_transfer": "runtime.record.audit.ledger: the hash of all of one event stands in it",
        "roll_entry": "runtime.ballots.audit_boxes: the announcement names the hash of the roll",
    },
    Kind.PROJECTION: {
        "bundle_file": "made anew from the box",
        "bundle_piece": "made anew from the box",
        "case_trouble": "steps of the engine that broke; the events tell of each",
        "case_wait": "what workflows wait for; `gongjian repair` writes it anew",
        "feed_entry": "positions of events",
        "feed_pending": "events without a position yet",
        "feed_pending_place": "events of estates without a position yet",
    },
    Kind.EXEMPT: {
        "access": "a log of reading, append-only, without effect on a case",
        "account": "signing in; who held which role stands in the log of the place",
        "api_client": "signing in; its events stand in the log of the place",
        "api_key": "signing in",
        "ballot_check": "who has looked for the own ballot; it is counted and decides nothing",
        "contradiction": "what another instance has signed twice; its signature stands in the note",
        "contact": "addresses, which their owners change and erase",
        "erasure": "about persons, not about a case",
        "estate": "before any case; an import is in the log of the place",
        "firm": "before any case; registered in the log of the place",
        "firm_person": "before any case; registered in the log of the place",
        "invitation": "signing in",
        "letter": "attempts and expiry move without an act; that it was made, handed and used are events",
        "letter_session": "signing in",
        "lock_out": "signing in",
        "notice": "its delivery moves without an act; what was decided stands in the event of its command",
        "notice_message": "delivery, and erased when its time is over",
        "paper_line": "how somebody voted on paper, until it is cast; the batch's code and the ballots answer for it",
        "passkey": "signing in",
        "person": "names, sealed, and erased with their key",
        "person_key": "destroyed to erase",
        "place": "before any case; its events stand in the log of the place",
        "portal_session": "signing in",
        "quota_use": "limits of a sender, forgotten after a while",
        "role_grant": "the log of the place tells of it, and the audit of acts asks it",
        "roll_import": "before any case; the announcement of a vote names the hash of its roll",
        "roll_unit": "which letter opens a ballot; the roll itself is hashed",
        "sensitive": "given for as long as its giver wants, then erased",
        "saved_view": "what somebody looks for; nothing of a case",
        "session": "signing in",
        "sign_in_attempt": "signing in",
        "suggestion": "may come before any case; its words' hash stands in the log of its room",
        "suggestion_reply": "may come before any case; the reply stands in the log of its room",
        "suggestion_support": "may come before any case; the number stands in the log of its room",
        "unit": "before any case; the announcement of a vote names the hash of its roll",
        "unit_access": "which letter opens a unit",
        "unit_owner": "names, erased when their time is over",
        "used_assertion": "signing in",
        "vote_step": "a count of looks, without anybody's name",
        "webhook": "delivery",
        "witnessed": "what another instance has shown; its signature stands in the note",
        "webhook_delivery": "delivery, forgotten after a while",
    },
}


def table_name(full: str) -> str:
    """A table's name without the schema that holds people."""
    return full.rpartition(".")[2]


def _verdicts() -> Iterator[tuple[str, Verdict]]:
    for name in DIGESTS:
        yield table_name(name), Verdict(Kind.DIGESTED, _ROWS_OF_EVENTS)
    for kind, tables in _OTHERS.items():
        for name, because in tables.items():
            yield name, Verdict(kind, because)


VERDICTS: Mapping[str, Verdict] = dict(_verdicts())
"""By the name of a table, without its schema, what the record answers for of it."""


class Columns(NamedTuple):
    """Of a table: the columns of its primary key, and those of JSON."""

    key: tuple[str, ...]
    of_json: tuple[str, ...]


def key_text(columns: Columns) -> str:
    """SQL: the name of a row `t` within its table, of its primary key."""
    return " || '/' || ".join(f"t.{name}::text" for name in columns.key)


def row_hash(name: str, columns: Columns) -> str:
    """SQL: the SHA-256 of a row `t`, in hexadecimal; the session's time zone is UTC.

    What is hashed is a JSON object of the columns that are not NULL, so that a later release may add
    one, and after it a line for each column of JSON, in which null is a value.
    """
    left_out = DIGESTS[name].left_out
    dropped = ", ".join(f"'{each}'" for each in (*columns.of_json, *left_out))
    kept = f"to_jsonb(t) - ARRAY[{dropped}]::text[]" if dropped else "to_jsonb(t)"
    lines = [f"jsonb_strip_nulls({kept})::text"]
    lines += [f"'{each}=' || t.{each}::text" for each in columns.of_json if each not in left_out]
    return _sha256(f"concat_ws(E'\\n', {', '.join(lines)})")


def rows_of_cases(name: str, columns: Columns, which: str = OF_ONE) -> str:
    """SQL: case, table, key and hash of each row of the cases; of a `whole` table one a case, with the key "".

    A `whole` table without rows of a case gives none (`EMPTY`).
    """
    digest = DIGESTS[name]
    short, key, each = table_name(name), key_text(columns), row_hash(name, columns)
    rest, case = f"FROM {name} t", "t.renovation_id"
    if digest.through:
        column, cases = THROUGH[digest.through]
        rest, case = f"{rest} JOIN ({cases}) c ON c.id = t.{column}", "c.renovation_id"
    rest = f"{rest} WHERE {case} {which}"
    if not digest.whole:
        return f"SELECT {case} AS of_case, '{short}' AS name, {key} AS key, {each} AS hash {rest}"
    joined = _sha256(f"""string_agg({each}, '' ORDER BY {key} COLLATE "C")""")
    return f"SELECT {case} AS of_case, '{short}' AS name, '' AS key, {joined} AS hash {rest} GROUP BY {case}"


def _sha256(sql: str) -> str:
    return f"encode(sha256(convert_to({sql}, 'UTF8')), 'hex')"
