"""A resident with a letter and a phone: the code, the ballot, the receipt, in a real browser."""

from playwright.async_api import Page, ViewportSize, expect

from tests.service.pages.conftest import a_letter
from tests.support.browser.site import Site
from tests.support.channels import Channels, official

COMMITTEE, SECOND = official("committee"), official("committee2")
UNIT = "1-101"
PHONE: ViewportSize = {"width": 360, "height": 740}


async def test_a_resident_votes_with_the_letter_and_gets_a_receipt(
    vote: Channels, site: Site, phone: Page
) -> None:
    link, told = await a_letter(vote)
    await phone.goto(f"{site.address}{link}")
    await phone.get_by_label("验证码").fill("00000000")
    await phone.get_by_role("button", name="进入").click()
    await expect(phone.get_by_role("alert")).to_be_visible()
    assert (await phone.title()).startswith("有误")
    await phone.get_by_label("验证码").fill(told)
    await phone.get_by_role("button", name="进入").click()
    await phone.get_by_role("link", name="填写选票").click()

    await phone.get_by_role("button", name="核对选票").click()
    await expect(phone.get_by_role("alert")).to_contain_text("请至少回答一个事项")
    await phone.get_by_label("不同意").check()
    await phone.get_by_role("button", name="核对选票").click()
    await expect(phone.locator("dd")).to_have_text("不同意")
    await phone.get_by_role("button", name="修改").click()
    await expect(phone.get_by_label("不同意")).to_be_checked()
    await phone.get_by_label("同意", exact=True).check()
    await phone.get_by_role("button", name="核对选票").click()
    await phone.get_by_role("button", name="提交选票").click()

    code = await phone.locator(".code").inner_text()
    assert await vote.sql.fetchval("SELECT count(*) FROM ballot WHERE box_id=$1", vote.box) == 1
    found = (await vote.http.get(f"/v1/renovations/{vote.rid}/ballots/{code}")).json()
    assert found["state"] == "taken"
    await phone.reload()  # the form is sent once more: the same ballot, the same receipt
    assert await phone.locator(".code").inner_text() == code
    assert await vote.sql.fetchval("SELECT count(*) FROM ballot WHERE box_id=$1", vote.box) == 1
    await phone.get_by_role("link", name="我的票计入了吗").click()
    await expect(phone.get_by_text("已在票箱中")).to_be_visible()
