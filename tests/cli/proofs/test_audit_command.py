"""`gongjian audit` finds whoever tampered: exit code 1, and a line that names the case and what is wrong, in both languages.

What only Temporal's history tells is in tests/workflows/healing/test_audit_engine.py, what only another
instance tells in tests/runtime/anchors/test_two_instances.py; both call the command as well.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from itertools import count
from pathlib import Path

import asyncpg
import pytest
from typer.testing import CliRunner

from cli.main import app
from runtime.database import Database
from runtime.rows import AuditedEvent
from tests.runtime.record.test_audit_tables import a_ticket, write
from tests.runtime.record.test_heads import KEY, Log
from tests.support.estate import make_renovation
from tests.support.record.rewritten import rewrite
from tests.support.slow import some_are_slow

RUNNER = CliRunner()
LANGUAGES = ("en", "zh_CN")
SECRET = "ab" * 32


async def changed_byte(log: Log) -> None:
    await log.attacker.execute(
        "UPDATE event SET details = '{\"amount_fen\": 12346}' WHERE renovation_id = $1 AND seq = 3",
        log.rid,
    )


async def removed(log: Log) -> None:
    await log.attacker.execute("DELETE FROM event WHERE renovation_id = $1 AND seq = 4", log.rid)


async def in_another_order(log: Log) -> None:
    # The constraint wants positive numbers: 99 stands for one that is free.
    for to, of in ((99, 2), (2, 3), (3, 99)):
        await log.attacker.execute(
            "UPDATE event SET seq = $2 WHERE renovation_id = $1 AND seq = $3", log.rid, to, of
        )


async def chained_anew(log: Log) -> None:
    await log.rewrite(3)


async def put_back(log: Log) -> None:
    await log.roll_back(4)


async def dated_back(log: Log) -> None:
    """With every hash made anew."""

    def earlier(events: list[AuditedEvent]) -> Sequence[AuditedEvent]:
        at = events[1].happened_at - timedelta(days=1)
        events[3] = events[3]._replace(happened_at=at)
        return events

    await rewrite(log.attacker, log.rid, earlier)
    await log.attacker.execute(
        "UPDATE event SET head_signature = NULL WHERE renovation_id = $1", log.rid
    )
    log.kept.path.unlink()  # so that nothing but the date tells


async def row_changed(log: Log) -> None:
    await log.attacker.execute(
        "UPDATE ticket SET text = 'x' WHERE renovation_id = $1 AND id LIKE '%.a'", log.rid
    )


async def row_gone(log: Log) -> None:
    await log.attacker.execute(
        "DELETE FROM ticket WHERE renovation_id = $1 AND id LIKE '%.b'", log.rid
    )


async def row_told_otherwise(log: Log) -> None:
    await log.attacker.execute("UPDATE renovation SET state = 'completed' WHERE id = $1", log.rid)


async def actor_forged(log: Log) -> None:
    """Of an event, and nothing else: with every hash anew only its signature or Temporal tells."""
    await log.attacker.execute(
        "UPDATE event SET actor_label = '他人' WHERE renovation_id = $1 AND seq = 2", log.rid
    )


Tampering = Callable[[Log], Awaitable[None]]
FOUND: dict[Tampering, tuple[str, str]] = {
    changed_byte: (
        "event 3 of renovation {}: its content was changed",
        "{} 的第 3 个事件：内容被改动",
    ),
    removed: (
        "event 5 of renovation {}: one or more events before it are missing",
        "{} 的第 5 个事件：前面缺少事件",
    ),
    in_another_order: (
        "event 2 of renovation {}: it does not follow",
        "{} 的第 2 个事件：与前一事件不衔接",
    ),
    chained_anew: (
        "event 3 of renovation {}: its head was signed by nobody",
        "{} 的第 3 个事件：链头的签名不对",
    ),
    put_back: (
        "event 7 of renovation {}: a later head is kept outside",
        "{} 的第 7 个事件：数据库止于库外最新链头之前",
    ),
    dated_back: (
        "event 4 of renovation {}: it happened before the one before it",
        "{} 的第 4 个事件：时间早于前一事件",
    ),
    row_changed: (
        "row ticket {0}.a of renovation {0} (event 7): it is not as that event left it",
        "案件 {0} 的数据行 ticket {0}.a 有问题（事件 7）",
    ),
    row_gone: (
        "row ticket {0}.b of renovation {0} (event 7): that event wrote it, and it is gone",
        "案件 {0} 的数据行 ticket {0}.b 有问题（事件 7）",
    ),
    row_told_otherwise: (
        "row renovation state of renovation {}",
        "案件 {} 的数据行 renovation state 有问题",
    ),
    actor_forged: (
        "event 2 of renovation {}: its content was changed",
        "{} 的第 2 个事件：内容被改动",
    ),
}
"""What was done, and how each language says what is wrong, with the id of the case."""
OTHERS = [each for each in FOUND if each is not chained_anew]


@pytest.fixture
async def log(
    database: Database, superuser: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Log]:
    """A case of seven events with two complaints, whose heads are signed and kept, and whoever may do everything."""
    attacker = await asyncpg.connect(superuser)
    await attacker.execute("SET session_replication_role = replica")
    folder = tmp_path / "outside"
    made = Log(database, folder / "heads.log", attacker)
    made.rid = f"cli-{made.rid}"
    made.commands = count(101)  # beside those of the tickets
    await make_renovation(database, rid=made.rid)
    await made.write(6, made.heads)
    tickets = (lambda now, n=n: a_ticket(made.rid, n, now) for n in "ab")
    await write(database, made.rid, "test.opened", *tickets, heads=made.heads)
    for name, value in {
        "DATABASE_URL": database.url,
        "GONGJIAN_CREDENTIAL_KEY": SECRET,
        "GONGJIAN_RECEIPT_KEY": SECRET,
        "GONGJIAN_HEADS_KEY": KEY.get_secret_value(),
        "GONGJIAN_HEADS_DIR": str(folder),
    }.items():
        monkeypatch.setenv(name, value)
    yield made
    await attacker.close()


async def audited(log: Log, language: str) -> tuple[int, str]:
    """The exit code of the command, and what it says in a language."""
    words = ["audit", log.rid, "--language", language]
    result = await asyncio.to_thread(RUNNER.invoke, app, words)
    return result.exit_code, result.output


async def test_a_record_that_nobody_touched_is_unchanged(log: Log) -> None:
    for language in LANGUAGES:
        code, said = await audited(log, language)
        assert (code, "BAD" in said, "有误" in said) == (0, False, False), said


@pytest.mark.parametrize(
    "tamper", [chained_anew, *some_are_slow(*OTHERS)], ids=lambda each: each.__name__
)
async def test_each_kind_of_tampering_is_named_with_its_case(log: Log, tamper: Tampering) -> None:
    await tamper(log)
    for language, words in zip(LANGUAGES, FOUND[tamper], strict=True):
        code, said = await audited(log, language)
        assert code == 1, said
        assert words.format(log.rid) in said
