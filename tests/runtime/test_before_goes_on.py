"""What was running in a database of before the ticks: by the wall it goes on; a sandbox whose time ran
by itself is shelved, on the record.
"""

import json
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from pydantic import JsonValue, SecretStr
from temporalio.exceptions import ApplicationError

from activities.publications import Publications
from activities.recording import Recorder
from activities.renovations import Renovations
from activities.voting.box import Ballots
from models.messages.command import Command
from models.messages.ids import publication_workflow_id, renovation_workflow_id
from models.messages.journey import JourneyOutcome, StageInput
from models.messages.publication import PublicationInput
from models.messages.voting import VotePeriod
from models.values.actor import ENGINE
from models.values.states import Stage
from proof.receipts import SignedReceipt, check_receipt
from proof.signing import signed_by
from runtime.calendars import chinese_calendar
from service.http.credentials import voter_credential
from tests.support.box import BOX_KEYS
from tests.support.channels import KEY, official, owner_of
from tests.support.files.before import HERE, CaseOfBefore, Place, before, proven, row_of_then
from tests.support.people import sign_in
from tests.support.wall import wall_clock

CASES = before().cases
SHELVED = ("sharing", "voting")
ALL_BALLOTS = 98
WHY = "the clocks of sandboxes no longer run by themselves: open it again with clock: told"
VOTE_OPEN = datetime(2026, 12, 20, 4, tzinfo=UTC)
"""While the box of the wall case takes ballots, after those of then."""
DAY, MICROSECOND = timedelta(days=1), timedelta(microseconds=1)
YES = {"scheme": "yes", "fund": "yes"}


def command(rid: str, name: str, workflow_id: str, parent_id: str = "") -> Command:
    return Command(
        command_id=f"{workflow_id}#{name}",
        renovation_id=rid,
        workflow_id=workflow_id,
        parent_id=parent_id,
    )


async def cast(
    http: httpx.AsyncClient, case: CaseOfBefore, unit: str, choices: dict[str, str] = YES
) -> httpx.Response:
    body = {"command_id": secrets.token_hex(8), "unit_number": unit, "choices": choices}
    return await http.post(
        f"{HERE}/{case.renovation}/ballots", json=body, headers=owner_of(case.renovation, unit)
    )


async def taken(
    http: httpx.AsyncClient, case: CaseOfBefore, unit: str, choices: dict[str, str] = YES
) -> SignedReceipt:
    """A ballot that was taken: its receipt is one of format 1, and holds."""
    answer = await cast(http, case, unit, choices)
    assert answer.status_code == 201, answer.text
    receipt = SignedReceipt.model_validate(answer.json())
    check_receipt(receipt, signed_by)
    assert receipt.cast_at is None
    return receipt


async def units_left(place: Place, case: CaseOfBefore) -> list[str]:
    """One unit of each entry of the roll that had not voted then."""
    rows = await place.admin.fetch(
        "SELECT min(unit_number) AS unit FROM roll_unit u WHERE box_id = $1 AND NOT EXISTS ("
        " SELECT 1 FROM ballot b WHERE b.box_id = u.box_id AND b.entry_id = u.entry_id)"
        " GROUP BY entry_id ORDER BY 1",
        case.box,
    )
    return [row["unit"] for row in rows]


def heads(motion: dict[str, dict[str, int]]) -> tuple[int, int, int]:
    tally = motion["tally"]
    return tally["yes_heads"], tally["no_heads"], tally["abstain_heads"]


@pytest.mark.parametrize("name", SHELVED)
async def test_a_running_sandbox_is_shelved_on_the_record(today: Place, name: str) -> None:
    rid = CASES[name].renovation
    async with today.http() as http:
        view = (await http.get(f"{HERE}/{rid}")).json()
        last = (
            await http.get(f"{HERE}/{rid}/events", params={"after": view["events"] - 1})
        ).json()[-1]
    assert (view["state"], view["waiting_for"], view["due_at"]) == ("shelved", "nothing", None)
    assert (last["kind"], last["details"]) == (
        "renovation.closed",
        {"state": "shelved", "reason": "[redacted]"},
    )
    said = "SELECT details->>'reason' FROM event WHERE hash = $1"
    assert await today.admin.fetchval(said, last["hash"]) == WHY
    assert (last["actor_id"], last["actor_role"], last["actor_label"]) == (
        ENGINE.id,
        ENGINE.role.value,
        ENGINE.label,
    )
    assert last["happened_at"] == view["closed_at"]
    latest = await today.admin.fetchval(
        "SELECT greatest(max(e.happened_at), (SELECT max(b.cast_at) FROM ballot b WHERE b.box_id = $2))"
        " FROM event e WHERE e.renovation_id = $1 AND e.command_id NOT LIKE 'migration-%'",
        rid,
        CASES[name].box,
    )
    assert datetime.fromisoformat(view["closed_at"]) == latest
    receipt = await today.admin.fetchrow(
        "SELECT r.* FROM receipt r JOIN event e USING (command_id) WHERE e.hash = $1", last["hash"]
    )
    assert (receipt["renovation_id"], receipt["seq"]) == (rid, last["seq"])


async def test_its_open_box_is_voided_first_and_stays_sealed(today: Place) -> None:
    case = CASES["voting"]
    events = await today.admin.fetch(
        "SELECT kind, details FROM event WHERE renovation_id = $1 ORDER BY seq DESC LIMIT 2",
        case.renovation,
    )
    assert [event["kind"] for event in events] == ["renovation.closed", "settlement.vote_voided"]
    assert json.loads(events[1]["details"]) == {"box": case.box, "box_was": "open"}
    box = await today.admin.fetchrow("SELECT * FROM ballot_box WHERE id = $1", case.box)
    assert (box["state"], box["tally"], box["opened_key"]) == ("closed", None, None)
    assert box["closed_at"] is not None


async def test_a_shelved_sandbox_takes_no_ballot_on_any_way(own: Place) -> None:
    case = CASES["voting"]
    unit = case.voted[0]
    paper: dict[str, JsonValue] = {
        "reference": "P-01",
        "scan": "box 7",
        "code": "written-on-the-bundle",
        "lines": [{"unit_number": unit, "choices": {**YES}}],
    }
    await sign_in(own.admin, "residents-2")
    async with own.http() as http:
        sent = [
            await cast(http, case, unit),
            await http.post(
                f"{HERE}/{case.renovation}/paper",
                json={"command_id": "paper-1", **paper},
                headers=official("residents-2"),
            ),
        ]
    assert [(each.status_code, each.json()["code"]) for each in sent] == [
        (409, "voting.box_closed")
    ] * 2
    assert await own.value("SELECT count(*) FROM ballot") == ALL_BALLOTS


@pytest.mark.parametrize("name", SHELVED)
async def test_the_workflows_of_a_shelved_sandbox_write_nothing_more(own: Place, name: str) -> None:
    """They are still there in Temporal, with their timers, and come when these are over."""
    case, then = CASES[name], row_of_then(CASES[name].renovation)
    recorder = Recorder(own.database, chinese_calendar(), BOX_KEYS)
    rid = case.renovation
    posted = PublicationInput(
        renovation_id=rid, publication_id=f"{rid}.share_table.2-1", subject="share_table"
    )
    period = VotePeriod(box_id=case.box, check_at=VOTE_OPEN, closes_at=VOTE_OPEN)
    whole = renovation_workflow_id(rid)
    stage = command(rid, "late", then["stage_workflow_id"])
    attempts = [
        lambda: Ballots(recorder).check_turnout(stage, period),
        lambda: Ballots(recorder).close_box(stage, period),
        lambda: Renovations(recorder).enter_stage(
            command(rid, "enter-9", whole), Stage.BIDDING, "x"
        ),
        lambda: Renovations(recorder).close(
            command(rid, "end", whole), JourneyOutcome(state="completed")
        ),
    ]
    if name == "sharing":
        name = publication_workflow_id(rid, posted.publication_id)
        publication = command(rid, "close", name, then["stage_workflow_id"])
        attempts.append(lambda: Publications(recorder).close(publication, posted))
    before_it = await own.admin.fetchrow("SELECT * FROM renovation WHERE id = $1", rid)
    for attempt in attempts:
        with pytest.raises(ApplicationError) as refused:
            await attempt()
        assert refused.value.type == "Refused"
    assert await own.admin.fetchrow("SELECT * FROM renovation WHERE id = $1", rid) == before_it
    assert await own.value("SELECT count(*) FROM case_wait WHERE renovation_id = $1", rid) == 0
    assert (await own.audit()).ok


async def test_the_vote_of_a_wall_case_goes_on_and_is_counted_whole(
    own: Place, tmp_path: Path
) -> None:
    case = CASES["wall"]
    rid, fresh = case.renovation, await units_left(own, case)
    ballots = Ballots(Recorder(own.database, chinese_calendar(), BOX_KEYS))
    workflow = str(row_of_then(rid)["stage_workflow_id"])
    closes_at = datetime(2027, 1, 14, 16, tzinfo=UTC)
    period = VotePeriod(box_id=case.box, check_at=closes_at - DAY, closes_at=closes_at)
    async with own.http() as http, wall_clock(own.admin) as stand_at:
        await stand_at(VOTE_OPEN)
        for unit in fresh[:3]:
            receipt = await taken(http, case, unit)
            assert receipt.recorded_at == "2026-12-20T04:00:00.000000+00:00"
        for unit in case.voted[:2]:  # those who said no at last then change their minds again
            await taken(http, case, unit)
        assert (await own.audit()).ok

        await stand_at(period.check_at)
        looked = await ballots.check_turnout(command(rid, "turnout", workflow), period)
        assert looked.extended, "16 of 24 are short of two thirds of the area"
        await taken(http, case, fresh[3])
        await stand_at(looked.closes_at - MICROSECOND)
        await taken(http, case, fresh[4])
        await stand_at(looked.closes_at)
        late = await cast(http, case, fresh[5])
        assert (late.status_code, late.json()["code"]) == (409, "voting.box_closed")

        result = await ballots.close_box(command(rid, "close", workflow), looked)
    assert not result.adopted
    rows = await own.admin.fetch(
        "SELECT cast_at, recorded_at FROM ballot WHERE box_id = $1 ORDER BY seq", case.box
    )
    assert len(rows) == 15 + 7
    assert all(row["cast_at"] == row["recorded_at"] for row in rows)
    report = await own.audit()
    assert report.ok, report
    found = await proven(own, case, tmp_path, json.dumps(case.receipts[3]))
    assert found["outcomes"] == {"scheme": "passed", "fund": "failed"}
    tally = json.loads(
        await own.admin.fetchval("SELECT tally FROM ballot_box WHERE id=$1", case.box)
    )
    # Ten units on the web, two of whom came back; two more on paper; five today.
    assert {name: heads(motion) for name, motion in tally.items()} == {
        "scheme": (15, 2, 0),
        "fund": (13, 3, 1),
    }


async def test_old_letters_of_a_running_case_vote_until_a_new_one_is_made(own: Place) -> None:
    case = CASES["wall"]
    old, neighbour, *_ = await units_left(own, case)
    makers = await own.admin.fetch(
        "SELECT DISTINCT g.actor_id FROM role_grant g JOIN place p ON p.id = g.place_id"
        " JOIN renovation r ON r.place_path LIKE p.path || '%' WHERE r.id = $1"
        " AND g.role IN ('owners_committee', 'residents_committee', 'street_office') ORDER BY 1",
        case.renovation,
    )
    maker, other = (row["actor_id"] for row in makers[:2])
    await sign_in(own.admin, maker, other)

    def with_old(unit: str) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {voter_credential(SecretStr(KEY), case.renovation, unit)}"
        }

    async with own.http() as http, wall_clock(own.admin) as stand_at:
        await stand_at(VOTE_OPEN)

        async def vote(unit: str, headers: dict[str, str]) -> tuple[int, str]:
            body = {"command_id": secrets.token_hex(8), "unit_number": unit, "choices": YES}
            address = f"{HERE}/{case.renovation}/ballots"
            answer = await http.post(address, json=body, headers=headers)
            return answer.status_code, answer.json().get("code", "")

        async def done(who: str, path: str, **fields: str) -> dict[str, str]:
            body = {"command_id": secrets.token_hex(8), **fields}
            address = f"{HERE}/{case.renovation}{path}"
            answer = await http.post(address, json=body, headers=official(who))
            assert answer.status_code == 201, answer.text
            found: dict[str, str] = answer.json()
            return found

        for unit in (old, neighbour):
            assert (await vote(unit, with_old(unit)))[0] == 201
        papers = f"{HERE}/{case.renovation}/ballot-papers"
        assert (await http.get(papers, headers=with_old(old))).status_code == 200

        letter = (await done(maker, "/letters", unit_number=old, reason="lost"))["id"]
        assert await vote(old, with_old(old)) == (403, "credential.replaced")
        refused = await http.get(papers, headers=with_old(old))
        assert (refused.status_code, refused.json()["code"]) == (403, "credential.replaced")
        assert (await vote(neighbour, with_old(neighbour)))[0] == 201

        link = (await done(other, f"/letters/{letter}/link"))["link"].partition("/v1/")[2]
        told = (await done(maker, f"/letters/{letter}/code"))["code"]
        entered = (await http.post(f"/v1/{link}/entries", json={"fact": told})).json()
        new = {"Authorization": f"Bearer {entered['ticket']}"}
        assert (await vote(old, new))[0] == 201
    assert (await own.audit()).ok


async def test_a_wall_case_that_waits_for_its_committee_announces_a_vote_of_today(
    own: Place,
) -> None:
    rid = CASES["waiting"].renovation
    ballots = Ballots(Recorder(own.database, chinese_calendar(), BOX_KEYS))
    opening = command(rid, "open", row_of_then(rid)["stage_workflow_id"])
    async with wall_clock(own.admin) as stand_at:
        await stand_at(VOTE_OPEN)
        period = await ballots.open_box(opening, StageInput(renovation_id=rid))
    assert await own.value("SELECT format FROM ballot_box WHERE id = $1", period.box_id) == 2
    assert await own.value("SELECT count(*) FROM case_wait WHERE renovation_id = $1", rid) == 3
    assert (await own.audit()).ok
