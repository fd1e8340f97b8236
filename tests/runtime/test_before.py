"""A database of before the ticks migrates up: whole and provable, and nothing is changed by the way."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from activities.recording import who_does
from cli.main import app
from models.messages.ids import publication_workflow_id
from proof.receipts import SignedReceipt, check_receipt
from proof.signing import signed_by
from runtime.migrate import downgrade, upgrade
from tests.conftest import TestPostgres
from tests.support.agenda import Line, agenda
from tests.support.channels import KEY
from tests.support.files.before import (
    HERE,
    RECEIPT_KEY,
    REVISION,
    Copy,
    Place,
    as_then,
    before,
    image_of,
    opened,
    proven,
    row_of_then,
)

CASES = before().cases
SHELVED = ("sharing", "voting")
ALL_BALLOTS = 98
DAY = timedelta(days=1)


async def everything(place: Place) -> dict[str, set[str]]:
    """Every row of every table, as text, without the database's clock."""
    tables = await place.admin.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
    )
    found = {
        name: {row[0] for row in await place.admin.fetch(f"SELECT t::text FROM {name} t")}
        for (name,) in tables
    }
    waits = "SELECT row(workflow_id, what, subject, due_at, who, consequence)::text FROM case_wait"
    transfers = (
        "SELECT row(id, command_id, number, from_id, to_id, amount_fen)::text FROM ledger_transfer"
    )
    return found | {
        "case_wait": {row[0] for row in await place.admin.fetch(waits)},
        "ledger_transfer": {row[0] for row in await place.admin.fetch(transfers)},
    }


async def test_the_audit_of_all_of_it_is_clean(today: Place) -> None:
    report = await today.audit()
    assert (report.bad, report.bad_ballots, report.unsigned) == ((), (), 0)
    events = len(before().tables["event"].rows)
    # Two sandboxes are shelved, and one of them had an open box.
    assert (report.renovations, report.events) == (len(CASES), events + 3)
    assert report.ballots == ALL_BALLOTS


async def test_nothing_is_changed_but_the_sandboxes_and_what_is_case_time_now(
    postgres: TestPostgres, of_then: Copy, today: Place
) -> None:
    async with opened(postgres, await of_then()) as then:
        had = await as_then(then.admin)
    has = await as_then(today.admin)
    changed = {name for name, rows in had.items() if not rows <= has[name]}
    added = {name for name, rows in had.items() if has[name] - rows}
    # What was queued and never sent is not sent late.
    assert changed == {"ballot_box", "notice", "renovation"}
    assert added == changed | {"event", "receipt"}
    for name in changed - {"notice"}:
        rows = {row.split(",")[0].strip("(") for row in had[name] - has[name]}
        sandboxes = {"finished", "cancelled", *SHELVED} if name == "ballot_box" else SHELVED
        found = {
            CASES[each].box if name == "ballot_box" else CASES[each].renovation
            for each in sandboxes
        }
        assert rows == found


@pytest.mark.parametrize("name", ["finished", "cancelled", *SHELVED])
async def test_the_box_of_a_sandbox_has_the_period_that_was_announced(
    today: Place, name: str
) -> None:
    row = await today.admin.fetchrow("SELECT * FROM ballot_box WHERE id = $1", CASES[name].box)
    said = [
        json.loads(each["details"])
        for each in await today.admin.fetch(
            "SELECT details FROM event WHERE renovation_id = $1 AND kind = ANY ($2) ORDER BY seq",
            CASES[name].renovation,
            ["voting.box_announced", "voting.turnout_checked"],
        )
    ]
    opens_at = datetime.fromisoformat(said[0]["opens_at"])
    closes_at = datetime.fromisoformat(said[-1]["closes_at"])
    assert (row["opens_at"], row["closes_at"], row["format"]) == (opens_at, closes_at, 1)
    assert opens_at.year == 2025, "case time, not the moment at which it ran"


async def test_each_ballot_was_cast_at_the_exact_image_of_when_it_was_recorded(
    today: Place,
) -> None:
    rows = await today.admin.fetch(
        "SELECT b.cast_at, b.recorded_at, b.box_id, x.opens_at, x.closes_at, r.clock FROM ballot b"
        " JOIN ballot_box x ON x.id = b.box_id JOIN renovation r ON r.id = x.renovation_id"
    )
    assert {row["box_id"] for row in rows} == {
        CASES[name].box for name in ("finished", "sharing", "voting", "wall")
    }
    for row in rows:
        assert row["cast_at"] == image_of(row["clock"], row["recorded_at"])
        assert row["opens_at"] <= row["cast_at"] < row["closes_at"]
    rates = {json.loads(row["clock"]).get("rate") for row in rows}
    assert rates == {"1728000/7", 43200, "864000/79", None}


async def test_a_finished_sandbox_is_read_as_ever(today: Place) -> None:
    rid = CASES["finished"].renovation
    async with today.http() as http:
        view = (await http.get(f"{HERE}/{rid}")).json()
        events = (await http.get(f"{HERE}/{rid}/events", params={"limit": 500})).json()
        listed = (await http.get(HERE)).json()
        progress = (await http.get(f"{HERE}/{rid}/progress")).json()
        turnout = (await http.get(f"{HERE}/{rid}/turnout")).json()
        clock = (await http.get(f"{HERE}/{rid}/clock")).json()
    assert (view["state"], view["sandbox"], view["clock"]) == ("completed", True, "wall")
    assert (view["events"], view["closed_at"]) == (121, "2025-09-22T23:26:42.514285Z")
    assert [event["seq"] for event in events] == list(range(1, 122))
    assert (events[0]["kind"], events[-1]["kind"]) == ("renovation.opened", "renovation.closed")
    assert {line["id"] for line in listed} == {case.renovation for case in CASES.values()}
    assert (progress["sandbox"], len(progress["stages_done"])) == (True, 5)
    assert turnout["participating_heads"] > 40
    assert (clock["settled"], clock["waits"], clock["holds"]) == (True, [], [])


async def test_the_commands_read_it_too(today: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("DATABASE_URL", today.database.url),
        ("GONGJIAN_CREDENTIAL_KEY", KEY),
        ("GONGJIAN_RECEIPT_KEY", RECEIPT_KEY),
    ):
        monkeypatch.setenv(name, value)
    rid = CASES["finished"].renovation

    async def run(*words: str) -> str:
        result = await asyncio.to_thread(CliRunner().invoke, app, list(words))
        assert result.exit_code == 0, result.output
        return result.output

    assert "sandbox" in await run("status", rid)
    assert "renovation.closed" in await run("history", rid, "--json")
    assert rid in await run("list", "--json")
    assert "nothing" in await run("audit")


@pytest.mark.parametrize("name", ["finished", "sharing"])
async def test_a_counted_vote_of_then_gives_its_bundle(
    today: Place, tmp_path: Path, name: str
) -> None:
    found = await proven(today, CASES[name], tmp_path)
    assert found["outcomes"] == {"scheme": "passed", "fund": "passed"}


async def test_a_receipt_of_then_holds_and_finds_its_ballot(today: Place) -> None:
    for name in ("wall", "voting"):
        case = CASES[name]
        async with today.http() as http:
            for said in case.receipts:
                check_receipt(SignedReceipt.model_validate(said), signed_by)
                found = (await http.get(f"{HERE}/{case.renovation}/ballots/{said['code']}")).json()
                assert (found["leaf_hash"], found["state"]) == (said["leaf_hash"], "taken")


async def test_what_a_running_wall_case_waits_for_is_on_the_agenda(today: Place) -> None:
    case = CASES["wall"]
    row = await today.admin.fetchrow("SELECT * FROM ballot_box WHERE id = $1", case.box)
    stage, whole = (
        row_of_then(case.renovation)["stage_workflow_id"],
        "renovation/" + case.renovation,
    )
    opens_at, closes_at = row["opens_at"], row["closes_at"]
    found = await agenda(today.database, case.renovation)
    since = found[whole][0].since
    assert found == {
        stage: [
            Line("turnout", "", closes_at - DAY, since, "", "turnout_checked"),
            Line("ballots", "", closes_at, opens_at, "owners", "box_closed"),
        ],
        whole: [Line("stage", "voting", None, since)],
    }
    waiting = row_of_then(CASES["waiting"].renovation)
    found = await agenda(today.database, waiting["id"])
    assert [(each.what, each.who) for each in found[waiting["stage_workflow_id"]]] == [
        ("open_vote", who_does("open_vote"))
    ]
    rows = await today.admin.fetch("SELECT DISTINCT renovation_id FROM case_wait ORDER BY 1")
    assert {row[0] for row in rows} == {case.renovation, waiting["id"]}


async def test_publications_and_complaints_of_a_wall_case_are_on_the_agenda_too(
    postgres: TestPostgres, of_then: Copy
) -> None:
    """The sandboxes of the file, had they run on the wall clock."""
    async with opened(postgres, await of_then()) as place:
        await place.admin.execute("UPDATE renovation SET clock = '{}'")
        upgrade(place.owner, "0007")
        sharing, voting = CASES["sharing"].renovation, CASES["voting"].renovation
        found = await agenda(place.database, sharing)
        posted = f"{sharing}.share_table.2-1"
        (line,) = found[publication_workflow_id(sharing, posted)]
        assert (line.what, line.due_at, line.consequence) == (
            "objections.share_table",
            datetime(2025, 6, 3, 16, tzinfo=UTC),
            "publication_closed",
        )
        (line,) = found[row_of_then(sharing)["stage_workflow_id"]]
        assert (line.what, line.subject) == ("publication", posted)
        found = await agenda(place.database, voting)
        (line,) = next(lines for name, lines in found.items() if "/ticket/" in name)
        # Nobody is above the city: then somebody is late, and nothing happens by itself.
        assert (line.what, line.who, line.consequence) == ("answer", "level_city", "")


async def test_down_to_the_revision_of_then_and_up_again(own: Place) -> None:
    up = await everything(own)
    downgrade(own.owner, REVISION)
    assert await own.value("SELECT version_num FROM alembic_version") == REVISION
    upgrade(own.owner)
    assert await everything(own) == up
    assert (await own.audit()).ok
