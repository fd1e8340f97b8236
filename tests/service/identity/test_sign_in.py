"""Signing in, and whoever tries to get in without being asked."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx
import pyotp
import pytest
from argon2 import PasswordHasher
from pydantic import SecretStr
from structlog.testing import capture_logs

from runtime.database import Database
from runtime.settings import Settings
from service.http.credentials import keyed_hash
from service.identity.browser import COOKIE
from service.identity.invitations import Invited, invite
from service.identity.passwords import HASHER
from tests.service.conftest import KEY
from tests.support.channels import code
from tests.support.people import bearer, sign_in, token_of

PASSWORD = "correct horse battery"
Make = Callable[..., Awaitable[str]]
ACT = "/v1/renovations/{}/acts/open_vote"
ORIGIN = "http://127.0.0.1:8000"


@pytest.fixture
async def invited(database: Database) -> Callable[..., Awaitable[str]]:
    async def make(actor_id: str, only_case: str | None = None) -> str:
        who = Invited(actor_id=actor_id, name=f"{actor_id} by name", only_case=only_case)
        return await database.transaction(lambda session: invite(session, who, "operator", 7))

    return make


async def took_up(http: httpx.AsyncClient, token: str, **body: object) -> httpx.Response:
    return await http.post(f"/v1/invitations/{token}", json={"password": PASSWORD, **body})


def totp_of(answer: httpx.Response) -> pyotp.TOTP:
    return pyotp.TOTP(parse_qs(urlsplit(answer.json()["totp_uri"]).query)["secret"][0])


async def signing_in(
    http: httpx.AsyncClient, name: str, totp: pyotp.TOTP, **body: object
) -> httpx.Response:
    given = {"name": name, "password": PASSWORD, "code": totp.now(), **body}
    return await http.post("/v1/sign-in", json=given)


async def unused_step(sql: asyncpg.Connection, name: str) -> None:
    """As if the last code had been used long ago: the test need not wait for the next one."""
    await sql.execute("UPDATE private.account SET totp_step = 0 WHERE name = $1", name)


async def test_opening_the_link_of_an_invitation_uses_nothing_up(http, sql, invited) -> None:
    token = await invited("previewed")
    before = await sql.fetch("SELECT * FROM private.invitation")
    for _ in range(3):
        seen = await http.get(f"/v1/invitations/{token}")
        assert seen.json() == {
            "actor_id": "previewed",
            "name": "previewed by name",
            "only_case": None,
            "expires_at": seen.json()["expires_at"],
            "needs_password": True,
        }
        assert (await http.head(f"/v1/invitations/{token}")).status_code == 200
    assert await sql.fetch("SELECT * FROM private.invitation") == before
    assert (await took_up(http, token)).is_success


async def test_an_invitation_is_taken_up_once_however_many_try_at_once(http, sql, invited) -> None:
    token = await invited("once")
    answers = await asyncio.gather(*(took_up(http, token) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert code(await http.get(f"/v1/invitations/{token}")) == (409, "invitation.used")
    sessions = (
        "SELECT count(*) FROM private.session s JOIN private.account a ON a.id = s.account_id"
    )
    assert await sql.fetchval(f"{sessions} WHERE a.actor_id = 'once'") == 1


async def test_an_invitation_ends_by_time_and_by_the_next_one(http, sql, invited) -> None:
    first, second = await invited("twice"), await invited("twice")
    assert code(await took_up(http, first)) == (409, "invitation.expired")
    await sql.execute("UPDATE private.invitation SET expires_at = now() WHERE used_at IS NULL")
    assert code(await took_up(http, second)) == (409, "invitation.expired")


async def test_guessed_links_and_tokens_open_nothing(http, renovation: Make) -> None:
    guessed = f"i1.{'A' * 43}"
    assert code(await http.get(f"/v1/invitations/{guessed}")) == (404, "invitation.unknown")
    assert code(await took_up(http, guessed)) == (404, "invitation.unknown")
    rid = await renovation()
    for token in (f"s1.{'A' * 43}", "s1.", "x", "s1." + "é" * 9, guessed):
        answer = await http.get(
            "/v1/session", headers={b"Authorization": f"Bearer {token}".encode()}
        )
        assert code(answer) == (401, "credential.wrong")
    # What gave officials a way in before: an HMAC that never ends, of which the key made any.
    message = b"".join(
        len(each).to_bytes(4, "big") + each for each in (b"gongjian/credential/actor", b"committee")
    )
    mac = keyed_hash(SecretStr(KEY), message)
    forged = f"v1.{_b64(b'committee')}.{_b64(mac)}"
    answer = await http.post(
        ACT.format(rid), json={"command_id": "c1"}, headers={"Authorization": f"Bearer {forged}"}
    )
    assert code(answer) == (401, "credential.wrong")


def _b64(data: bytes) -> str:
    import base64

    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


async def test_a_person_needs_a_password_and_signs_in_with_it_and_the_code(
    http, sql, invited
) -> None:
    token = await invited("wang")
    bare = await http.post(f"/v1/invitations/{token}", json={})
    assert code(bare) == (422, "invitation.password_needed")
    made = await took_up(http, token)
    assert made.json()["name"] == "wang"
    await unused_step(sql, "wang")
    seen = totp_of(made).now()
    begun = await signing_in(http, "wang", totp_of(made), code=seen)
    assert begun.is_success, begun.text
    mine = await http.get(
        "/v1/session", headers={"Authorization": f"Bearer {begun.json()['token']}"}
    )
    assert (mine.json()["actor_id"], mine.json()["way"]) == ("wang", "password")
    # The code was used: whoever looked over the shoulder cannot use it again.
    again = await signing_in(http, "wang", totp_of(made), code=seen)
    assert code(again) == (403, "sign_in.wrong")


async def test_nothing_tells_which_of_name_password_and_code_was_wrong(http, sql, invited) -> None:
    made = await took_up(http, await invited("li"))
    right = totp_of(made)
    wrong = f"{(int(right.now()) + 1) % 1_000_000:06}"
    answers = [
        await signing_in(http, "nobody", right),
        await signing_in(http, "li", right, password="another password"),
        await signing_in(http, "li", right, code=wrong),
    ]
    assert len({answer.text for answer in answers}) == 1
    assert code(answers[0]) == (403, "sign_in.wrong")


async def test_guesses_close_the_credential_they_are_about_and_no_neighbours(
    http, sql, invited
) -> None:
    guessed, neighbour = (
        await took_up(http, await invited("zhao")),
        await took_up(http, await invited("qian")),
    )
    await unused_step(sql, "zhao")
    tries = [signing_in(http, "zhao", totp_of(guessed), password=f"guess {n:08}") for n in range(9)]
    answers = await asyncio.gather(*tries)
    assert sorted(code(answer)[1] for answer in answers) == [
        *["sign_in.locked"] * 4,
        *["sign_in.wrong"] * 5,
    ]
    assert code(await signing_in(http, "zhao", totp_of(guessed))) == (429, "sign_in.locked")
    # Their running session goes on, and who sits beside them at the same address signs in.
    running = {"Authorization": f"Bearer {guessed.json()['token']}"}
    assert (await http.get("/v1/session", headers=running)).is_success
    await unused_step(sql, "qian")
    assert (await signing_in(http, "qian", totp_of(neighbour))).is_success
    await sql.execute("UPDATE private.lock_out SET until = now()")
    assert (await signing_in(http, "zhao", totp_of(guessed))).is_success
    assert await sql.fetchval("SELECT count(*) FROM private.lock_out WHERE failures > 5") == 0


async def test_of_a_flood_of_tries_few_wait_and_who_is_sent_away_has_not_tried(
    http, sql, invited, monkeypatch
) -> None:
    monkeypatch.setattr("service.identity.passwords.MOST_WAITING", 3)
    flooded = await took_up(http, await invited("sun"))
    await unused_step(sql, "sun")
    tries = [signing_in(http, f"nobody-{n}", totp_of(flooded)) for n in range(12)]
    counted = "SELECT count(*) FROM private.lock_out"
    before = await sql.fetchval(counted)
    told = [code(answer)[1] for answer in await asyncio.gather(*tries)]
    assert sorted(told) == [*["service.busy"] * 9, *["sign_in.wrong"] * 3]
    assert await sql.fetchval(counted) == before + 3
    assert (await signing_in(http, "sun", totp_of(flooded))).is_success


async def test_a_name_that_is_nobodys_is_closed_like_anybodys_and_forgotten_after_a_day(
    http, sql, invited
) -> None:
    """Whoever tries names finds out by no pause which of them are accounts."""
    made = await took_up(http, await invited("chen"))
    said = {
        name: [
            await signing_in(http, name, totp_of(made), password=f"guess {n:08}") for n in range(7)
        ]
        for name in ("chen", "no-chen")
    }
    told = {name: [code(answer) for answer in answers] for name, answers in said.items()}
    assert told["chen"] == told["no-chen"]
    assert told["chen"] == [(403, "sign_in.wrong")] * 5 + [(429, "sign_in.locked")] * 2
    # What was typed as a name may be a password: no row has it.
    rows = await sql.fetch("SELECT credential FROM private.lock_out")
    assert not [row for row in rows if "chen" in row["credential"]]
    await sql.execute("UPDATE private.lock_out SET until = now() - interval '25 hours'")
    await signing_in(http, "somebody-else", totp_of(made))
    assert await sql.fetchval("SELECT count(*) FROM private.lock_out") == 1


async def test_a_session_ends_by_time_by_signing_out_and_with_its_account(http, sql) -> None:
    token = await sign_in(sql, "short", "left", "gone")
    assert token == token_of("gone")
    hashed = hashlib.sha256(token_of("short").encode()).hexdigest()
    await sql.execute("UPDATE private.session SET expires_at = now() WHERE id = $1", hashed)
    assert code(await http.get("/v1/session", headers=bearer("short"))) == (
        401,
        "credential.expired",
    )
    assert (await http.post("/v1/sign-out", headers=bearer("left"))).is_success
    assert code(await http.get("/v1/session", headers=bearer("left"))) == (401, "credential.ended")
    await sql.execute("UPDATE private.account SET closed_at = now() WHERE id = 'gone'")
    assert code(await http.get("/v1/session", headers=bearer("gone"))) == (401, "credential.ended")


async def test_new_secrets_end_every_session_of_before(http, sql, invited) -> None:
    stolen = (await took_up(http, await invited("sun"))).json()["token"]
    again = await took_up(http, await invited("sun"))
    assert again.is_success
    answer = await http.get("/v1/session", headers={"Authorization": f"Bearer {stolen}"})
    assert code(answer) == (401, "credential.ended")


async def test_no_table_holds_a_token_a_password_or_the_secret_of_a_code(
    http, sql, invited
) -> None:
    link = await invited("zhou")
    made = await took_up(http, link)
    texts = [
        row["t"]
        for table in ("account", "session", "invitation", "person")
        for row in await sql.fetch(f"SELECT t::text FROM private.{table} t")
    ]
    secret = totp_of(made).secret
    stored = "\n".join(texts)
    assert "zhou" in stored
    for each in (link, made.json()["token"], PASSWORD, secret, secret.encode().hex()):
        assert each not in stored


async def test_a_player_of_a_told_case_acts_in_that_case_only(
    http, sql, invited, renovation: Make
) -> None:
    case, other = await renovation(), await renovation()
    made = await http.post(f"/v1/invitations/{await invited('mayor', case)}", json={})
    assert (made.json()["name"], made.json()["only_case"]) == (f"{case}/mayor", case)
    player = {"Authorization": f"Bearer {made.json()['token']}"}
    # A real person of the same name holds a role over both; the player is not that person.
    await sql.execute(
        "INSERT INTO role_grant (actor_id, label, role, place_id)"
        " VALUES ('mayor', 'mayor', 'district_bureau', 'd')"
    )
    body = {"command_id": "c1", "reason": "because"}
    answer = await http.post(
        f"/v1/renovations/{other}/acts/cancel_renovation", json=body, headers=player
    )
    assert code(answer) == (403, "credential.other_case")
    grants = "/v1/renovations/{}/objections"
    said = {"command_id": "c2", "publication_id": "p", "text": "no"}
    answer = await http.post(grants.format(other), json=said, headers=player)
    assert code(answer) == (403, "credential.other_case")


async def in_browser(http: httpx.AsyncClient, sql, invited, name: str) -> httpx.Response:
    made = await took_up(http, await invited(name), cookie=True)
    assert made.is_success, made.text
    return made


async def test_a_browsers_session_is_a_cookie_that_no_page_reads(http, sql, invited) -> None:
    made = await in_browser(http, sql, invited, "wu")
    assert made.json()["token"] == ""
    (cookie,) = made.headers.get_list("set-cookie")
    name, *rest = cookie.split("; ")
    assert name.startswith(f"{COOKIE}=s1.")
    assert {each.lower() for each in rest} == {
        "httponly",
        "secure",
        "path=/",
        "samesite=lax",
        "max-age=43200",
    }


def cookie_of(answer: httpx.Response) -> str:
    return answer.headers["set-cookie"].partition("=")[2].partition(";")[0]


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({}, "credential.form_token"),
        ({"X-Form-Token": "guessed"}, "credential.form_token"),
        ({"Sec-Fetch-Site": "cross-site"}, "credential.foreign_page"),
        ({"Sec-Fetch-Site": "same-site"}, "credential.foreign_page"),
        ({"Origin": "https://evil.example"}, "credential.foreign_page"),
        ({"Origin": "null"}, "credential.foreign_page"),
    ],
)
async def test_a_page_of_somebody_else_does_nothing_in_a_browsers_session(
    http, sql, invited, renovation: Make, headers: dict[str, str], refused: str
) -> None:
    rid = await renovation()
    made = await in_browser(http, sql, invited, f"zheng-{len(headers)}-{refused[-4:]}")
    cookie = {"Cookie": f"{COOKIE}={cookie_of(made)}"}
    form = {"X-Form-Token": made.json()["form_token"]} if "foreign" in refused else {}
    for path in (ACT.format(rid), f"/v1/renovations/{rid}/objections", "/v1/sign-out"):
        body = {"command_id": "c1", "publication_id": "p", "text": "no"}
        answer = await http.post(path, json=body, headers={**cookie, **form, **headers})
        assert code(answer) == (403, refused), path
    ours = {"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN}
    ours["X-Form-Token"] = made.json()["form_token"]
    answer = await http.post("/v1/sign-out", headers={**cookie, **ours})
    assert answer.is_success, answer.text


async def test_a_cookie_that_was_there_before_is_not_the_session_after(http, sql, invited) -> None:
    """Session fixation: somebody puts the own cookie into the victim's browser, and waits."""
    planted = cookie_of(await in_browser(http, sql, invited, "attacker"))
    answer = await http.post(
        f"/v1/invitations/{await invited('victim')}",
        json={"password": PASSWORD, "cookie": True},
        headers={"Cookie": f"{COOKIE}={planted}"},
    )
    assert cookie_of(answer) != planted
    left = await http.get("/v1/session", headers={"Cookie": f"{COOKIE}={planted}"})
    assert code(left) == (401, "credential.ended")


async def test_a_foreign_page_signs_nobody_in_to_an_account_of_its_own(http, invited) -> None:
    answer = await http.post(
        f"/v1/invitations/{await invited('lured')}",
        json={"password": PASSWORD, "cookie": True},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert code(answer) == (403, "credential.foreign_page")


async def test_failed_tries_are_in_the_log_and_nothing_that_was_typed(http, sql, invited) -> None:
    made = await took_up(http, await invited("feng"))
    with capture_logs() as lines:
        await signing_in(http, "feng", totp_of(made), password="a typed secret")
        await signing_in(http, "my password as a name", totp_of(made))
    said = repr(lines)
    assert said.count("sign_in_refused") == 2
    assert "typed secret" not in said
    assert "as a name" not in said


async def test_under_another_key_no_code_fits(http, sql, invited, settings: Settings) -> None:
    from service.identity.passwords import opened, sealed

    key, other = SecretStr("0f" * 32), SecretStr("1f" * 32)
    assert opened(key, sealed(key, "SECRET")) == "SECRET"
    assert opened(other, sealed(key, "SECRET")) is None


async def test_a_password_hashed_with_other_parameters_is_hashed_anew_once_it_fits(
    http, sql, invited
) -> None:
    totp = totp_of(await took_up(http, await invited("rehashed")))
    old = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=2).hash(PASSWORD)
    await sql.execute(
        "UPDATE private.account SET password = $1, totp_step = 0 WHERE name = 'rehashed'", old
    )
    wrong = await signing_in(http, "rehashed", totp, password="another horse battery")
    assert code(wrong) == (403, "sign_in.wrong")
    stored = "SELECT password FROM private.account WHERE name = 'rehashed'"
    assert await sql.fetchval(stored) == old
    # Nor by a wrong code: the time that it takes would say that the password was right.
    assert code(await signing_in(http, "rehashed", pyotp.TOTP(pyotp.random_base32()))) == (
        403,
        "sign_in.wrong",
    )
    assert await sql.fetchval(stored) == old
    assert (await signing_in(http, "rehashed", totp)).is_success
    anew = await sql.fetchval(stored)
    assert anew != old
    assert not HASHER.check_needs_rehash(anew)
    await unused_step(sql, "rehashed")
    assert (await signing_in(http, "rehashed", totp)).is_success
    assert await sql.fetchval(stored) == anew
