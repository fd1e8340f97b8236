"""`gongjian vote …` on a real database, as a committee uses it."""

import asyncio
import json
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import asyncpg
import httpx
import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from models.values.refusal import Refused
from runtime.database import Database
from tests.support.box import open_box, put_ballots
from tests.support.channels import OFFICIALS, grant_roles
from tests.support.estate import make_renovation
from tests.support.people import bearer, keep_here
from tests.support.processes.commands import printed
from tests.support.waiting import PATIENCE_S

RUNNER = CliRunner()
Run = Callable[..., Result]


@pytest.fixture
def run(service: str, signed_in_here: Callable[..., None]) -> Run:
    signed_in_here(*(actor_id for actor_id, _ in OFFICIALS), service=service)
    return lambda *words: RUNNER.invoke(app, ["vote", *words])


@pytest.fixture
async def vote(database: Database, owner: str) -> tuple[str, str]:
    rid = await make_renovation(database, rid=f"r{uuid.uuid4().hex[:10]}")
    sql = await asyncpg.connect(owner)
    try:
        await grant_roles(sql)
        box = await open_box(sql, rid)
        await put_ballots(sql, box, [("1-102", {"works": "yes"})])
    finally:
        await sql.close()
    # The commands have a loop of their own; the pool of this one is not theirs.
    await database.dispose()
    return rid, box


class NoAnswer(BaseHTTPRequestHandler):
    """A service that is read, and goes away while it takes something."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"box": null, "other_boxes": []}')

    def do_POST(self) -> None:
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


async def in_thread(run: Run, *words: str) -> Result:
    return await asyncio.to_thread(run, *words)


async def test_a_committee_types_a_bundle_twice_and_settles_what_is_contested(
    run: Run, vote: tuple[str, str], tmp_path: Path
) -> None:
    rid, _ = vote
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("房号,works\n1-101,同意\n1-102,反对\n", encoding="utf-8")
    typing = (
        "paper",
        rid,
        str(sheet),
        "--reference",
        "P-1",
        "--scan",
        "box 7",
        "--code",
        "c0de" * 5,
    )
    first = await in_thread(run, *typing, "--as", "committee")
    assert first.exit_code == 0, first.output
    second = await in_thread(run, *typing, "--as", "committee2", "--json")
    assert json.loads(printed(second.output))["cast"] == 2
    waits = await in_thread(run, "contested", rid, "--as", "residents", "--json")
    (found,) = json.loads(printed(waits.output))
    assert found["unit_numbers"] == ["1-102"]
    code = found["ballots"][1]["code"]
    ruling = ("rule", rid, "1-102", "accepted", "--ballot", code, "--reason", "signed paper")
    ruled = await in_thread(run, *ruling, "--as", "residents")
    assert ruled.exit_code == 0, ruled.output
    assert (
        printed((await in_thread(run, "contested", rid, "--as", "residents")).output)
        == "Nothing.\n"
    )
    assert (
        json.loads(
            printed(
                (await in_thread(run, "count-sheets", rid, "--as", "committee", "--json")).output
            )
        )[0]["cast"]
        == 2
    )


async def test_those_who_are_silent_are_listed_and_reminded(
    run: Run, vote: tuple[str, str]
) -> None:
    rid, _ = vote
    silent = printed(
        (await in_thread(run, "non-voters", rid, "--as", "street")).output
    ).splitlines()
    assert len(silent) == 11
    assert "1-102" not in silent
    reminded = await in_thread(run, "remind", rid, "--as", "committee", "--json")
    assert json.loads(printed(reminded.output))["kind"] == "voting.reminder_ordered"


async def test_who_has_no_role_does_nothing(run: Run, vote: tuple[str, str]) -> None:
    rid, _ = vote
    result = await in_thread(run, "remind", rid, "--as", "grid")
    assert isinstance(result.exception, Refused)
    assert result.exception.problems[0].code == "credential.no_role"


async def test_a_code_is_shown_for_a_bundle_that_was_taken_and_for_no_other(
    run: Run, vote: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rid, _ = vote
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("unit,works\n1-101,yes\n", encoding="utf-8")
    typing = ("paper", rid, str(sheet), "--reference", "P-1", "--scan", "box 7", "--as")
    refused = await in_thread(run, *typing, "grid")
    assert isinstance(refused.exception, Refused)
    assert "code" not in refused.stderr
    taken = await in_thread(run, *typing, "committee")
    assert taken.exit_code == 0, taken.output
    assert "write this code on the bundle" in taken.stderr
    away = tmp_path / "away"
    server = HTTPServer(("127.0.0.1", 0), NoAnswer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    keep_here(away, "committee", service=f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("GONGJIAN_DATA_DIR", str(away))
    unknown = await in_thread(run, *typing, "committee")
    server.shutdown()
    server.server_close()
    assert not isinstance(unknown.exception, Refused)
    assert "if the bundle was taken" in unknown.stderr


def mandates(rid: str, *units: str) -> list[dict[str, object]]:
    """Mandates of these units, as they are proposed."""
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    return [
        {
            "command_id": f"{rid}-{unit}",
            "unit_number": unit,
            "agent_name": "Li Jianguo",
            "agent_identity": f"number for {unit}",
            "motions": ["works"],
            "document": "folder 3",
            "valid_from": (datetime.now(UTC) - timedelta(days=1)).isoformat(),
            "valid_until": until,
        }
        for unit in units
    ]


async def test_a_sheet_of_proposals_is_listed_confirmed_and_refused_in_both_languages(
    service: str, run: Run, vote: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rid, _ = vote

    async def say(*words: str) -> Result:
        return await asyncio.to_thread(RUNNER.invoke, app, ["proposals", *words])

    ids = []
    async with httpx.AsyncClient(base_url=service, timeout=PATIENCE_S) as client:
        for body in mandates(rid, "1-101", "1-102", "1-201", "1-202"):
            made = await client.post(
                f"/v1/renovations/{rid}/mandates", json=body, headers=bearer("committee")
            )
            assert made.status_code == 202, made.text
            ids.append(str(made.json()["id"]))
    first, second, third, left = ids
    for language, waits in (("zh_CN.UTF-8", "待确认"), ("C", "nothing is done")):
        monkeypatch.setenv("LC_ALL", language)
        shown = printed((await say("list", rid, "--as", "street")).output)
        assert waits in shown
        assert "1-101" in shown
        assert "Li Jianguo" not in shown
    sheet = await say("confirm", rid, first, second, "--as", "street")
    assert sheet.exit_code == 0, sheet.output
    assert printed(sheet.output).count("confirmed – ") == 2
    own = await say("confirm", rid, third, "--as", "committee")
    assert isinstance(own.exception, Refused)
    assert own.exception.problems[0].code == "proposal.own"
    down = await say("refuse", rid, third, "--as", "residents", "--reason", "not signed")
    assert down.exit_code == 0, down.output
    part = await say("confirm", rid, third, left, "--as", "street")
    assert part.exit_code == 1, "one line of two was not confirmed"
    assert "not confirmed" in printed(part.output)
    assert "%(" not in part.output
    assert printed((await say("list", rid, "--as", "street")).output).startswith("Nothing waits")
    kept = printed((await say("list", rid, "--as", "street", "--all", "--json")).output)
    states = {each["id"]: each["state"] for each in json.loads(kept)}
    assert states == dict.fromkeys((first, second, left), "confirmed") | {third: "withdrawn"}
