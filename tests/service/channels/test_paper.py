"""Paper in batches: typed twice by two people, cast once, and nobody reads a choice from a table."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from models.values.refusal import Problem, Refused
from rules.ballots.paper import Line, batch_key, line_digest
from service.ballots.intake import Intake
from service.channels.paper import paper_key
from tests.support.box import close_box, open_box, said_in
from tests.support.channels import Channels, code, grant_roles, official

Make = Callable[..., Awaitable[str]]
FIRST, SECOND, THIRD = official("committee"), official("committee2"), official("residents")
SAID = {"1-101": "yes", "1-102": "no", "1-201": "invalid"}
CODE = "written-on-the-bundle"
MOTION = [{"id": "works", "title": "Works", "kind": "major"}]


@pytest.fixture
async def vote(renovation: Make, http: httpx.AsyncClient, sql: asyncpg.Connection) -> Channels:
    rid = await renovation()
    await grant_roles(sql)
    return Channels(http, sql, rid, await open_box(sql, rid, motions=MOTION))


async def typed(
    vote: Channels,
    who: dict[str, str],
    said: Mapping[str, str | None] = SAID,
    command_id: str = "",
    **more: Any,
) -> httpx.Response:
    lines = [
        {"unit_number": unit, "choices": None if word is None else {"works": word}}
        for unit, word in said.items()
    ]
    body = {"reference": "P-01", "scan": "box 7, sheet 3", "code": CODE, **more}
    return await vote.post("/paper", who, command_id, lines=lines, **body)


async def said(vote: Channels) -> list[str]:
    return [each["works"] for each in await said_in(vote.sql, vote.box)]


async def sheet(vote: Channels) -> dict[str, Any]:
    (found,) = (await vote.get("/paper", FIRST)).json()
    return dict(found)


async def test_two_typings_that_agree_are_cast_as_paper(vote: Channels) -> None:
    first = await typed(vote, FIRST)
    assert (first.status_code, first.json()["number"], first.json()["cast"]) == (201, 1, 0)
    assert await vote.ballots() == []
    second = (await typed(vote, SECOND)).json()
    assert (second["number"], second["cast"], second["differing"]) == (2, 3, [])
    assert (second["ballots"], second["invalid"]) == (3, None)
    assert sorted(await said(vote)) == ["invalid", "no", "yes"]
    assert {row["channel"] for row in await vote.ballots()} == {"paper"}
    assert await vote.events() == [
        "voting.paper_entered",
        "voting.paper_entered",
        "voting.paper_cast",
    ]


async def test_the_count_sheet_has_the_invalid_ballots_of_a_bundle_but_not_of_a_few(
    vote: Channels,
) -> None:
    units = await vote.sql.fetch(
        "SELECT unit_number FROM roll_unit WHERE box_id=$1 ORDER BY unit_number", vote.box
    )
    many = {row["unit_number"]: "invalid" if at < 2 else "yes" for at, row in enumerate(units[:5])}
    for who in (FIRST, SECOND):
        await typed(vote, who, many)
    found = await sheet(vote)
    typings = found["typings"]
    assert [(each["ballots"], each["invalid"]) for each in typings] == [(5, 2)] * 2
    assert (found["cast"], found["waiting_for"]) == (5, "nothing")
    details = await vote.sql.fetch(
        "SELECT details::text AS text FROM event WHERE renovation_id=$1", vote.rid
    )
    assert not [row for row in details if "invalid" in row["text"]]


async def test_where_a_ballot_may_not_be_changed_the_paper_of_who_has_voted_is_not_cast(
    vote: Channels,
) -> None:
    vote.box = await open_box(vote.sql, vote.rid, attempt=2, motions=MOTION, change_allowed=False)
    await vote.web("1-101", "no")
    await typed(vote, FIRST)
    second = (await typed(vote, SECOND)).json()
    assert second["cast"] == 2
    assert (await sheet(vote))["waiting_for"] == "nothing"
    already = await vote.sql.fetchval(
        "SELECT details->>'already_voted' FROM event"
        " WHERE renovation_id=$1 AND kind='voting.paper_cast'",
        vote.rid,
    )
    assert already == "1"


async def test_the_first_typist_does_not_type_a_second_time(vote: Channels) -> None:
    await typed(vote, FIRST)
    assert code(await typed(vote, FIRST)) == (403, "paper.same_person")
    assert await vote.ballots() == []


async def test_what_differs_is_named_by_unit_and_typed_again_twice(vote: Channels) -> None:
    await typed(vote, FIRST)
    second = (await typed(vote, SECOND, {**SAID, "1-102": "yes"})).json()
    assert (second["differing"], second["cast"]) == (["1-102"], 2)
    assert (await sheet(vote))["waiting_for"] == "typing_again"
    assert code(await typed(vote, FIRST, SAID)) == (422, "paper.other_lines")
    third = (await typed(vote, FIRST, {"1-102": "no"})).json()
    assert (third["number"], third["cast"]) == (3, 0)
    assert code(await typed(vote, FIRST, {"1-102": "no"})) == (403, "paper.same_person")
    fourth = (await typed(vote, THIRD, {"1-102": "no"})).json()
    assert (fourth["number"], fourth["cast"]) == (4, 1)
    assert sorted(await said(vote)) == ["invalid", "no", "yes"]
    assert code(await typed(vote, FIRST, {"1-102": "no"})) == (409, "paper.batch_complete")


async def test_a_unit_that_one_of_them_misread_is_put_right(vote: Channels) -> None:
    await typed(vote, FIRST, {"1-101": "yes", "1-102": "no"})
    second = (await typed(vote, SECOND, {"1-101": "yes", "1-201": "no"})).json()
    assert second["differing"] == ["1-102", "1-201"]
    await typed(vote, FIRST, {"1-102": None, "1-201": "no"})
    fourth = (await typed(vote, SECOND, {"1-102": None, "1-201": "no"})).json()
    assert (fourth["ballots"], fourth["cast"]) == (1, 1)
    assert {row["unit_number"] for row in await vote.ballots()} == {"1-101", "1-201"}


async def test_both_typings_sent_twice_cast_every_ballot_once(vote: Channels) -> None:
    for who, name in ((FIRST, "a"), (SECOND, "b")):
        answers = [await typed(vote, who, command_id=f"{vote.rid}-{name}") for _ in range(2)]
        assert answers[0].json() == answers[1].json()
    assert len(await vote.ballots()) == 3
    assert (await vote.events()).count("voting.paper_cast") == 1


async def test_the_same_command_with_another_choice_is_refused(vote: Channels) -> None:
    await typed(vote, FIRST, command_id=f"{vote.rid}-a")
    other = {**SAID, "1-101": "no"}
    answer = await typed(vote, FIRST, other, command_id=f"{vote.rid}-a")
    assert code(answer) == (409, "journal.command_reused")


async def test_a_second_typing_sent_by_many_at_once_casts_every_ballot_once(vote: Channels) -> None:
    await typed(vote, FIRST)
    answers = await asyncio.gather(
        *(typed(vote, SECOND, command_id=f"{vote.rid}-b") for _ in range(8))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len(await vote.ballots()) == 3


async def test_a_crash_between_typing_and_casting_loses_and_doubles_nothing(
    vote: Channels, monkeypatch: pytest.MonkeyPatch
) -> None:
    await typed(vote, FIRST)
    real, calls = Intake.cast, 0

    async def dies(self: Intake, *args: object) -> object:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise Refused(Problem(code="service.database_away"))
        return await real(self, *args)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(Intake, "cast", dies)
        broken = await typed(vote, SECOND, command_id=f"{vote.rid}-b")
    assert code(broken) == (409, "paper.not_all_cast")
    assert len(await vote.ballots()) == 1
    assert (await sheet(vote))["waiting_for"] == "casting"
    again = await typed(vote, SECOND, command_id=f"{vote.rid}-b")
    assert again.json()["cast"] == 3
    assert len(await vote.ballots()) == 3
    assert (await sheet(vote))["waiting_for"] == "nothing"


async def test_every_problem_is_told_at_once_and_nothing_is_half_done(vote: Channels) -> None:
    answer = await typed(vote, FIRST, {"9-999": "yes", "1-101": "maybe", "1-102": "yes"})
    assert [each["code"] for each in answer.json()["problems"]] == [
        "voting.unit_not_on_roll",
        "voting.choice_unknown",
    ]
    assert await vote.events() == []
    assert (await vote.get("/paper", FIRST)).json() == []


async def test_a_unit_in_another_batch_waits_for_a_ruling(vote: Channels) -> None:
    await typed(vote, FIRST)
    await typed(vote, SECOND)
    other: dict[str, Any] = {"reference": "P-02", "channel": "door"}
    answer = await typed(vote, FIRST, {"1-101": "no"}, **other)
    assert code(answer) == (409, "paper.in_another_batch")
    assert "P-01" in answer.json()["detail"]
    street, residents = official("street"), official("residents")
    ruling = {"unit_number": "1-101", "reason": "two papers"}
    await vote.post("/rulings", residents, kind="disputed", **ruling)
    await vote.post("/rulings", street, kind="set_aside", **ruling)
    await typed(vote, FIRST, {"1-101": "no"}, **other)
    assert (await typed(vote, SECOND, {"1-101": "no"}, **other)).json()["cast"] == 1


async def test_who_typed_a_ballot_does_not_rule_on_it(vote: Channels) -> None:
    await typed(vote, FIRST)
    await typed(vote, THIRD)
    await vote.web("1-101", "no")
    ruling = {"unit_number": "1-101", "kind": "set_aside", "reason": "two papers"}
    assert code(await vote.post("/rulings", THIRD, **ruling)) == (403, "ruling.own_paper")
    assert (await vote.post("/rulings", official("street"), **ruling)).status_code == 201


async def test_no_table_tells_a_choice_of_a_batch(vote: Channels) -> None:
    options = [{"id": "blue-roof", "title": "B"}, {"id": "red-roof", "title": "R"}]
    motion = {"id": "works", "title": "Works", "kind": "major", "options": options}
    rid = f"{vote.rid}"
    box = await open_box(vote.sql, rid, attempt=2, motions=[motion])
    vote.box = box
    await typed(vote, FIRST, {"1-101": "blue-roof"})
    assert (await typed(vote, SECOND, {"1-101": "blue-roof"})).json()["cast"] == 1
    assert "blue-roof" not in await vote.everything(but=("public.ballot_box",))
    assert "blue-roof" not in (await vote.get("/paper", FIRST)).text


async def test_two_units_that_say_the_same_look_different_in_the_table(vote: Channels) -> None:
    await typed(vote, FIRST, {"1-101": "yes", "1-102": "yes"})
    rows = await vote.sql.fetch(
        "SELECT digest FROM paper_line JOIN paper_batch b ON b.id = batch_id WHERE b.box_id=$1",
        vote.box,
    )
    assert len({row["digest"] for row in rows}) == 2


async def test_with_every_key_of_the_service_and_every_row_no_line_can_be_tried_out(
    vote: Channels,
) -> None:
    await typed(vote, FIRST, {"1-101": "yes"})
    assert CODE not in await vote.everything()
    row = await vote.sql.fetchrow(
        "SELECT l.* FROM paper_line l JOIN paper_batch b ON b.id = l.batch_id WHERE b.box_id=$1",
        vote.box,
    )
    key = paper_key(SecretStr("1e" * 32))
    line = Line("1-101", {"works": "yes"})
    tried = {
        line_digest(each, row["batch_id"], line)
        for each in (key, batch_key(key, row["batch_id"], ""), batch_key(key, row["batch_id"], "?"))
    }
    assert row["digest"] not in tried
    known = batch_key(key, row["batch_id"], CODE)
    assert row["digest"] == line_digest(known, row["batch_id"], line)


async def test_a_second_typist_without_the_bundles_code_is_told_so(vote: Channels) -> None:
    await typed(vote, FIRST)
    answer = await typed(vote, SECOND, code="another-bundles-code")
    assert code(answer) == (422, "paper.other_code")
    assert (await typed(vote, SECOND)).json()["cast"] == 3


async def test_nobody_but_those_who_hold_the_vote_types_paper(vote: Channels) -> None:
    for who in ("grid", "city-portal"):
        assert code(await typed(vote, official(who))) == (403, "credential.no_role")


async def test_nothing_is_typed_after_the_close(vote: Channels, owner: str) -> None:
    await typed(vote, FIRST)
    await close_box(owner, vote.box)
    assert code(await typed(vote, SECOND)) == (409, "voting.box_closed")
    assert await vote.ballots() == []


async def test_a_batch_needs_its_scan_and_keeps_it(vote: Channels) -> None:
    assert code(await typed(vote, FIRST, scan="")) == (422, "service.field_wrong")
    await typed(vote, FIRST)
    assert code(await typed(vote, SECOND, scan="another sheet")) == (422, "paper.other_scan")
