"""How far homes come from the letter to the ballot: numbers that go up, and nothing that says whose."""

from service.pages.steps import COOKIE as STEPS
from tests.service.pages.conftest import UNIT, a_letter
from tests.service.pages.test_flats import Phone
from tests.support.browser.desk import Desk
from tests.support.channels import Channels


async def steps(vote: Channels) -> dict[str, int]:
    rows = await vote.sql.fetch("SELECT * FROM vote_step WHERE renovation_id = $1", vote.rid)
    assert all(set(dict(row)) == {"renovation_id", "box_id", "step", "counted"} for row in rows)
    return {row["step"]: row["counted"] for row in rows}


async def test_a_step_is_counted_once_for_a_browser_and_no_home_stands_beside_it(
    vote: Channels,
) -> None:
    link, _ = await a_letter(vote)
    path = link.removeprefix("/v1")
    preview = await vote.http.get(path, headers={"accept": "*/*"})
    assert preview.status_code == 200
    assert await steps(vote) == {}
    phone, other = Phone(vote), Phone(vote)
    for _ in range(2):
        assert (await phone.get(path)).status_code == 200
    await other.get(path)
    assert await steps(vote) == {"opened": 2}
    await phone.enter(UNIT)
    for _ in range(2):
        assert (await phone.get("/mine/ballot")).status_code == 200
    assert await steps(vote) == {"opened": 2, "looked": 1}
    assert UNIT not in phone.cookies[STEPS]


async def test_the_committee_sees_where_homes_turn_back_and_no_small_number(
    vote: Channels,
) -> None:
    await vote.sql.execute(
        "INSERT INTO vote_step VALUES ($1, '', 'opened', 9), ($1, $2, 'looked', 4)",
        *(vote.rid, vote.box),
    )
    page = await Desk(vote.http, "residents").get(f"/office/cases/{vote.rid}/board")
    assert "Opened the page of the letter: 9" in page.text
    assert "Looked at the ballot: fewer than 5" in page.text
