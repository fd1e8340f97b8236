"""Hostile text in whatever an office's page shows: it stands there as text, and no page lets a script of it run."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import asyncpg
import httpx

from tests.support.box import open_box
from tests.support.browser.desk import Desk
from tests.support.channels import grant_roles

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}"
PATHS = (
    *("", "/board", "/paper", "/letters", "/proposals", "/tender", "/works", "/training"),
    *("/acts/resolve_ticket", "/acts/answer_objection", "/acts/revise_scheme"),
)


async def test_no_text_of_a_case_becomes_a_part_of_its_pages(
    http: httpx.AsyncClient,
    sql: asyncpg.Connection,
    renovation: Callable[..., Awaitable[str]],
) -> None:
    rid = await renovation(told_at=datetime(2026, 3, 2, 1, tzinfo=UTC))
    await grant_roles(sql)
    motion = {"id": "works", "title": EVIL, "kind": "major"}
    await open_box(sql, rid, motions=[motion])
    await sql.execute("UPDATE renovation SET title = $2 WHERE id = $1", rid, EVIL)
    await sql.execute("UPDATE role_grant SET label = $1 WHERE actor_id = 'residents'", EVIL)
    await sql.execute(
        "INSERT INTO ticket (id, renovation_id, command_id, kind, text, unit_number, confidential,"
        " level, state, opened_at, due_at) VALUES ($1, $1, $1, 'complaint', $2, '1-101', false,"
        " 'grid', 'open', now(), now())",
        rid,
        EVIL,
    )
    desk, seen = Desk(http, "residents"), 0
    for path in (f"/office/cases/{rid}{each}" for each in PATHS):
        page = await desk.get(path)
        assert page.status == 200, path
        assert "<script>alert" not in page.html, path
        assert "<img src=x" not in page.html, path
        seen += EVIL in page.text
        policy = page.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
    assert seen == len(PATHS)  # the title of the case is on every one of them, as it was written
    work = await desk.get("/office")
    assert "<script>alert" not in work.html
    sent = await desk.send(
        await desk.get(f"/office/cases/{rid}/acts/resolve_ticket?ticket_id={rid}"),
        "/acts/resolve_ticket",
        {"answer": EVIL},
    )
    assert "<script>alert" not in sent.html
    assert EVIL in sent.text
