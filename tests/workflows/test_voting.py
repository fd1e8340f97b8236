from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from models.messages import acts as a
from models.values.refusal import Refused
from models.values.voting import Motion, MotionKind, MotionOption
from tests.support.estate import scheme_content
from tests.support.journey import COMMITTEE, STREET, JourneyDriver, codes, open_when_allowed

Begin = Callable[..., Awaitable[JourneyDriver]]


async def vote_no(j: JourneyDriver) -> None:
    await j.cast("no")


async def revise(j: JourneyDriver) -> None:
    await j.act(a.ReviseScheme, COMMITTEE, title="a smaller scheme", reason="asked for")


@pytest.mark.slow
async def test_a_vote_needs_no_extension_when_all_take_part(journey: Begin) -> None:
    j = await journey()
    await j.until("objections.vote_result")
    (checked,) = await j.details("voting.turnout_checked")
    assert checked["extended"] is False
    (closed,) = await j.details("voting.box_closed")
    assert closed["adopted"] is True


# carries E2
async def test_a_short_quorum_brings_one_extension_and_earlier_ballots_stay(journey: Begin) -> None:
    j = await journey()

    async def half_then_all(driver: JourneyDriver) -> None:
        extended = await driver.details("voting.turnout_checked")
        await driver.cast("yes", 1.0 if extended else 0.5)

    j.on("ballots", half_then_all)
    await j.until("objections.vote_result")
    (checked,) = await j.details("voting.turnout_checked")
    assert checked["extended"] is True
    assert (await j.details("voting.box_closed"))[0]["adopted"] is True
    before, after = await j.db.fetchrow(
        "SELECT opens_at, closes_at FROM ballot_box WHERE id=$1", await j.box_id()
    )
    assert after - before > timedelta(days=29)


async def test_options_without_a_majority_go_into_a_run_off_of_the_top_two(journey: Begin) -> None:
    options = tuple(MotionOption(id=name, title=name) for name in ("red", "green", "blue"))
    colour = Motion(
        id="colour",
        title="Colour of the front",
        kind=MotionKind.ORDINARY,
        depends_on="works",
        options=options,
    )
    content = scheme_content()
    motions = (content.motions[0], colour)
    j = await journey(content=content.model_copy(update={"motions": motions}))

    async def colours(driver: JourneyDriver) -> None:
        first = (await driver.box_id()).endswith(".1")
        wishes = (
            ["red"] * 5 + ["green"] * 4 + ["blue"] * 3 if first else ["red"] * 7 + ["green"] * 5
        )
        said = [
            (unit, {"colour": wish, **({"works": "yes"} if first else {})})
            for unit, wish in zip(await driver.units(), wishes, strict=True)
        ]
        await driver.ballots(said)

    j.on("ballots", colours)
    await j.until("objections.share_table")
    assert [d["outcome"] for d in await j.details("voting.result_declared")] == [
        "run_off",
        "adopted",
    ]
    first, second = await j.details("voting.box_closed")
    assert first["motions"]["works"]["outcome"] == "passed"
    assert set(first["motions"]["colour"]["named"]) == {"red", "green"}
    assert list(second["motions"]) == ["colour"]
    assert second["motions"]["colour"]["winner"] == "red"


# carries E1
async def test_a_failed_vote_is_held_again_on_a_revised_scheme(journey: Begin) -> None:
    j = await journey()
    j.on("ballots", vote_no)
    j.on("open_vote", open_when_allowed)
    await j.until("revise_scheme")
    assert (await j.details("voting.result_declared"))[0]["outcome"] == "rejected"
    await revise(j)
    j.on("ballots", lambda driver: driver_casts(driver, "yes"))
    await j.until("objections.share_table")
    assert await j.value("SELECT max(version) FROM scheme WHERE renovation_id=$1") >= 2
    assert [d["outcome"] for d in await j.details("voting.result_declared")] == [
        "rejected",
        "adopted",
    ]


async def driver_casts(j: JourneyDriver, choice: str) -> None:
    await j.cast(choice)


# carries E1
@pytest.mark.slow
async def test_after_the_last_allowed_vote_the_renovation_is_shelved(journey: Begin) -> None:
    j = await journey()
    j.on("ballots", vote_no)
    j.on("open_vote", open_when_allowed)
    j.on("revise_scheme", revise)
    row = await j.until("nothing")
    assert row["state"] == "shelved"
    outcome = await j.handle.result()
    assert outcome.reason == "vote_limit_reached"
    assert len(await j.details("voting.box_closed")) == 3


# carries E5
@pytest.mark.slow
async def test_an_upheld_objection_annuls_the_result(journey: Begin) -> None:
    j = await journey()
    await j.until("objections.vote_result")
    publication, objection = await j.object_to("vote_result")
    await j.act(
        a.AnswerObjection,
        STREET,
        publication_id=publication,
        objection_id=objection,
        upheld=True,
        answer="two forged ballots were found",
    )
    await j.until("revise_scheme")
    assert (await j.details("voting.result_declared"))[0]["outcome"] == "annulled"


async def test_a_result_waits_for_the_answer_to_an_objection(journey: Begin) -> None:
    j = await journey()
    await j.until("objections.vote_result")
    publication, objection = await j.object_to("vote_result")
    await j.until("answers")
    await j.act(
        a.AnswerObjection,
        STREET,
        publication_id=publication,
        objection_id=objection,
        upheld=False,
        answer="counted again, the numbers stand",
    )
    await j.until("objections.share_table")
    assert (await j.details("voting.result_declared"))[0]["outcome"] == "adopted"


async def test_a_vote_is_opened_once(journey: Begin) -> None:
    j = await journey()
    await j.until("ballots")
    with pytest.raises(Refused) as refused:
        await j.act(a.OpenVote, COMMITTEE)
    assert codes(refused.value) == ["voting.announced"]


async def test_the_same_command_twice_gets_the_same_answer(journey: Begin) -> None:
    j = await journey()
    await j.until("open_vote")
    given = a.OpenVote(command_id=f"{j.rid}-once", actor=COMMITTEE)
    assert await j.send(given) == await j.send(given)
    assert (await j.events()).count("voting.box_announced") == 1
