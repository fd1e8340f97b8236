"""Having data erased, on pages: a home asks, an official confirms or says why not, and the home reads it."""

import re

import asyncpg
import pytest

from runtime.database import Database
from runtime.language.citations import cited
from runtime.privacy.keys import PersonKeys, names_of, put_person
from runtime.settings import Settings
from tests.service.pages.conftest import UNIT, Home
from tests.service.privacy.test_erasure import sell
from tests.support.browser.desk import Desk
from tests.support.channels import Channels

LIST = "/office/erasures"
CODE = re.compile(r"\b(page|office|kept|basis|line|erasure)\.[a-z_]+\b")


def bare(html: str) -> str:
    return re.sub(r"<[^>]+>", " ", html)


async def owners(vote: Channels, database: Database, settings: Settings, *names: str) -> list[str]:
    """Owners of the home by the register."""
    people = [f"{vote.rid}-{number}" for number, _ in enumerate(names)]
    keys = PersonKeys.of(settings)
    for position, (person, name) in enumerate(zip(people, names, strict=True)):
        await database.transaction(lambda session: put_person(session, keys, person, name))  # noqa: B023
        await vote.sql.execute(
            "INSERT INTO private.unit_owner (unit_id, person_id, position)"
            " SELECT id, $2, $3 FROM unit WHERE estate_id = $1 AND number = $4",
            *(f"{vote.rid}.estate", person, position, UNIT),
        )
    return people


@pytest.mark.parametrize("language", ["en", "zh-CN"])
async def test_a_home_asks_an_official_confirms_and_the_home_reads_what_stays(
    vote: Channels, home: Home, database: Database, settings: Settings, language: str
) -> None:
    _, second = await owners(vote, database, settings, "欧阳示例", "司徒样本")
    reader = Home(vote.http, home.session, language)
    page = await reader.get("/mine/data")
    assert "欧…" in page.text
    assert "司…" in page.text
    assert "阳示例" not in page.text, "the letter is the home's: it tells no whole name"
    empty = await reader.send("/mine/data/erasures", page, {"owner": "2", "reason": ""})
    assert (empty.status_code, 'value="2" checked' in empty.text) == (422, True)
    asked = {"owner": "2", "reason": "I have <b>sold</b> my half"}
    sent = await reader.send("/mine/data/erasures", page, asked)
    assert sent.headers["location"] == "/mine/data?done=asked"
    page = await reader.get("/mine/data?done=asked")
    assert not CODE.search(bare(page.text)), CODE.search(bare(page.text))
    twice = await reader.send("/mine/data/erasures", page, asked)
    assert twice.status_code == 409

    desk = Desk(vote.http, "residents")
    listed = await desk.get(LIST)
    assert "司徒样本" in listed.text
    assert UNIT in listed.text
    assert "I have &lt;b&gt;sold&lt;/b&gt; my half" in listed.html
    assert not CODE.search(listed.text), CODE.search(listed.text)
    done = await desk.send(listed, LIST, {"decision": "confirm"})
    assert "It is erased" in done.text
    async with database.session() as session:
        names = await names_of(session, PersonKeys.of(settings), [second])
    assert names == {second: ""}
    page = await reader.get("/mine/data")
    source = cited("Civil Code art. 188", "en" if language == "en" else "zh_CN")
    assert source in page.text, "why it stays, and until when"
    assert not CODE.search(bare(page.text)), CODE.search(bare(page.text))
    doors = await vote.sql.fetch(
        "SELECT door, reader_id FROM private.access WHERE subject = $1", second
    )
    assert {("erasure.asked", f"unit:{UNIT}"), ("GET /office/erasures", "residents")} <= {
        (row["door"], row["reader_id"]) for row in doors
    }


async def test_who_does_not_confirm_says_why_and_the_home_reads_it(
    vote: Channels, home: Home, database: Database, settings: Settings
) -> None:
    (owner,) = await owners(vote, database, settings, "欧阳示例")
    page = await home.get("/mine/data")
    await home.send("/mine/data/erasures", page, {"owner": "1", "reason": "please"})
    desk = Desk(vote.http, "residents")
    listed = await desk.get(LIST)
    without = await desk.send(listed, LIST, {"decision": "refuse", "reason": ""})
    assert without.status == 422
    why = "Nobody came with a card; the vote is open"
    refused = await desk.send(listed, LIST, {"decision": "refuse", "reason": why})
    assert "It was refused" in refused.text
    again = await desk.send(listed, LIST, {"decision": "confirm"})
    assert again.status == 409
    page = await home.get("/mine/data")
    assert why in page.text
    async with database.session() as session:
        assert (await names_of(session, PersonKeys.of(settings), [owner]))[owner] == "欧阳示例"
    once_more = await home.send(
        "/mine/data/erasures", page, {"owner": "1", "reason": "here is my card"}
    )
    assert once_more.status_code == 303


async def test_an_official_asks_for_somebody_in_person_and_another_one_decides(
    vote: Channels, home: Home, database: Database, settings: Settings, sql: asyncpg.Connection
) -> None:
    (owner,) = await owners(vote, database, settings, "欧阳示例")
    desk, other = Desk(vote.http, "residents"), Desk(vote.http, "street")
    path = f"/office/cases/{vote.rid}/erasure"
    assert path in (await desk.get(f"/office/cases/{vote.rid}")).html
    nobody = await desk.get(f"{path}?unit_number=9-999")
    assert "no owner" in nobody.text
    found = await desk.get(f"{path}?unit_number={UNIT}")
    assert "欧阳示例" in found.text
    said = {"person": owner, "reason": "came with the identity card"}
    sent = await desk.send(found, path, said)
    assert "another official confirms it" in sent.text
    own = await desk.get(LIST)
    waits = await sql.fetchval("SELECT id FROM private.erasure WHERE person_id = $1", owner)
    assert f'id="{waits}"' in own.html
    assert f'value="{waits}"' not in own.html
    work = await other.get("/office")
    assert f'{LIST}">' in work.html, work.html[-1500:]
    listed = await other.get(LIST)
    done = await other.send(listed, LIST, {"decision": "confirm"})
    assert "It is erased" in done.text


async def test_a_buyer_reads_nothing_of_what_the_seller_has_asked(
    vote: Channels, home: Home, database: Database, settings: Settings
) -> None:
    (owner,) = await owners(vote, database, settings, "欧阳示例")
    page = await home.get("/mine/data")
    await home.send("/mine/data/erasures", page, {"owner": "1", "reason": "a secret of ours"})
    keys, buyer = PersonKeys.of(settings), f"{vote.rid}-buyer"
    await database.transaction(lambda session: put_person(session, keys, buyer, "司徒样本"))
    await vote.sql.execute(
        "UPDATE private.unit_owner SET person_id = $1 WHERE person_id = $2", buyer, owner
    )
    page = await home.get("/mine/data")
    assert "司…" in page.text
    assert "a secret of ours" not in page.text


async def test_after_a_sale_the_home_has_no_owners_of_before_whom_it_could_have_erased(
    vote: Channels, home: Home, database: Database, settings: Settings
) -> None:
    """A sale leaves the roll as it is: its owners are the seller's, until the next roll."""
    await owners(vote, database, settings, "欧阳示例")
    page = await home.get("/mine/data")
    await home.send("/mine/data/erasures", page, {"owner": "1", "reason": "a secret of ours"})
    await sell(vote.sql, vote.rid, UNIT)
    sold = await home.get("/mine/data")
    assert "欧…" not in sold.text
    assert "a secret of ours" not in sold.text
