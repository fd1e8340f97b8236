"""The pairs of duties that the counter writes itself: letters, paper, rulings, mandates, roles, suggestions."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from rules.duties import Duty
from tests.support.attacks import GIVEN
from tests.support.channels import confirmed
from tests.support.duties import Play, Playing, done
from tests.support.people import bearer
from tests.support.suggestions import SHEET, WORDS

DAY = timedelta(days=1)
AGENT = "Li Jianguo"
DISPUTED, TYPED = "1-102", "1-201"


async def letter(p: Playing, unit: str) -> str:
    """A letter that `maker` has made; its id."""
    who = await p.allow("maker", "issue_letters")
    made = done(await p.wall.post("/letters", who, unit_number=unit, reason="lost"))
    return str(made.json()["id"])


async def latest(p: Playing, table: str, moment: str) -> str:
    found = await p.sql.fetchval(
        f"SELECT id FROM {table} WHERE renovation_id=$1 ORDER BY {moment} DESC LIMIT 1",
        p.wall.rid,
    )
    return str(found)


async def made_a_letter(p: Playing) -> Mapping[Duty, str]:
    await letter(p, "1-301")
    return {Duty.HAND_LETTER: "maker"}


async def hands_it(p: Playing, person: str) -> httpx.Response:
    return await p.wall.post(
        f"/letters/{await latest(p, 'letter', 'made_at')}/link", bearer(person)
    )


async def handed_a_letter(p: Playing) -> Mapping[Duty, str]:
    name = await letter(p, "1-302")
    who = await p.allow("handed", "hand_letter")
    done(await p.wall.post(f"/letters/{name}/link", who))
    return {Duty.TELL_CODE: "handed"}


async def tells_its_code(p: Playing, person: str) -> httpx.Response:
    return await p.wall.post(
        f"/letters/{await latest(p, 'letter', 'made_at')}/code", bearer(person)
    )


async def types(p: Playing, person: str, unit: str, reference: str) -> httpx.Response:
    lines = [{"unit_number": unit, "choices": {"works": "no"}}]
    bundle = {
        "reference": reference,
        "scan": f"sheet {reference}",
        "code": f"code-on-{reference}-bundle",
    }
    return await p.wall.post("/paper", bearer(person), lines=lines, **bundle)


async def typed(p: Playing) -> Mapping[Duty, str]:
    await p.allow("typist", "enter_paper")
    done(await types(p, "typist", TYPED, "P-1"))
    return {Duty.TYPE_AGAIN: "typist"}


async def types_again(p: Playing, person: str) -> httpx.Response:
    return await types(p, person, TYPED, "P-1")


async def disputed(p: Playing) -> Mapping[Duty, str]:
    """Two have typed a paper of a unit that has voted on the web too; a third one disputes the ballots."""
    for person in ("first-typist", "last-typist"):
        await p.allow(person, "enter_paper")
        done(await types(p, person, DISPUTED, "P-2"))
    done(await p.wall.web(DISPUTED, "yes"))
    await p.allow("disputes", "rule_on_ballots")
    done(await ruling(p, "disputes", "disputed"))
    return {Duty.RULE_DISPUTED: "disputes", Duty.RULE_TYPED: "last-typist"}


async def ruling(p: Playing, person: str, kind: str) -> httpx.Response:
    body = {"unit_number": DISPUTED, "kind": kind, "reason": "two ballots"}
    return await p.wall.post("/rulings", bearer(person), **body)


async def sets_aside(p: Playing, person: str) -> httpx.Response:
    return await ruling(p, person, "set_aside")


async def mandate(p: Playing, person: str, unit: str) -> httpx.Response:
    now = datetime.now(UTC)
    return await p.wall.post(
        "/mandates",
        bearer(person),
        unit_number=unit,
        agent_name=AGENT,
        agent_identity=f"number of the agent of {unit}",
        motions=["works"],
        document="folder 3",
        valid_from=(now - DAY).isoformat(),
        valid_until=(now + DAY).isoformat(),
    )


async def proposed(p: Playing) -> Mapping[Duty, str]:
    await p.allow("proposes", "register_mandate")
    done(await mandate(p, "proposes", "1-401"))
    return {Duty.CONFIRM_PROPOSED: "proposes"}


async def confirms(p: Playing, person: str) -> httpx.Response:
    row = await p.sql.fetchrow(
        "SELECT id, content_sha256 FROM proposal WHERE id=$1",
        await latest(p, "proposal", "proposed_at"),
    )
    return await confirmed(p.wall, httpx.Response(202, json=dict(row)), person)


async def is_the_agent(p: Playing) -> Mapping[Duty, str]:
    await p.allow("agent")
    await p.sql.execute("UPDATE private.person SET name = $1 WHERE id = 'agent'", f"{AGENT} ")
    return {Duty.REGISTER_AGENT: "agent"}


async def registers(p: Playing, person: str) -> httpx.Response:
    return await mandate(p, person, "1-402")


async def would_have_a_role(p: Playing) -> Mapping[Duty, str]:
    return {Duty.GRANT_ONESELF: "ambitious"}


async def gives_it(p: Playing, person: str) -> httpx.Response:
    given = {"person": "ambitious", "name": "ambitious", "role": GIVEN.value, "place": "d/s/c"}
    body = {"command_id": f"{p.wall.rid}-{person}-gives", "reason": "elected", **given}
    return await p.wall.http.post("/v1/grants", json=body, headers=bearer(person))


async def suggestion(p: Playing, unit: str, person: str) -> str:
    """What `person` has written down for the unit; its id."""
    who = await p.allow(person, "write_down_suggestion")
    body: dict[str, Any] = {
        **WORDS,
        "proposal": f"A lamp for {unit}",
        "unit_numbers": [unit],
        "sheet_sha256": SHEET,
    }
    return str(done(await p.wall.post("/suggestions/written-down", who, **body)).json()["id"])


async def wrote_it_down(p: Playing) -> Mapping[Duty, str]:
    await suggestion(p, "1-101", "wrote")
    return {Duty.REVIEW_WRITTEN: "wrote"}


async def of_suggestion(p: Playing) -> str:
    return await latest(p, "suggestion", "submitted_at")


async def publishes(p: Playing, person: str) -> httpx.Response:
    return await p.wall.review(await of_suggestion(p), person)


async def wrote_what_was_published(p: Playing) -> Mapping[Duty, str]:
    name = await suggestion(p, "1-501", "writes-and-answers")
    await p.allow("reviews", "review_suggestion")
    done(await p.wall.review(name, "reviews"))
    return {Duty.ANSWER_WRITTEN: "writes-and-answers"}


async def answers(p: Playing, person: str) -> httpx.Response:
    return await p.wall.answer(await of_suggestion(p), who=person)


async def hid_it(p: Playing) -> Mapping[Duty, str]:
    name = await p.wall.made("1-502", proposal="A bench")
    await p.allow("hides", "review_suggestion")
    done(await p.wall.review(name, "hides", "hide", "it names a neighbour"))
    return {Duty.REVIEW_AGAIN: "hides"}


PLAYS = (
    Play((Duty.HAND_LETTER,), made_a_letter, hands_it),
    Play((Duty.TELL_CODE,), handed_a_letter, tells_its_code),
    Play((Duty.TYPE_AGAIN,), typed, types_again),
    Play((Duty.RULE_DISPUTED, Duty.RULE_TYPED), disputed, sets_aside),
    Play((Duty.CONFIRM_PROPOSED,), proposed, confirms),
    Play((Duty.REGISTER_AGENT,), is_the_agent, registers),
    Play((Duty.GRANT_ONESELF,), would_have_a_role, gives_it),
    Play((Duty.REVIEW_WRITTEN,), wrote_it_down, publishes),
    Play((Duty.ANSWER_WRITTEN,), wrote_what_was_published, answers),
    Play((Duty.REVIEW_AGAIN,), hid_it, publishes),
)
