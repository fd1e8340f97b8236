"""`gongjian notices …` and `gongjian letters print` on a real database, as a committee uses them."""

import asyncio
import io
import json
import uuid
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pypdfium2
import pytest
from typer.testing import CliRunner, Result

from cli.main import application
from models.values.refusal import Refused
from runtime.database import Database
from tests.support.box import open_box
from tests.support.channels import OFFICIALS, grant_roles
from tests.support.estate import make_renovation
from tests.support.notices.mail import delivery_report, mail_server
from tests.support.notices.outbox import add_contacts, add_notice, sender_of, with_mail
from tests.support.processes.commands import printed

Run = Callable[..., Result]
AS = ("--as", "committee")


@pytest.fixture
def run(service: str, monkeypatch: pytest.MonkeyPatch, signed_in_here: Callable[..., None]) -> Run:
    signed_in_here(*(actor_id for actor_id, _ in OFFICIALS), service=service)
    monkeypatch.delenv("DATABASE_URL", raising=False)  # these commands go over HTTP alone
    return lambda *words: CliRunner().invoke(application(words[0]), [*words])


async def said(run: Run, *words: str) -> list[str]:
    """The lines of a command, which has a loop of its own."""
    result = await asyncio.to_thread(run, *words)
    if isinstance(result.exception, Refused):
        raise result.exception
    assert result.exit_code == 0, result.output
    return printed(result.stdout).splitlines()


@pytest.fixture
async def rid(database: Database, owner: str) -> str:
    made = await make_renovation(database, rid=f"r{uuid.uuid4().hex[:10]}")
    sql = await asyncpg.connect(owner)
    await grant_roles(sql)
    await open_box(sql, made)
    await sql.close()
    return made


async def test_what_was_sent_is_listed_comes_back_and_is_sent_again(
    run: Run, rid: str, service: str, database: Database, tmp_path: Path
) -> None:
    async with mail_server() as box:
        settings = with_mail(database, box.port)
        await add_contacts(
            database, settings, rid, {"1-101": "a@home.test", "1-102": "b@home.test"}
        )
        notice = await add_notice(database, rid)
        while await sender_of(database, settings).turn():
            pass
        back = next(each for each in box.taken if each.to == "b@home.test")
    await database.dispose()
    listed = await said(run, "notices", "list", rid, *AS)
    assert "sent  delivered 2  10 without an address" in listed[0]
    assert listed[1] == "    The renovation enters the next stage: voting."
    (line,) = await said(run, "notices", "list", rid, *AS, "--json")
    (known,) = json.loads(line)
    assert known["messages"] == {"delivered": 2}
    report = tmp_path / "back.eml"
    report.write_bytes(delivery_report(back))
    assert (
        "counts as returned"
        in (await said(run, "notices", "bounce", str(report), "--service", service))[0]
    )
    shown = await said(run, "notices", "show", rid, notice[:9], *AS, "--language", "zh_CN")
    assert [line.split("  ")[1:4] for line in shown] == [
        ["1-101", "电子邮件", "已送达"],
        ["1-102", "电子邮件", "已退回 (dsn_5.1.1)"],
    ]
    (again,) = await said(run, "notices", "resend", rid, back.id, *AS)
    assert again.split("  ")[3] == "waiting"


async def test_households_without_an_address_get_paper_and_the_board_has_the_vote(
    run: Run, rid: str, database: Database, tmp_path: Path
) -> None:
    box = f"{rid}.1"
    await add_notice(database, rid, "vote_announced", {"box": box})
    settings = with_mail(database, 9)
    await sender_of(database, settings).turn()
    await database.dispose()
    file = tmp_path / "notices.pdf"
    await said(run, "notices", "paper", rid, *AS, "--out", str(file))
    document = pypdfium2.PdfDocument(io.BytesIO(file.read_bytes()))
    assert len(document) == 12
    assert "业主表决公告已发布" in document[0].get_textpage().get_text_bounded().replace("\r\n", "")
    document.close()
    assert (file.stat().st_mode & 0o777) == 0o600
    assert await said(run, "notices", "handed", rid, *AS, "--unit", "1-101") == ["1 letter"]
    assert await said(run, "notices", "handed", rid, *AS) == ["11 letters"]
    with pytest.raises(Refused) as refused:
        await said(run, "notices", "paper", rid, *AS, "--out", str(file))
    assert [each.code for each in refused.value.problems] == ["notice.nothing_on_paper"]
    board = tmp_path / "board.pdf"
    await said(run, "notices", "post", rid, "vote-announced", *AS, "--out", str(board))
    posted = pypdfium2.PdfDocument(io.BytesIO(board.read_bytes()))
    text = posted[0].get_textpage().get_text_bounded()
    posted.close()
    assert "业主表决公告" in text
    assert "12 户" in text
    with pytest.raises(Refused) as refused:
        await said(run, "notices", "post", rid, "vote-result", *AS, "--out", str(board))
    assert [each.code for each in refused.value.problems] == ["posted.not_counted"]


async def test_letters_are_printed_as_pdf_by_the_name_of_the_file(
    run: Run, rid: str, tmp_path: Path
) -> None:
    file = tmp_path / "letters.pdf"
    await said(run, "letters", "print", rid, *AS, "--out", str(file))
    document = pypdfium2.PdfDocument(io.BytesIO(file.read_bytes()))
    assert len(document) == 12
    assert "/v1/letters/" in document[0].get_textpage().get_text_bounded()
    document.close()
    links = await said(run, "letters", "print", rid, *AS)
    assert links[0] == "unit,link,fact,good_until,how"
