"""Votes under the law of other places: second votes, silence, attendance, on the told clock."""

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from models.messages import acts as a
from models.values.actor import Role
from models.values.refusal import Refused
from models.values.scheme import SchemeContent
from models.values.timetable import Timetable
from models.values.voting import Motion
from proof.bundle.judging import judge
from proof.verifier.main import check, read_bundle
from proof.verifier.reading import Files
from rules.voting import pack_in_force
from runtime.ballots.evidence import export_voting
from runtime.record.audit import audit
from tests.support.box import BOX_KEYS
from tests.support.breaks.branches import open_for_ballots, report
from tests.support.estate import scheme_content
from tests.support.journey import COMMITTEE, STREET, JourneyDriver, actor, codes
from tests.support.votes.portal import ACTOR, assertion

Begin = Callable[..., Awaitable[JourneyDriver]]
SPAIN = pack_in_force("ES", date(2026, 1, 1)).id
PARIS = Timetable(zone="Europe/Paris")


def putting(*motions: tuple[str, str]) -> SchemeContent:
    """The scheme, put as these motions: id and matter."""
    put = tuple(Motion(id=name, title=name, matter=matter) for name, matter in motions)
    return scheme_content().model_copy(update={"motions": put})


def says(*answers: Sequence[str]) -> Callable[[JourneyDriver], Awaitable[None]]:
    """In the first vote the owners answer the first words, in the second the next ones; "-" is silence."""

    async def cast(driver: JourneyDriver) -> None:
        box = await driver.box()
        words = answers[box["attempt"] - 1]
        motions = [motion["id"] for motion in json.loads(box["motions"])]
        units = await driver.units()
        said = [
            (unit, dict.fromkeys(motions, word))
            for unit, word in zip(units, words, strict=True)
            if word != "-"
        ]
        await driver.ballots(said)

    return cast


def words(**counts: int) -> list[str]:
    """So many owners with each word, in order: `words(yes=5, no=4)`, silent for the rest of twelve."""
    said = [word for word, number in counts.items() for _ in range(number)]
    return said + ["-"] * (12 - len(said))


async def outcomes(j: JourneyDriver) -> list[Any]:
    return [each["outcome"] for each in await j.details("voting.result_declared")]


async def verified(j: JourneyDriver, folder: Path, attempt: int = 1) -> dict[str, str]:
    """The outcomes of a vote's bundle, on which its verify.py and the rules of this release agree."""
    out = folder / f"{j.rid}-{attempt}.zip"
    await export_voting(j.db, j.rid, out, BOX_KEYS.signer, attempt)
    with Files(str(out)) as files:
        ours = judge(files, read_bundle(files))
    script = check(str(out))["outcomes"]
    assert script == ours.outcomes
    assert all(ours.laws.values()), "the law is one that this release knows"
    return ours.outcomes


async def test_art_25_is_put_again_at_once_under_art_24(journey: Begin, tmp_path: Path) -> None:
    j = await journey(
        content=putting(("insulation", "improvement")), timetable=PARIS, rule_pack="FR-2020"
    )
    # 64 of 156 voices for it, 53 against: no majority of all, but a third of all (art. 25-1).
    split = words(yes=5, no=4)
    j.on("ballots", says(split, split))
    await j.until("objections.share_table")
    assert await outcomes(j) == ["second_vote", "adopted"]
    first, second = await j.details("voting.box_closed")
    assert first["motions"]["insulation"]["outcome"] == "second_vote"
    assert first["motions"]["insulation"]["tally"]["yes_shares"] == 64
    assert first["follow_up"]["article"] == "loi 65-557 art. 25-1"
    (check,) = second["motions"]["insulation"]["decision"]["checks"]
    assert (check["article"], check["have"], check["need"]) == ("loi 65-557 art. 24", 64, "117/2")
    one, two = await j.db.fetch(
        "SELECT opens_at, closes_at, closed_at FROM ballot_box WHERE renovation_id=$1"
        " ORDER BY attempt",
        j.rid,
    )
    assert two["opens_at"] == one["closed_at"]
    assert (await j.events()).count("publication.opened") == 2  # the result, the shares
    assert await j.value("SELECT count(*) FROM ballot_box WHERE renovation_id=$1") == 2
    assert await verified(j, tmp_path) == {"insulation": "second_vote"}
    assert await verified(j, tmp_path, 2) == {"insulation": "passed"}


@pytest.mark.slow
async def test_without_a_third_of_all_voices_there_is_no_second_vote(journey: Begin) -> None:
    j = await journey(
        content=putting(("insulation", "improvement")), timetable=PARIS, rule_pack="FR-2020"
    )
    j.on("ballots", says(words(yes=4, no=4)))
    await j.until("revise_scheme")
    assert await outcomes(j) == ["rejected"]


MADRID = Timetable(zone="Europe/Madrid")
LIFT = putting(("lift", "lift"))


async def objecting(j: JourneyDriver, unit: str, command_id: str = "") -> int:
    answer = await j.post(
        "/vote-objections", j.voter(unit), command_id=command_id, unit_number=unit
    )
    return answer.status_code


async def recorded_well(j: JourneyDriver) -> None:
    """The audit finds the boxes and what stands beside the ballots as the events say."""
    report = await audit(j.parts.database, j.rid)
    assert report.ok, report


async def test_silence_counts_as_yes_after_thirty_natural_days(
    journey: Begin, tmp_path: Path
) -> None:
    j = await journey(content=LIFT, timetable=MADRID, rule_pack=SPAIN)
    # Four for it and three against, of twelve: the five who are silent decide (LPH art. 17.2, 17.8).
    j.on("ballots", says(words(yes=4, no=3)))
    row = await j.until("vote_objections")
    with pytest.raises(Refused) as pending:
        await export_voting(j.db, j.rid, tmp_path / "pending.zip", BOX_KEYS.signer, 1)
    assert codes(pending.value) == ["evidence.not_counted"]
    (closed,) = await j.details("voting.box_closed")
    assert closed["motions"]["lift"]["outcome"] == "pending"
    box = await j.box()
    assert row["due_at"] == box["objections_until"]
    assert (box["objections_until"] - box["closed_at"]).days == 31
    units = await j.units()
    assert await objecting(j, units[0]) == 409  # has voted
    assert await objecting(j, units[11], "once") == 201
    assert await objecting(j, units[11], "once") == 201
    assert await objecting(j, units[11]) == 409
    assert len(await j.details("voting.vote_objected")) == 1
    await j.until("objections.share_table")
    (counted,) = await j.details("voting.objections_counted")
    tally = counted["motions"]["lift"]["tally"]
    assert (tally["yes_heads"], tally["silent_heads"]) == (4, 4)
    assert await outcomes(j) == ["adopted"]
    assert await objecting(j, units[10]) == 409
    assert await verified(j, tmp_path) == {"lift": "passed"}
    await recorded_well(j)
    await j.db.execute("UPDATE ballot_box SET tally = '{}' WHERE id = $1", box["id"])
    assert not (await audit(j.parts.database, j.rid)).ok


@pytest.mark.slow
async def test_where_the_absent_object_their_silence_carries_nothing(journey: Begin) -> None:
    j = await journey(content=LIFT, timetable=MADRID, rule_pack=SPAIN)
    j.on("ballots", says(words(yes=4, no=3)))

    async def all_object(driver: JourneyDriver) -> None:
        for unit in (await driver.units())[7:]:
            await objecting(driver, unit)

    j.on("vote_objections", all_object)
    await j.until("revise_scheme")
    assert await outcomes(j) == ["rejected"]


OWNER = actor(Role.OWNERS_COMMITTEE, "typist")


async def paper(j: JourneyDriver, said: dict[str, str]) -> None:
    """Papers with these answers to every motion, typed twice by two people."""
    motions = [motion["id"] for motion in json.loads((await j.box())["motions"])]
    lines = [
        {"unit_number": unit, "choices": dict.fromkeys(motions, word)}
        for unit, word in said.items()
    ]
    for who in (COMMITTEE, OWNER):
        bundle = {"reference": "P-01", "scan": "box 7", "code": "written-on-the-bundle"}
        await j.told("/paper", await j.official(who), lines=lines, **bundle)


async def weifang(journey: Begin) -> tuple[JourneyDriver, str, dict[str, str]]:
    """A vote in a city whose own system alone takes ballots on the internet, open for ballots."""
    j = await journey(rule_pack=pack_in_force("CN-3707", date(2026, 1, 1)).id)
    await open_for_ballots(j)
    unit = (await j.units())[0]
    return j, unit, {"works": "yes", "costs": "no"}


async def test_where_only_the_official_system_takes_ballots_a_web_ballot_is_no_ballot(
    journey: Begin,
) -> None:
    j, unit, choices = await weifang(journey)
    refused = await j.post("/ballots", j.voter(unit), unit_number=unit, choices=choices)
    assert refused.status_code == 409
    (problem,) = refused.json()["problems"]
    assert problem["code"] == "voting.official_only"
    assert problem["params"]["article"] == "Weifang Property Management Regs art. 32"
    await j.official(actor(Role.CITY_PORTAL, ACTOR))
    vouched = assertion(j.rid, unit)
    through = await j.post("/portal-ballots", vouched, unit_number=unit, choices=choices)
    assert through.json()["problems"][0]["code"] == "voting.official_only"
    (sheet,) = (
        await j.http.get(f"/v1/renovations/{j.rid}/ballot-papers", headers=bearer(j, unit))
    ).json()
    assert sheet["official_by"] == "Weifang Property Management Regs art. 32"
    # What can be left here is an opinion, and it says so.
    await j.told("/opinions", j.voter(unit), unit_number=unit, choices=choices)
    found = (await j.http.get(f"/v1/renovations/{j.rid}/opinions")).json()
    assert (found["effect"], found["units"], found["motions"]) == ("opinion", 1, None)
    assert "yes" not in json.dumps(await j.details("voting.opinion_given"))
    # The imported result decides.
    await j.act(a.ImportOfficialResult, STREET, **await report(j, yes=12))
    await j.until("objections.vote_result")
    (closed,) = await j.details("voting.box_closed")
    assert (closed["source"], closed["adopted"], closed["opinions_not_counted"]) == (
        "official",
        True,
        1,
    )
    found = (await j.http.get(f"/v1/renovations/{j.rid}/opinions")).json()
    assert found["motions"] == {"costs": {"no": 1}, "works": {"yes": 1}}


@pytest.mark.slow
async def test_where_only_the_official_system_takes_ballots_paper_counts_and_no_opinion_does(
    journey: Begin,
) -> None:
    j, _, _ = await weifang(journey)
    units = await j.units()
    for unit in units:
        await j.told("/opinions", j.voter(unit), unit_number=unit, choices={"works": "no"})
    await paper(j, dict.fromkeys(units[:9], "yes"))

    async def nothing_more(_: JourneyDriver) -> None:
        """The papers are in."""

    j.on("ballots", nothing_more)
    await j.until("objections.vote_result")
    (closed,) = await j.details("voting.box_closed")
    tally = closed["motions"]["works"]["tally"]
    assert (tally["yes_heads"], tally["no_heads"], tally["participating_heads"]) == (9, 0, 9)
    assert (closed["adopted"], closed["opinions_not_counted"]) == (True, 12)


@pytest.mark.slow
async def test_where_ballots_count_there_is_no_opinion_beside_them(journey: Begin) -> None:
    j = await journey()
    await open_for_ballots(j)
    unit = (await j.units())[0]
    answer = await j.post("/opinions", j.voter(unit), unit_number=unit, choices={"works": "yes"})
    assert answer.json()["problems"][0]["code"] == "voting.ballots_count_here"


def bearer(j: JourneyDriver, unit: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {j.voter(unit)}"}


@pytest.mark.slow
async def test_an_owner_of_more_than_half_has_as_many_voices_as_all_others(
    journey: Begin, tmp_path: Path
) -> None:
    j = await journey(
        content=putting(("insulation", "improvement")),
        timetable=PARIS,
        rule_pack="FR-2020",
        owner_keys=["a"] * 8 + ["b", "c", "d", "e"],
    )
    large, *others = await j.units()

    async def one_against_all(driver: JourneyDriver) -> None:
        said = {large: "yes", **dict.fromkeys(others, "no")}
        await driver.ballots([(unit, {"insulation": word}) for unit, word in said.items()])

    j.on("ballots", one_against_all)
    await j.until("revise_scheme")
    first, _ = await j.details("voting.box_announced")
    (cut,) = first["caps"]
    assert (cut["before"], cut["after"], cut["article"]) == (103, 53, "loi 65-557 art. 22")
    tallies = [
        each["motions"]["insulation"]["tally"] for each in await j.details("voting.box_closed")
    ]
    assert [(each["yes_shares"], each["no_shares"]) for each in tallies] == [(53, 53)] * 2
    assert await outcomes(j) == ["second_vote", "rejected"]
    assert await verified(j, tmp_path, 2) == {"insulation": "failed"}


async def payers_of(j: JourneyDriver) -> list[str]:
    rows = await j.db.fetch(
        "SELECT unit_number FROM share_total WHERE renovation_id=$1 AND amount_fen > 0 ORDER BY 1",
        j.rid,
    )
    return [row["unit_number"] for row in rows]


async def test_without_two_thirds_only_those_who_said_yes_pay(
    journey: Begin, tmp_path: Path
) -> None:
    berlin = Timetable(zone="Europe/Berlin")
    j = await journey(content=putting(("lift", "works")), timetable=berlin, rule_pack="DE-2020")
    j.on("ballots", says(words(yes=5, no=3)))
    await j.until("objections.share_table")
    (closed,) = await j.details("voting.box_closed")
    assert closed["motions"]["lift"]["payers"] == "yes_voters"  # WEG s. 21
    assert await verified(j, tmp_path) == {"lift": "passed"}
    assert await payers_of(j) == (await j.units())[:5]


@pytest.mark.slow
async def test_above_the_bound_who_is_against_it_is_free(journey: Begin, tmp_path: Path) -> None:
    content = putting(("pool", "improvement"))
    (pool,) = content.motions
    above = content.model_copy(update={"motions": (pool.model_copy(update={"above_bound": True}),)})
    j = await journey(content=above, timetable=MADRID, rule_pack=SPAIN)
    j.on("ballots", says(words(yes=6, no=2)))
    units = await j.units()

    async def the_last_one_objects(driver: JourneyDriver) -> None:
        await objecting(driver, units[11])

    j.on("vote_objections", the_last_one_objects)
    await j.until("objections.share_table")
    (counted,) = await j.details("voting.objections_counted")
    assert counted["motions"]["pool"]["payers"] == "all_but_dissenters"  # LPH art. 17.4
    assert await verified(j, tmp_path) == {"pool": "passed"}
    assert await payers_of(j) == units[:6] + units[8:11]


async def second_calls(j: JourneyDriver) -> list[tuple[int, int]]:
    """Of every box after the first: days from the first close to its opening and to its close."""
    rows = await j.db.fetch(
        "SELECT opens_at, closes_at, closed_at FROM ballot_box WHERE renovation_id=$1"
        " ORDER BY attempt",
        j.rid,
    )
    closed = rows[0]["closed_at"]
    return [((row["opens_at"] - closed).days, (row["closes_at"] - closed).days) for row in rows[1:]]


@pytest.mark.slow
async def test_a_second_call_in_spain_has_three_days_notice_and_ends_within_eight(
    journey: Begin,
) -> None:
    j = await journey(content=putting(("roof", "repair")), timetable=MADRID, rule_pack=SPAIN)
    few = words(yes=3, no=1)
    j.on("ballots", says(few, few))
    await j.until("objections.share_table")
    assert await outcomes(j) == ["second_vote", "adopted"]
    assert await second_calls(j) == [(4, 8)]
    _, second = await j.details("voting.box_closed")
    articles = {check["article"] for check in second["motions"]["roof"]["decision"]["checks"]}
    assert articles == {"LPH art. 17.7"}


ROME = Timetable(zone="Europe/Rome")


@pytest.mark.slow
async def test_a_second_call_in_italy_is_from_the_next_day_to_the_tenth(journey: Begin) -> None:
    j = await journey(content=putting(("roof", "repair")), timetable=ROME, rule_pack="IT-2013")
    few = words(yes=5)
    j.on("ballots", says(few, few))
    await j.until("objections.share_table")
    assert await outcomes(j) == ["second_vote", "adopted"]
    assert await second_calls(j) == [(0, 10)]


@pytest.mark.slow
async def test_whoever_came_counts_for_the_quorum_without_a_ballot(
    journey: Begin, tmp_path: Path
) -> None:
    j = await journey(content=putting(("roof", "repair")), timetable=ROME, rule_pack="IT-2013")
    units = await j.units()

    async def seven_vote_and_two_look_on(driver: JourneyDriver) -> None:
        await says(words(yes=7))(driver)
        if await driver.now() >= (await driver.box())["opens_at"]:
            chair = await driver.official(COMMITTEE)
            await driver.told("/attendance", chair, command_id="list", units=units[5:9])

    j.on("ballots", seven_vote_and_two_look_on)
    await j.until("objections.share_table")
    assert await outcomes(j) == ["adopted"]
    (closed,) = await j.details("voting.box_closed")
    tally = closed["motions"]["roof"]["tally"]
    assert (tally["present_heads"], tally["yes_heads"]) == (9, 7)
    assert await verified(j, tmp_path) == {"roof": "passed"}
    assert await j.value("SELECT count(*) FROM attendance WHERE box_id = $1 || '.1'") == 4
    await recorded_well(j)


async def reconvened(journey: Begin) -> JourneyDriver:
    """Taiwan: too few come, and six of seven agree in the reconvened meeting."""
    taipei = Timetable(zone="Asia/Taipei")
    j = await journey(content=putting(("roof", "repair")), timetable=taipei, rule_pack="TW-2003")
    few = words(yes=6, no=1)
    j.on("ballots", says(few, few))
    return j


@pytest.mark.slow
async def test_a_reconvened_meeting_stands_when_seven_days_bring_no_objections(
    journey: Begin,
    tmp_path: Path,
) -> None:
    j = await reconvened(journey)
    await j.until("vote_objections")
    assert await outcomes(j) == ["second_vote"]
    assert (await j.box())["attempt"] == 2
    await j.until("objections.share_table")
    assert await outcomes(j) == ["second_vote", "adopted"]
    assert await verified(j, tmp_path) == {"roof": "second_vote"}
    assert await verified(j, tmp_path, 2) == {"roof": "passed"}


@pytest.mark.slow
async def test_a_reconvened_meeting_falls_when_more_than_half_object(
    journey: Begin, tmp_path: Path
) -> None:
    j = await reconvened(journey)

    async def seven_object(driver: JourneyDriver) -> None:
        for unit in (await driver.units())[5:]:
            await objecting(driver, unit)

    j.on("vote_objections", seven_object)
    await j.until("revise_scheme")
    assert await outcomes(j) == ["second_vote", "rejected"]
    (counted,) = await j.details("voting.objections_counted")
    assert counted["motions"]["roof"]["tally"]["objections_heads"] == 7
    assert await verified(j, tmp_path, 2) == {"roof": "failed"}
