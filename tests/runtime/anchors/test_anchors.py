"""Anchors and who cosigns them: an operator who writes the record anew, or puts it back, is found."""

import base64
import secrets
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import NamedTuple

import asyncpg
import pytest
from pydantic import SecretStr

from cli.cases import anchors_lines
from models.values.refusal import Refused
from proof.merkle import included, leaf_hash
from proof.witness import KnownKey
from runtime.anchors.keys import AnchorKeys, Witness
from runtime.anchors.making import AnchorView, load_anchored, make_anchor
from runtime.anchors.witnessing import add_checkpoint, ask_witness
from runtime.database import Database
from runtime.record.audit import AuditReport
from runtime.record.audit.anchors import AnchorsAudit, KnownAnchors, audit_anchors, kept_in
from runtime.record.heads import KeptHeads
from tests.conftest import TEMPLATE, TestPostgres
from tests.runtime.record.test_audit import fill

pytestmark = pytest.mark.slow
NUMBERS = count(1)
OTHER_EVENT = """
UPDATE event SET hash = repeat('2', 64)
WHERE (renovation_id, seq) = (SELECT renovation_id, seq FROM anchor_leaf WHERE number = 0)
"""


class Two(NamedTuple):
    """An instance with a file outside of its database, and another one that cosigns its heads."""

    database: Database
    root: asyncpg.Connection
    kept: KeptHeads
    other: Database
    ours: AnchorKeys
    theirs: AnchorKeys

    @property
    def known(self) -> KnownAnchors:
        key = self.theirs.cosigner_key
        return KnownAnchors(self.ours, {key.name: key}, kept_in(self.ours, self.kept))

    async def case(self) -> str:
        rid = f"a{next(NUMBERS)}"
        await fill(self.database, rid)
        return rid

    async def anchor(self) -> AnchorView:
        return (await make_anchor(self.database, self.ours, self.kept))[0]

    async def post(self, _url: str, body: bytes) -> tuple[int, bytes]:
        known = self.ours.of_log(self.ours.name)
        try:
            line = await add_checkpoint(self.other, self.theirs, known, body)
        except Refused as refused:
            problem = refused.problems[0]
            if problem.code == "anchor.old_size":
                return 409, f"{problem.params['size']}\n".encode()
            return 422, problem.code.encode()
        return 200, line.encode()

    async def cosigned(self) -> AnchorView:
        return await ask_witness(self.database, Witness(self.theirs.cosigner_key, "-"), self.post)

    async def audited(self) -> AnchorsAudit:
        async with self.database.driver() as connection, connection.transaction():
            return await audit_anchors(connection, self.known)

    async def found_by_the_other(self) -> list[tuple[str, int]]:
        """What the audit of the other instance says of those that it watches."""
        known = KnownAnchors(self.theirs, {}, {})
        async with self.other.driver() as connection, connection.transaction():
            report = await audit_anchors(connection, known)
        lines = anchors_lines(
            AuditReport(renovations=0, events=0, ballots=0, bad=(), anchors=report)
        )
        assert len(lines) == len(report.others) + 1
        return [(each.origin, each.size) for each in report.others]

    async def tamper(self, *statements: str) -> None:
        async with self.root.transaction():
            await self.root.execute("SET LOCAL session_replication_role = replica")
            for each in statements:
                await self.root.execute(each)


@pytest.fixture(scope="module")
async def other_database(postgres: TestPostgres) -> AsyncIterator[Database]:
    name = f"test_{secrets.token_hex(6)}"
    await postgres.create(name, TEMPLATE)
    opened = Database(postgres.at(postgres.urls.app, name))
    yield opened
    await opened.dispose()
    await postgres.drop(name)


@pytest.fixture
async def two(
    database: Database, other_database: Database, superuser: str, tmp_path: Path
) -> AsyncIterator[Two]:
    """Both begin without an anchor."""
    root = await asyncpg.connect(superuser)
    ours, theirs = (AnchorKeys.of(SecretStr(secrets.token_hex(32))) for _ in range(2))
    kept = KeptHeads(tmp_path / "anchors.log")
    made = Two(database, root, kept, other_database, ours, theirs)
    await made.tamper(
        *(f"DELETE FROM {name}" for name in ("anchor_cosignature", "anchor", "anchor_leaf")),
        # What a test before has forged.
        "UPDATE renovation r SET head_hash = e.hash FROM event e"
        " WHERE e.renovation_id = r.id AND e.seq = r.head_seq",
    )
    await made.case()
    yield made
    await root.close()


async def test_the_head_of_each_case_stands_in_the_tree_and_is_proved(two: Two) -> None:
    first, second = await two.case(), await two.case()
    anchor = await two.anchor()
    assert (await make_anchor(two.database, two.ours, two.kept))[1] == 0
    for rid in (first, second):
        async with two.database.session() as session:
            found = await load_anchored(session, rid)
        path = [bytes_of(each) for each in found.path]
        leaf = leaf_hash(found.leaf.encode())
        assert found.leaf.splitlines()[0] == f"gongjian/renovation/{rid}"
        assert included(leaf, found.index, anchor.size, path, bytes_of(anchor.root))
        assert not included(leaf, found.index + 1, anchor.size, path, bytes_of(anchor.root))
    assert (await two.audited()).bad == ()


def bytes_of(text: str) -> bytes:
    return base64.b64decode(text)


async def test_another_instance_cosigns_what_only_grows(two: Two) -> None:
    for _ in range(3):
        await two.case()
        await two.anchor()
        assert (await two.cosigned()).cosigned_by == (two.theirs.cosigner_key.name,)
    report = await two.audited()
    assert (report.bad, report.cosigned, report.unknown) == ((), 3, 0)
    assert await two.found_by_the_other() == []


async def test_who_shows_two_histories_is_not_cosigned_and_is_found(two: Two) -> None:
    rid = await two.case()
    first = await two.anchor()
    await two.cosigned()
    # The operator writes a case anew, with every hash and every signature of his own, and the tree as well.
    await two.tamper(
        "DELETE FROM anchor_cosignature",
        "DELETE FROM anchor",
        "DELETE FROM anchor_leaf",
        f"UPDATE renovation SET head_hash = repeat('1', 64) WHERE id = '{rid}'",
    )
    for size in (first.size, first.size + 1):
        assert (await two.anchor()).size == size
        with pytest.raises(Refused) as refused:
            await two.cosigned()
        assert refused.value.problems[0].code == "anchor.not_cosigned"
        assert refused.value.problems[0].params["status"] == 422
        # Two signed trees of one size prove it to anybody; a larger one is only not cosigned.
        assert await two.found_by_the_other() == [(first.origin, first.size)]
        await two.case()


async def test_who_puts_the_record_back_is_not_cosigned(two: Two) -> None:
    size = (await two.anchor()).size
    await two.case()
    await two.anchor()
    await two.cosigned()
    await two.tamper(
        "DELETE FROM anchor_cosignature",
        f"DELETE FROM anchor_leaf WHERE number >= {size}",
        f"DELETE FROM anchor WHERE size > {size}",
    )
    with pytest.raises(Refused) as refused:
        await two.cosigned()
    assert refused.value.problems[0].params["status"] == 409
    assert {each.reason for each in (await two.audited()).bad} == {"rolled_back"}


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ("UPDATE anchor SET root = sha256('x')", {"root"}),
        ("UPDATE anchor SET note = replace(note, 'heads', 'tails')", {"signature", "cosignature"}),
        (
            "UPDATE anchor_cosignature SET line = (SELECT regexp_replace(note, '.*\n\n', '') FROM anchor LIMIT 1)",
            {"cosignature"},
        ),
        (
            "UPDATE anchor_leaf SET hash = repeat('3', 64) WHERE number = 0",
            {"leaf", "root", "other_head"},
        ),
        ("DELETE FROM anchor", {"rolled_back"}),
        # Last: the case stays as it is.
        (
            OTHER_EVENT,
            {"leaf"},
        ),
    ],
)
async def test_what_was_changed_is_named(two: Two, change: str, reasons: set[str]) -> None:
    await two.anchor()
    await two.cosigned()
    statements = [change]
    if change.startswith("DELETE"):
        statements += ["DELETE FROM anchor_cosignature", "DELETE FROM anchor_leaf"]
    await two.tamper(*statements)
    assert {each.reason for each in (await two.audited()).bad} == reasons


async def test_what_is_not_of_a_known_log_is_not_cosigned(two: Two) -> None:
    await two.anchor()
    for known, code in (
        ((), "anchor.unknown_log"),
        ((KnownKey((await two.anchor()).origin, 1, bytes(32)),), "anchor.not_signed"),
    ):
        body = b"old 0\n\n" + (await two.anchor()).note.encode()
        with pytest.raises(Refused) as refused:
            await add_checkpoint(two.other, two.theirs, known, body)
        assert refused.value.problems[0].code == code
