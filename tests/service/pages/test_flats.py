"""Several flats of one owner on one phone, and what a home reads before the vote opens."""

from http.cookies import SimpleCookie

import httpx

from service.pages.flats import OTHERS
from service.pages.homes import COOKIE
from tests.service.pages.conftest import UNIT, Home, a_letter
from tests.support.channels import Channels

SECOND_FLAT, NEIGHBOUR = "1-102", "1-201"
OVER = 403
"""`access.session_over`."""


class Phone:
    """A browser without scripts that keeps its cookies."""

    def __init__(self, vote: Channels) -> None:
        self._vote, self.cookies = vote, dict[str, str]()

    def _heard(self, answer: httpx.Response) -> httpx.Response:
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = "" if morsel["max-age"] == "0" else morsel.value
        return answer

    def _headers(self) -> dict[str, str]:
        kept = "; ".join(f"{name}={value}" for name, value in self.cookies.items() if value)
        return {"accept": "text/html", "accept-language": "en", "cookie": kept}

    async def enter(self, unit: str) -> None:
        link, code = await a_letter(self._vote, unit)
        path = link.removeprefix("/v1")
        self._heard(await self._vote.http.post(path, data={"fact": code}, headers=self._headers()))

    async def get(self, path: str) -> httpx.Response:
        return self._heard(await self._vote.http.get(path, headers=self._headers()))

    async def send(self, path: str, **fields: str) -> httpx.Response:
        page = Home(self._vote.http, self.cookies[COOKIE])
        token = (await page.get("/mine")).text.partition('name="form_token" value="')[2]
        data = {"form_token": token.partition('"')[0], **fields}
        return self._heard(await self._vote.http.post(path, data=data, headers=self._headers()))


async def one_owner(vote: Channels) -> None:
    await vote.sql.execute(
        "UPDATE unit SET owner_key = (SELECT owner_key FROM unit WHERE number = $2 AND estate_id = $1)"
        " WHERE number = $3 AND estate_id = $1",
        *(f"{vote.rid}.estate", UNIT, SECOND_FLAT),
    )


async def test_the_flats_of_one_owner_stand_on_one_page_and_each_may_be_gone_on_with(
    vote: Channels,
) -> None:
    await one_owner(vote)
    phone = Phone(vote)
    await phone.enter(UNIT)
    assert "Your flats" not in (await phone.get("/mine")).text
    await phone.enter(SECOND_FLAT)
    both = (await phone.get("/mine")).text
    assert "Your flats" in both
    assert f"Go on with {UNIT}" in both
    assert "1 thing is asked there" in both
    await phone.send("/mine/homes", unit=UNIT)
    assert f"Go on with {SECOND_FLAT}" in (await phone.get("/mine")).text
    assert (await phone.send("/mine/homes", unit=NEIGHBOUR)).status_code == OVER
    gone = dict(phone.cookies)
    await phone.send("/mine/leave")
    assert not phone.cookies[COOKIE] + phone.cookies[OTHERS]
    for session in (gone[COOKIE], gone[OTHERS]):  # every session is over
        assert (await Home(vote.http, session).get("/mine")).status_code == OVER


async def test_whoever_helps_neighbours_with_one_phone_finds_nothing_of_the_home_before(
    vote: Channels,
) -> None:
    phone = Phone(vote)
    await phone.enter(UNIT)
    await phone.enter(NEIGHBOUR)
    assert not phone.cookies.get(OTHERS)
    page = (await phone.get("/mine")).text
    assert UNIT not in page
    # Nor where somebody puts the other session there by hand.
    other = Phone(vote)
    await other.enter(SECOND_FLAT)
    phone.cookies[OTHERS] = other.cookies[COOKIE]
    assert "Your flats" not in (await phone.get("/mine")).text
    assert (await phone.send("/mine/homes", unit=SECOND_FLAT)).status_code == OVER


async def test_before_the_vote_a_home_reads_with_what_it_is_on_the_roll_and_what_is_asked(
    vote: Channels,
) -> None:
    await vote.sql.execute(
        "UPDATE ballot_box SET opens_at = now() + interval '1 day' WHERE id = $1", vote.box
    )
    await vote.sql.execute(
        "INSERT INTO share_total VALUES ($1, 'estimate', $2, 123400)", vote.rid, UNIT
    )
    phone = Phone(vote)
    await phone.enter(UNIT)
    said = (await phone.get("/mine")).text
    assert "A vote is announced" in said
    assert "You will be asked" in said
    assert "on the roll with" in said
    assert "¥1,234.00" in said
    await vote.sql.execute(
        "UPDATE unit SET excluded_reason = 'illegal' WHERE number = $2 AND estate_id = $1",
        *(f"{vote.rid}.estate", UNIT),
    )
    assert "Your home has no vote" in (await phone.get("/mine")).text


async def test_the_estates_of_a_place_lead_to_their_renovations(vote: Channels) -> None:
    page = Phone(vote)
    top = (await page.get("/estates")).text
    assert 'href="?place=d"' in top
    here = (await page.get("/estates?place=d/s/c/g")).text
    assert f'href="/cases/{vote.rid}"' in here
    assert "Places</h2>" not in here
    assert (await page.get("/estates?place=d/x")).status_code == 404
