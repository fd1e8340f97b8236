"""Who is told: whoever must act when it is late, the authors of each change, and everybody of an estate's log."""

import json
from typing import Any

import pytest

from runtime.database import Database
from service.suggestions import reminding
from service.suggestions.reminding import remind
from service.webhooks.bodies import FeedEvent
from service.webhooks.messages import cloud_event
from tests.runtime.record.test_feed import say
from tests.service.suggestions.conftest import Suggestions
from tests.support.channels import official
from tests.support.suggestions import AUTHOR, NEIGHBOURS, WORDS
from tests.support.votes.portal import ACTOR

ANSWERERS = {"owners_committee", "residents_committee", "street_office", "district_bureau"}


async def turn(database: Database) -> int:
    return await database.transaction(remind)


async def late(of: Suggestions, name: str) -> None:
    await of.sql.execute(
        "UPDATE suggestion SET due_at = now() - interval '1 hour' WHERE id = $1", name
    )


async def reminders(of: Suggestions, name: str) -> list[tuple[str, str | None]]:
    rows = await of.sql.fetch(
        "SELECT audience, audience_id FROM notice WHERE template = 'suggestion_late'"
        " AND params->>'suggestion' = $1 ORDER BY audience, audience_id",
        name,
    )
    return [(row["audience"], row["audience_id"]) for row in rows]


async def test_whoever_must_answer_is_reminded_once_when_the_reply_is_late(
    case: Suggestions, database: Database
) -> None:
    name = await case.published()
    await turn(database)
    assert await reminders(case, name) == []
    await late(case, name)
    assert await turn(database) == len(ANSWERERS)
    assert {audience for audience, _ in await reminders(case, name)} == ANSWERERS
    assert await turn(database) == 0
    assert (await case.answer(name)).status_code == 201
    await turn(database)
    assert len(await reminders(case, name)) == len(ANSWERERS)


async def test_after_a_time_in_which_nobody_reminded_nobody_is_left_out(
    case: Suggestions, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminding, "MOST", 2)
    name = await case.published()
    await late(case, name)
    await turn(database)
    await case.sql.execute(
        "INSERT INTO suggestion SELECT (jsonb_populate_record(s, jsonb_build_object('id', s.id || n,"
        " 'command_id', s.id || n, 'due_at', s.due_at + n * interval '1 minute'))).*"
        " FROM suggestion s, generate_series(1, 7) n WHERE s.id = $1",
        name,
    )
    assert await turn(database) == 7 * len(ANSWERERS)
    assert await turn(database) == 0


async def test_in_an_estate_without_a_case_the_people_of_its_place_are_reminded(
    estate: Suggestions, database: Database
) -> None:
    made = await estate.by_portal(
        "", AUTHOR, theme="Bench", reason="It is missing", proposal="A bench by the gate"
    )
    name = made.json()["id"]
    await late(estate, name)
    await turn(database)
    told = await reminders(estate, name)
    assert {audience for audience, _ in told} == {"person"}
    assert {"committee", "street"} <= {person for _, person in told}
    assert "admin" not in {person for _, person in told}


async def test_the_authors_hear_of_each_change(case: Suggestions) -> None:
    name = await case.qualified()
    told = await case.notices()
    for each in (
        ("suggestion_published", "suggestion_authors"),
        ("suggestion_supported", "suggestion"),
        ("suggestion_qualified", "committee"),
    ):
        assert told.count(each) == 1, told
    await case.answer(name, outcome="referred")
    assert ("suggestion_answered", "suggestion") in await case.notices()


async def test_what_happened_in_an_estate_is_read_as_everybody_may_read_it(
    estate: Suggestions,
) -> None:
    made = await estate.by_portal(
        "", AUTHOR, theme="Lamps", reason="It is dark", proposal="A lamp by the gate"
    )
    name = made.json()["id"]
    body = {"decision": "publish", "reason": ""}
    assert (await estate.in_estate(f"/{name}/review", official("committee"), **body)).is_success
    joined = await estate.by_portal(f"/{name}/support", NEIGHBOURS[0])
    assert joined.status_code == 201
    path = f"/v1/estates/{estate.estate}/suggestions/events"
    page = await estate.http.get(f"{path}?limit=2")
    rest = await estate.http.get(f"{path}{page.links['next']['url']}")
    events = [*page.json(), *rest.json()]
    assert [each["kind"] for each in events] == [
        "suggestion.made",
        "suggestion.published",
        "suggestion.supported",
    ]
    assert [each["actor_role"] for each in events] == ["owner", "owners_committee", "owner"]
    # Which home it was is for the offices.
    assert AUTHOR not in page.text + rest.text
    office = await estate.http.get(path, headers=official("street"))
    assert AUTHOR in office.json()[0]["actor_id"]
    assert all(each["details"]["estate"] == estate.estate for each in events)


async def test_what_happens_to_an_estate_is_in_the_feed_with_the_events_of_cases(
    estate: Suggestions, database: Database
) -> None:
    """In the one order, under the estate, and each reads it as they may read an event of a case."""
    made = await estate.by_portal("", AUTHOR, **WORDS)
    name = made.json()["id"]
    body = {"decision": "publish", "reason": ""}
    assert (await estate.in_estate(f"/{name}/review", official("committee"), **body)).is_success
    await say(database, estate.rid, f"{estate.rid}-said")
    assert (await estate.by_portal(f"/{name}/support", NEIGHBOURS[0])).status_code == 201

    async def follow(who: str, **query: object) -> list[dict[str, Any]]:
        asked: dict[str, Any] = {"after": 0, "limit": 500, "training": True, **query}
        found: list[dict[str, Any]] = []
        while True:
            page = (await estate.http.get("/v1/feed", params=asked, headers=official(who))).json()
            found += page["events"]
            asked["after"] = page["next"]
            if not page["more"]:
                return [
                    each
                    for each in found
                    if (each["estate_id"] or f"{each['renovation_id']}.estate") == estate.estate
                ]

    street = await follow("street")
    kinds = [each["kind"] for each in street if each["estate_id"]]
    assert kinds == ["suggestion.made", "suggestion.published", "suggestion.supported"]
    assert "test.said" in [each["kind"] for each in street if each["renovation_id"]]
    positions = [each["position"] for each in street]
    assert positions == sorted(set(positions))
    first, *_ = (each for each in street if each["estate_id"])
    assert AUTHOR in first["actor_id"]
    assert {each["place_path"] for each in street} == {first["place_path"]}
    portal = [each for each in await follow(ACTOR) if each["estate_id"]]
    assert [each["kind"] for each in portal] == kinds
    assert AUTHOR not in json.dumps(portal), "which home it was is for the offices"
    only = await follow("street", kind="suggestion.published")
    assert [each["kind"] for each in only] == ["suggestion.published"]
    last = FeedEvent.model_validate(street[-1])
    told = json.loads(cloud_event("https://g.example", last))
    assert told["source"] == f"https://g.example/v1/estates/{estate.estate}/suggestions"
    # One at a time, as somebody asks who was away in between.
    after, seen = positions[0] - 1, list[int]()
    while after < positions[-1]:
        asked = {"after": after, "limit": 1, "training": True}
        page = await estate.http.get("/v1/feed", params=asked, headers=official("street"))
        seen += [each["position"] for each in page.json()["events"]]
        after = page.json()["next"]
    assert set(positions) <= set(seen)
    assert seen == sorted(set(seen))
