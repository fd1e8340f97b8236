"""Passkeys in a real browser, on a name with HTTPS, and whoever tries to get in with one that does not hold."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, expect
from structlog.testing import capture_logs

from models.values.refusal import Refused
from runtime.database import Database
from runtime.settings import Settings
from service.identity.browsers.entering import goes_back
from service.identity.browsers.party import RelyingParty, party_at
from service.identity.invitations import Invited, invite
from tests.support.browser.chromium import Authenticator, with_authenticator
from tests.support.browser.site import NAME, Site, served, site_for_browsers
from tests.support.channels import code
from tests.support.people import bearer, sign_in
from tests.support.providers.strict import CLIENT, PASSWORD, strict_provider

WITHOUT_VERIFYING = """async (options) => {
  const credential = await navigator.credentials.get({ publicKey: {
    rpId: options.rp_id, challenge: toBytes(options.challenge), userVerification: "discouraged" } });
  return { id: credential.id, client_data: toText(credential.response.clientDataJSON),
    authenticator_data: toText(credential.response.authenticatorData),
    signature: toText(credential.response.signature) };
}"""


@pytest.fixture(scope="module")
async def site(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    folder = tmp_path_factory.mktemp("tls")
    async with strict_provider() as provider:
        fields = {
            "oidc_issuer": provider.issuer,
            "oidc_client_id": CLIENT,
            "oidc_client_secret": PASSWORD,
        }
        own = Settings.model_validate({**settings.model_dump(), **fields})
        async with site_for_browsers(own, folder) as found:
            yield found


@pytest.fixture
async def page(site: Site) -> AsyncIterator[Page]:
    context = await site.browser.new_context(locale="en-US")
    yield await context.new_page()
    await context.close()


@pytest.fixture
async def api(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """Programs that ask the same service, without a browser's rules."""
    async with httpx.AsyncClient(
        base_url=site.address.replace(NAME, "127.0.0.1"), verify=False
    ) as client:
        yield client


async def invited(database: Database, actor_id: str) -> str:
    who = Invited(actor_id=actor_id, name=f"{actor_id} by name")
    return await database.transaction(lambda session: invite(session, who, "operator", 7))


async def registered(
    page: Page, site: Site | Settings, database: Database, actor_id: str
) -> Authenticator:
    """A person whose device has made a passkey from the link of an invitation."""
    key = await with_authenticator(page)
    await page.goto(f"{site.address}/v1/invitations/{await invited(database, actor_id)}")
    await expect(page.locator("#invited-name")).to_have_text(f"{actor_id} by name")
    await page.fill("#new-label", f"phone of {actor_id}")
    await page.click("#accept")
    await expect(page.locator("#who")).to_have_text(actor_id)
    return key


async def signed(page: Page, asked: dict[str, Any], how: str = "(o) => signed(o)") -> Any:
    """What the browser's passkey signs for this challenge."""
    return await page.evaluate(how, asked)


async def challenge(api: httpx.AsyncClient) -> dict[str, Any]:
    answer = await api.post("/v1/sign-in/passkey-challenges")
    assert answer.status_code == 201, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def shown(api: httpx.AsyncClient, asked: dict[str, Any], passkey: Any) -> httpx.Response:
    body = {"attempt": asked["attempt"], "passkey": passkey}
    return await api.post("/v1/sign-in/passkey", json=body)


async def test_a_person_registers_and_signs_in_with_a_browser_and_from_there_at_a_terminal(
    page, site, database, api, sql
) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    await registered(page, site, database, "wang")
    assert await page.evaluate("location.href") == f"{site.address}/sign-in"
    await expect(page.locator("#keys li")).to_have_count(1)
    await page.click("#out")
    await expect(page.locator("#told")).to_have_text("Signed out.")
    await page.click("#use")
    await expect(page.locator("#keys li")).to_contain_text("phone of wang – last used")
    await page.reload()
    await expect(page.locator("#who")).to_have_text("wang")
    await page.click("#code")
    await expect(page.locator("#terminal-code")).to_contain_text("t1.")
    given = {"code": await page.inner_text("#terminal-code")}
    begun = await api.post("/v1/sign-in/terminal", json=given)
    assert (begun.json()["actor_id"], begun.json()["way"]) == ("wang", "passkey")
    again = await api.post("/v1/sign-in/terminal", json=given)
    assert code(again) == (403, "sign_in.attempt_unknown")
    row = await sql.fetchrow(
        "SELECT p.sign_count, p.last_used_at FROM private.passkey p JOIN private.account a"
        " ON a.id = p.account_id WHERE a.actor_id = 'wang'"
    )
    assert row["sign_count"] > 0
    assert row["last_used_at"] is not None
    # Nothing of the page was stopped by its policy; that nobody was signed in at first is a 401.
    assert not [each for each in said if "401" not in each], said


async def test_on_plain_localhost_it_works_too(page, settings, database) -> None:
    async with served(settings, "http", "localhost") as here:
        await registered(page, here, database, "han")
        await page.click("#out")
        await page.click("#use")
        await expect(page.locator("#who")).to_have_text("han")
        await page.context.close()


async def test_an_invited_person_comes_in_by_the_provider_and_goes_to_a_terminal(
    page, site, database, api
) -> None:
    await page.goto(f"{site.address}/v1/invitations/{await invited(database, 'shen')}")
    await page.click("#by-provider")
    await expect(page.locator("#who")).to_have_text("shen")
    await page.click("#add")
    await expect(page.locator("#told")).to_contain_text("at its provider")
    await page.click("#code")
    await expect(page.locator("#terminal-code")).to_contain_text("t1.")
    given = {"code": await page.inner_text("#terminal-code")}
    begun = (await api.post("/v1/sign-in/terminal", json=given)).json()
    assert (begun["actor_id"], begun["way"]) == ("shen", "oidc")


async def test_the_page_speaks_chinese_to_whoever_reads_it(site) -> None:
    context = await site.browser.new_context(locale="zh-CN")
    page = await context.new_page()
    await page.goto(f"{site.address}/sign-in")
    await expect(page.locator("#use")).to_have_text("用通行密钥登录")
    assert await page.get_attribute("html", "lang") == "zh-CN"
    await context.close()


async def test_what_was_signed_once_opens_once_and_for_its_own_challenge(
    page, site, database, api
) -> None:
    await registered(page, site, database, "li")
    asked = await challenge(api)
    passkey = await signed(page, asked)
    assert (await shown(api, asked, passkey)).is_success
    assert code(await shown(api, asked, passkey)) == (403, "sign_in.attempt_unknown")
    assert code(await shown(api, await challenge(api), passkey)) == (403, "passkey.refused")
    late = await challenge(api)
    passkey = await signed(page, late)
    other = {**passkey, "signature": passkey["client_data"]}
    assert code(await shown(api, late, other)) == (403, "passkey.refused")
    # A wrong answer used the challenge up.
    assert code(await shown(api, late, passkey)) == (403, "sign_in.attempt_unknown")


async def test_a_challenge_ends_by_time(page, site, database, api, sql) -> None:
    await registered(page, site, database, "late")
    asked = await challenge(api)
    passkey = await signed(page, asked)
    await sql.execute("UPDATE private.sign_in_attempt SET expires_at = now()")
    assert code(await shown(api, asked, passkey)) == (403, "sign_in.attempt_unknown")


async def test_a_page_of_somebody_else_below_our_name_gets_nothing_with_our_passkey(
    page, site, database, api
) -> None:
    """Browsers let it ask for our passkeys: only the origin in what is signed tells it apart."""
    await registered(page, site, database, "zhao")
    await page.goto(f"{site.neighbour}/sign-in")
    asked = await challenge(api)
    passkey = await signed(page, asked)
    with capture_logs() as lines:
        assert code(await shown(api, asked, passkey)) == (403, "passkey.refused")
    assert {"log_level": "warning", "event": "passkey_refused", "reason": "InvalidAuthenticationResponse"} in lines  # fmt: skip


async def test_a_device_that_did_not_verify_its_user_opens_nothing(
    page, site, database, api
) -> None:
    key = await registered(page, site, database, "qian")
    await key.verifies(its_user=False)
    asked = await challenge(api)
    passkey = await signed(page, asked, WITHOUT_VERIFYING)
    assert code(await shown(api, asked, passkey)) == (403, "passkey.refused")


async def test_a_copy_of_a_passkey_is_found_by_its_count(page, site, database, api) -> None:
    key = await registered(page, site, database, "sun")
    for _ in range(3):
        asked = await challenge(api)
        assert (await shown(api, asked, await signed(page, asked))).is_success
    await key.take_back(1)
    asked = await challenge(api)
    with capture_logs() as lines:
        answer = await shown(api, asked, await signed(page, asked))
    assert code(answer) == (403, "passkey.copied")
    assert any(each.get("reason") == "sign_count" for each in lines)


async def test_several_passkeys_of_an_account_one_removed_and_the_last_one_kept(
    page, site, database, api
) -> None:
    first = await registered(page, site, database, "zhou")
    asked = await challenge(api)
    lost = await signed(page, asked)
    elsewhere = (await shown(api, asked, lost)).json()["token"]
    await page.click("#keys button")
    await expect(page.locator("#told")).to_contain_text("the only way into your account")
    # The same device makes no second one.
    await page.click("#add")
    await expect(page.locator("#told")).to_contain_text("No passkey was used")
    await first.put_aside()
    await page.fill("#more-label", "key in the safe")
    await page.click("#add")
    await expect(page.locator("#keys li")).to_have_count(2)
    await page.click("#keys li:first-child button")
    await expect(page.locator("#keys li")).to_have_count(1)
    await expect(page.locator("#keys li")).to_contain_text("key in the safe")
    asked = await challenge(api)
    answer = await shown(api, asked, lost)
    assert code(answer) == (404, "passkey.unknown")
    header = {"Authorization": f"Bearer {elsewhere}"}
    assert code(await api.get("/v1/session", headers=header)) == (401, "credential.ended")


async def test_who_lost_the_device_is_invited_anew_and_what_was_lost_opens_nothing(
    page, site, database, api
) -> None:
    await registered(page, site, database, "wu")
    asked = await challenge(api)
    lost = await signed(page, asked)
    again = await invited(database, "wu")
    # Looking, and asking for a challenge, uses nothing up.
    assert (await api.post(f"/v1/invitations/{again}/passkey-challenges")).is_success
    taken = await api.post(f"/v1/invitations/{again}", json={"password": "correct horse battery"})
    assert taken.is_success
    assert code(await shown(api, asked, lost)) == (404, "passkey.unknown")
    await page.reload()
    await expect(page.locator("#use")).to_be_visible()  # the browser was signed out too


async def test_a_passkey_is_added_by_its_own_account_and_soon_after_a_sign_in(
    page, site, database, api, sql
) -> None:
    await registered(page, site, database, "zheng")
    await sign_in(sql, "feng", "chu")
    asked = await api.post("/v1/passkey-challenges", headers=bearer("feng"))
    body = {"attempt": asked.json()["attempt"], "label": "x", "passkey": await page.evaluate("(o) => made(o)", asked.json())}  # fmt: skip
    planted = await api.post("/v1/passkeys", json=body, headers=bearer("chu"))
    assert code(planted) == (403, "sign_in.attempt_unknown")
    await sql.execute(
        "UPDATE private.session SET created_at = now() - interval '16 minutes' WHERE account_id = 'feng'"
    )
    late = await api.post("/v1/passkey-challenges", headers=bearer("feng"))
    assert code(late) == (403, "passkey.sign_in_again")
    # A terminal's session is as old as the browser's, from which it came.
    given = (await api.post("/v1/session/terminal-codes", headers=bearer("feng"))).json()
    begun = (await api.post("/v1/sign-in/terminal", json={"code": given["code"]})).json()
    late = await api.post(
        "/v1/passkey-challenges", headers={"Authorization": f"Bearer {begun['token']}"}
    )
    assert code(late) == (403, "passkey.sign_in_again")
    await sql.execute("UPDATE private.account SET issuer = 'i', subject = 's' WHERE id = 'chu'")
    provided = await api.post("/v1/passkey-challenges", headers=bearer("chu"))
    assert code(provided) == (403, "passkey.of_provider")


async def test_an_invitation_taken_up_with_a_challenge_of_another_opens_nothing(
    page, site, database, api
) -> None:
    await with_authenticator(page)
    await page.goto(f"{site.address}/sign-in")
    mine, theirs = await invited(database, "chen"), await invited(database, "wei")
    asked = (await api.post(f"/v1/invitations/{mine}/passkey-challenges")).json()
    body = {"attempt": asked["attempt"], "label": "x", "passkey": await page.evaluate("(o) => made(o)", asked)}  # fmt: skip
    answer = await api.post(f"/v1/invitations/{theirs}/passkeys", json=body)
    assert code(answer) == (403, "sign_in.attempt_unknown")
    assert (await api.get(f"/v1/invitations/{theirs}")).is_success


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8000", "https://10.0.0.1", "https://[::1]:8000", "http://a.example"]
)  # fmt: skip
async def test_an_address_without_a_name_or_without_https_has_no_passkeys(address: str) -> None:
    with pytest.raises(Refused, match=r"passkey\.no_name"):
        party_at(address)


def test_the_party_is_the_configured_address() -> None:
    assert party_at("https://Vote.example.org") == RelyingParty(
        id="vote.example.org", origin="https://vote.example.org"
    )
    assert party_at("http://localhost:8000").id == "localhost"


@pytest.mark.parametrize(
    ("before", "now", "copied"),
    [(0, 0, False), (0, 1, False), (1, 2, False), (2, 2, True), (2, 1, True), (2, 0, True)],
)
def test_a_count_goes_on_or_is_not_kept(before: int, now: int, copied: bool) -> None:
    assert goes_back(before, now) is copied


async def test_on_this_machines_number_it_says_what_is_missing(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/sign-in/passkey-challenges")
    assert code(answer) == (404, "passkey.no_name")
    assert "HTTPS" in answer.json()["detail"]
