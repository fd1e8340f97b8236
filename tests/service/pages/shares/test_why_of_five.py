"""Why do I owe this? Of five homes of the demo's estate: the sum and its factors from the visible text alone."""

import re
from fractions import Fraction
from html import unescape

import pytest

from cli.demo.town.estate import figures_for, make_units
from cli.demo.town.scheme import scheme_content
from models.tables import Unit
from runtime.database import Database
from tests.service.pages.conftest import Home, entered
from tests.support.channels import Channels
from tests.support.money import computed

SEED = 7
FIVE = (0, 11, 23, 38, 59)
"""Homes of the sixty, from the first building to the last."""
FACT = re.compile(r"<dt>(.*?)</dt><dd>(.*?)</dd>", re.DOTALL)
CARD = re.compile(r'<section class="card">\s*<h3>(.*?)</h3>(.*?)</section>', re.DOTALL)
NUMBER = re.compile(r"[0-9][0-9,]*(?:\.[0-9]+)?")


def bare(html: str) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))).strip()


def number(text: str) -> Fraction:
    found = NUMBER.search(text)
    assert found is not None, text
    return Fraction(found[0].replace(",", ""))


def facts(html: str) -> dict[str, str]:
    return {bare(name): bare(value) for name, value in FACT.findall(html)}


def told(said: dict[str, str], words: str) -> str:
    (value,) = (value for name, value in said.items() if words in name)
    return value


@pytest.fixture
async def town(vote: Channels, database: Database) -> list[str]:
    """The demo's flats and its scheme in the place of the estate's; the numbers of five of them."""
    units = make_units(60, SEED)
    content = scheme_content(figures_for(units))
    await vote.sql.execute("DELETE FROM roll_unit WHERE box_id = $1", vote.box)
    await vote.sql.execute("DELETE FROM unit WHERE estate_id = $1", f"{vote.rid}.estate")
    await vote.sql.execute("ALTER TABLE scheme DISABLE TRIGGER USER")
    await vote.sql.execute(
        "UPDATE scheme SET content = $2::jsonb WHERE renovation_id = $1",
        *(vote.rid, content.model_dump_json()),
    )
    await vote.sql.execute("ALTER TABLE scheme ENABLE TRIGGER USER")
    rows = [
        Unit(
            id=f"{vote.rid}.{each.number}",
            estate_id=f"{vote.rid}.estate",
            number=each.number,
            building=each.building,
            entrance=each.entrance,
            floor=each.floor,
            kind="flat",
            area_dm2=each.area_dm2,
            owner_key=f"{vote.rid}.{each.number}",
            developer=False,
        )
        for each in units
    ]
    async with database.held() as session, session.begin():
        session.add_all(rows)
    await computed(database, vote.rid)
    return [units[place].number for place in FIVE]


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh-CN"])
async def test_five_homes_read_what_they_owe_and_count_it_again_from_the_page(
    vote: Channels, town: list[str], language: str
) -> None:
    gap, weight, weights, exact, own = (
        ("Left for", "Your home's measure", "homes together", "Exact part", "Your home's part")
        if language == "en"
        else ("其余由", "您家的计费基数", "合计的计费基数", "精确金额", "您家这一项")
    )
    for unit in town:
        home = Home(vote.http, await entered(vote, unit), language)
        page = (await home.get("/mine/share")).text
        big = re.search(r'<p class="big">(.*?)</p>', page)
        assert big is not None
        owed = int(number(bare(big[1])) * 100)
        cards = [(bare(title), facts(html)) for title, html in CARD.findall(page) if "<dl" in html]
        assert len(cards) >= 3, "every item of the scheme stands there"
        parts, exacts = 0, Fraction(0)
        for _, said in cards:
            share = (
                number(told(said, gap)) * number(told(said, weight)) / number(told(said, weights))
            )
            assert abs(share - number(told(said, exact))) < Fraction(1, 100)
            parts += int(number(told(said, own)) * 100)
            exacts += share * 100
        # Three factors of each item make its part, the parts make the sum, to less than a fen.
        assert parts == owed
        assert abs(exacts - owed) < 1
        kept = await vote.sql.fetchval(
            "SELECT amount_fen FROM share_total WHERE renovation_id = $1 AND unit_number = $2",
            *(vote.rid, unit),
        )
        assert owed == kept
