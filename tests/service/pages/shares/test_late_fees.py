"""The late fee (rules 2.5) is told before the vote with the scheme, to the home with its factors, to everybody in sums."""

import pytest

from models.values.cost_sharing import LateFeeTerms
from runtime.database import Database
from tests.service.pages.conftest import PHONE, UNIT, Home, entered, keep_picture, let_in
from tests.support.browser.site import Site
from tests.support.channels import Channels
from tests.support.estate import scheme_content
from tests.support.money import computed

SAID = {
    "en": ("for each month begun", "No more", "reached the bank on 2026-05-02", "in time"),
    "zh-CN": ("每开始一个月按", "", "2026-05-02 到账", "按时到账"),
}
SUMS = {"en": ("Late fees of 1 home", "few"), "zh-CN": ("1 户的滞纳金", "")}
FEE_YUAN = "7.32"


async def late_here(vote: Channels, database: Database) -> None:
    """A case whose scheme has a fee of 1 %; a home has paid 365.41 yuan in the second month, and a fen in time."""
    content = scheme_content().model_copy(
        update={"late_fee": LateFeeTerms(permille_a_month=10, most_months=12)}
    )
    await vote.sql.execute("ALTER TABLE scheme DISABLE TRIGGER USER")
    await vote.sql.execute(
        "UPDATE scheme SET content = $2::jsonb WHERE renovation_id = $1",
        *(vote.rid, content.model_dump_json()),
    )
    await vote.sql.execute("ALTER TABLE scheme ENABLE TRIGGER USER")
    await computed(database, vote.rid)
    for name, day, fen, months in (("late", "05-02", 36_541, 2), ("last", "03-31", 1, 0)):
        await vote.sql.execute(
            "INSERT INTO payment VALUES ($1 || $2, $1, $1 || $2, $3, $4, 'owner', now())",
            *(vote.rid, name, UNIT, fen),
        )
        await vote.sql.execute(
            "INSERT INTO late_fee (payment_id, number, renovation_id, unit_number, counts_from, paid_on, base_fen,"
            " permille, months, amount_fen) VALUES ($1 || $2, 1, $1, $3, '2026-04-01Z', $4::text::date, $5::int, 10, $6::int,"
            " ($5::int * 10 + 999) / 1000 * $6::int)",
            *(vote.rid, name, UNIT, f"2026-{day}", fen, months),
        )


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh-CN"])
async def test_a_late_fee_is_told_with_the_scheme_to_the_home_and_in_sums(
    vote: Channels, database: Database, language: str
) -> None:
    await late_here(vote, database)
    rate, _, late, in_time = SAID[language]
    own = Home(vote.http, await entered(vote, UNIT), language)
    page = (await own.get("/mine/share")).text
    assert late in page
    assert in_time in page
    assert FEE_YUAN in page
    assert (await own.get("/mine/share.pdf")).content.startswith(b"%PDF")
    asking = {"accept-language": language, "accept": "text/html"}
    scheme = await vote.http.get(f"/cases/{vote.rid}/scheme", headers=asking)
    assert rate in scheme.text
    assert "12" in scheme.text
    money = await vote.http.get(f"/cases/{vote.rid}/money", headers=asking)
    assert SUMS[language][0] in money.text
    assert FEE_YUAN not in money.text, "of so few homes the sum would say who"
    (told,) = (await vote.http.get(f"/v1/renovations/{vote.rid}/schemes")).json()
    assert told["late_fee"] == {"permille_a_month": 10, "most_months": 12}


@pytest.mark.slow  # a browser
async def test_the_phone_still_proves_the_share_beside_a_late_fee(
    vote: Channels, site: Site, database: Database
) -> None:
    await late_here(vote, database)
    context = await site.browser.new_context(locale="zh-CN", viewport=PHONE)
    await let_in(context, site, await entered(vote, UNIT))
    page = await context.new_page()
    await page.goto(f"{site.address}/mine/share")
    await page.locator("#share[data-done=true]").wait_for()
    assert await page.locator("#share li.no").count() == 0
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    await keep_picture(page, "late-fee")
    await page.goto(f"{site.address}/cases/{vote.rid}/scheme")
    await keep_picture(page, "late-fee-scheme")
    await context.close()
