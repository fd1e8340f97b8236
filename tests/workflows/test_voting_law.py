"""Votes under the law of other places: second votes, silence, attendance, on the told clock."""

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Any

from models.values.scheme import SchemeContent
from models.values.timetable import Timetable
from models.values.voting import Motion
from rules.voting import pack_in_force
from tests.support.estate import scheme_content
from tests.support.journey import JourneyDriver

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


async def test_art_25_is_put_again_at_once_under_art_24(journey: Begin) -> None:
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


async def test_without_a_third_of_all_voices_there_is_no_second_vote(journey: Begin) -> None:
    j = await journey(
        content=putting(("insulation", "improvement")), timetable=PARIS, rule_pack="FR-2020"
    )
    j.on("ballots", says(words(yes=4, no=4)))
    await j.until("revise_scheme")
    assert await outcomes(j) == ["rejected"]


MADRID = Timetable(zone="Europe/Madrid")
LIFT = putting(("lift", "lift"))


async def objecting(j: JourneyDriver, unit: str) -> int:
    answer = await j.post("/vote-objections", j.voter(unit), unit_number=unit)
    return answer.status_code


async def test_silence_counts_as_yes_after_thirty_natural_days(journey: Begin) -> None:
    j = await journey(content=LIFT, timetable=MADRID, rule_pack=SPAIN)
    # Four for it and three against, of twelve: the five who are silent decide (LPH art. 17.2, 17.8).
    j.on("ballots", says(words(yes=4, no=3)))
    row = await j.until("vote_objections")
    (closed,) = await j.details("voting.box_closed")
    assert closed["motions"]["lift"]["outcome"] == "pending"
    box = await j.box()
    assert row["due_at"] == box["objections_until"]
    assert (box["objections_until"] - box["closed_at"]).days == 31
    units = await j.units()
    assert await objecting(j, units[0]) == 409  # has voted
    assert await objecting(j, units[11]) == 201
    assert await objecting(j, units[11]) == 409
    await j.until("objections.share_table")
    (counted,) = await j.details("voting.objections_counted")
    tally = counted["motions"]["lift"]["tally"]
    assert (tally["yes_heads"], tally["silent_heads"]) == (4, 4)
    assert await outcomes(j) == ["adopted"]
    assert await objecting(j, units[10]) == 409


async def test_where_the_absent_object_their_silence_carries_nothing(journey: Begin) -> None:
    j = await journey(content=LIFT, timetable=MADRID, rule_pack=SPAIN)
    j.on("ballots", says(words(yes=4, no=3)))

    async def all_object(driver: JourneyDriver) -> None:
        for unit in (await driver.units())[7:]:
            await objecting(driver, unit)

    j.on("vote_objections", all_object)
    await j.until("revise_scheme")
    assert await outcomes(j) == ["rejected"]
