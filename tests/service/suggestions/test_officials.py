"""Offices review, merge and answer: with reasons, with two people where it weighs, and late in the open."""

from typing import Any

from tests.support.channels import code, confirmed, official, owner_of
from tests.support.suggestions import AUTHOR, NEIGHBOURS, WORDS, Suggestions

NEIGHBOUR = NEIGHBOURS[0]


async def test_what_breaks_a_rule_is_hidden_with_a_reason_that_its_author_reads(
    case: Suggestions,
) -> None:
    name = await case.made()
    silent = await case.review(name, "committee", "hide")
    assert code(silent) == (422, "suggestion.reason_missing")
    assert (await case.review(name, "committee", "hide", "it insults 2-202")).status_code == 201
    found = (await case.read(owner_of(case.rid, AUTHOR)))[name]
    assert (found["hidden_because"], found["theme"]) == ("it insults 2-202", WORDS["theme"])
    found = (await case.read(owner_of(case.rid, NEIGHBOUR)))[name]
    assert (found["state"], found["hidden_because"], found["theme"]) == ("hidden", None, None)
    assert ("suggestion_hidden", "suggestion_authors") in await case.notices()
    assert await case.waits() == []


async def test_what_was_hidden_is_published_by_somebody_else_only(case: Suggestions) -> None:
    name = await case.made()
    await case.review(name, "committee", "hide", "no")
    assert code(await case.review(name, "committee")) == (403, "suggestion.own_hiding")
    assert (await case.review(name, "street")).status_code == 201
    assert (await case.read())[name]["theme"] == WORDS["theme"]


async def test_who_wrote_it_down_neither_reviews_nor_answers_it(case: Suggestions) -> None:
    body: dict[str, Any] = {**WORDS, "unit_numbers": [AUTHOR]}
    made = await case.post("/suggestions/written-down", official("committee"), **body)
    name = made.json()["id"]
    assert code(await case.review(name, "committee")) == (403, "suggestion.own_writing")
    assert (await case.review(name, "committee2")).status_code == 201
    assert code(await case.answer(name)) == (403, "suggestion.own_suggestion")
    assert (await case.answer(name, who="committee2")).status_code == 201


async def test_repeats_are_joined_and_answered_together(case: Suggestions) -> None:
    first = await case.published()
    second = await case.made(NEIGHBOUR, proposal="Light in the stairs, please")
    path = f"/suggestions/{second}/merging"
    itself = await case.post(path, official("committee"), into=second)
    assert code(itself) == (422, "suggestion.merged_into_itself")
    joined = await case.post(path, official("committee"), into=first)
    assert joined.status_code == 201
    found = await case.read(official("street"))
    assert (found[second]["merged_into"], found[first]["supporters"]) == (first, 2)
    assert await case.waits() == [("answer_suggestion", first)]
    assert code(await case.answer(second)) == (409, "suggestion.over")


async def test_one_reply_answers_several_with_its_reason(case: Suggestions) -> None:
    names = [await case.published(), await case.published(NEIGHBOUR, proposal="A bench")]
    unread = await case.made(NEIGHBOURS[1], proposal="A tree")
    early = await case.answer(*names, unread)
    assert code(early) == (409, "suggestion.not_reviewed")
    done = await case.answer(*names, outcome="not_adopted")
    assert done.status_code == 201
    found = await case.read(owner_of(case.rid, AUTHOR))
    assert {found[each]["reply"]["id"] for each in names} == {done.json()["id"]}
    assert found[names[0]]["reply"]["reason"] == "It costs little"
    # Nobody has reviewed what an office wrote: the public sees the outcome.
    reply = (await case.read())[names[0]]["reply"]
    assert (reply["outcome"], reply["reason"]) == ("not_adopted", None)
    assert (await case.notices()).count(("suggestion_answered", "suggestion")) == 2
    assert await case.waits() == [("review_suggestion", unread)]
    assert code(await case.answer(names[0])) == (409, "suggestion.over")


async def test_what_many_support_takes_its_place_in_the_scheme(case: Suggestions) -> None:
    name = await case.qualified()
    assert code(await case.answer(name, outcome="adopted")) == (422, "suggestion.needs_place")
    strange = await case.answer(name, outcome="adopted", item="lamps")
    assert code(strange) == (422, "suggestion.place_unknown")
    two = await case.answer(name, outcome="adopted", item="roof", motion="works")
    assert code(two) == (422, "suggestion.one_place")
    done = await case.answer(name, outcome="adopted", item="roof")
    assert done.status_code == 201
    reply = (await case.read())[name]["reply"]
    assert (reply["scheme_version"], reply["item"], reply["renovation_id"]) == (1, "roof", case.rid)


async def test_what_many_support_is_turned_down_by_two(case: Suggestions) -> None:
    name = await case.qualified()
    proposed = await case.answer(name, outcome="not_adopted")
    assert proposed.status_code == 202
    assert (await case.read())[name]["state"] == "open"
    own = await confirmed(case, proposed, "committee")
    assert code(own) == (403, "proposal.own")
    done = await confirmed(case, proposed)
    assert (done.status_code, done.json()["kind"]) == (201, "suggestion.replied")
    found = (await case.read())[name]
    assert (found["state"], found["reply"]["outcome"]) == ("answered", "not_adopted")
    assert code(await case.support(name, NEIGHBOURS[2])) == (409, "suggestion.over")


async def test_before_a_case_what_many_support_is_referred_to_the_next_scheme(
    estate: Suggestions,
) -> None:
    name = await estate.made()
    committee = official("committee")
    await estate.in_estate(f"/{name}/review", committee, decision="publish")
    for unit in NEIGHBOURS[:2]:
        await estate.by_portal(f"/{name}/support", unit)
    body: dict[str, Any] = {"suggestions": [name], "reason": "later"}
    no = await estate.in_estate("/replies", committee, outcome="not_adopted", **body)
    assert code(no) == (409, "suggestion.needs_second")
    place = await estate.in_estate("/replies", committee, outcome="adopted", item="roof", **body)
    assert code(place) == (409, "suggestion.no_scheme")
    assert (
        await estate.in_estate("/replies", committee, outcome="referred", **body)
    ).status_code == 201
    # It is answered, and still open to more support and to the next scheme.
    assert (await estate.by_portal(f"/{name}/support", NEIGHBOURS[2])).status_code == 201


async def test_whoever_is_late_with_it_is_found(estate: Suggestions) -> None:
    """In the list of the estate, and of the place, for everybody."""
    name = await estate.made()
    assert name not in await estate.read_in_estate(query="?overdue=true")
    await estate.sql.execute(
        "UPDATE suggestion SET due_at = now() - interval '1 hour' WHERE id = $1", name
    )
    found = (await estate.read_in_estate(query="?overdue=true"))[name]
    assert (found["late"], found["theme"]) == (True, None)
    below = await estate.http.get("/v1/suggestions?place=d/s&overdue=true&limit=500")
    assert name in {each["id"] for each in below.json()}
    elsewhere = await estate.http.get("/v1/suggestions?place=d/other&overdue=true")
    assert name not in {each["id"] for each in elsewhere.json()}


async def test_a_late_reply_puts_its_case_on_the_list_of_what_is_overdue(
    case: Suggestions,
) -> None:
    name = await case.published()
    await case.sql.execute(
        "UPDATE case_wait SET due_at = now() - interval '1 hour' WHERE subject = $1", name
    )
    listed = await case.http.get("/v1/renovations?overdue=true&waiting=answer_suggestion")
    assert case.rid in {each["id"] for each in listed.json()}


async def test_a_page_follows_a_page(case: Suggestions) -> None:
    names = [await case.made(proposal=f"Lamp {number}") for number in range(3)]
    page = await case.get("/suggestions?limit=2", {})
    following = page.links["next"]["url"]
    rest = await case.get(f"/suggestions{following}", {})
    assert [each["id"] for each in (*page.json(), *rest.json())] == names[::-1]
    assert "next" not in rest.links
    answer = await case.get("/suggestions?after=nothing", {})
    assert code(answer) == (422, "service.cursor_invalid")
