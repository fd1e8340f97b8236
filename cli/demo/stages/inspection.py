"""The works of the demo: eight pieces, of which one fails, is put right and inspected by another."""

from cli.demo.driver import Driver, Reaction
from cli.demo.stages.feedback import complain
from cli.demo.town import figures, people
from cli.demo.town.people import DemoOfficial
from cli.demo.town.scheme import WORKS, Work
from cli.words import said
from service.views import RenovationView

SECTIONS_DAYS = (30, 35, 40, 25)
"""The works are done two pieces at a time; so long each section takes before it is reported."""
CONCEALED_NOTICE_DAYS = 3
"""Concealed works are looked at 48 hours after the contractor's notice, or later."""
FAILING = "facade-north"
RECTIFIED_DAYS = 4
"""Defects are put right within the seven days that the order gives."""
ACCEPTANCE_DAYS = 7
"""The completion acceptance is posted a week before."""


async def build(driver: Driver, _view: RenovationView) -> None:
    """Section after section is built, reported and inspected; a resident complains in between."""
    contractor = people.official(figures.winner(driver.seed, driver.figures))
    each = len(WORKS) // len(SECTIONS_DAYS)
    for section, days in enumerate(SECTIONS_DAYS):
        await driver.days(days)
        await _section(driver, WORKS[section * each : (section + 1) * each], contractor)
        if section == 0:
            # Before anything has failed: no rectification is due while the complaint climbs.
            await complain(driver)


async def accept(driver: Driver, _view: RenovationView) -> None:
    """The chief supervising engineer signs the completion acceptance."""
    await driver.days(ACCEPTANCE_DAYS)
    await driver.act("accept_works", people.CHIEF_SUPERVISOR, "accept")
    driver.say(said("demo.line.accepted"))


async def release_money(driver: Driver, _view: RenovationView) -> None:
    """The committee releases the money, less the two omissions and the retention."""
    omissions = driver.figures.omissions
    omitted = sum(omission.credit_fen for omission in omissions)
    note = "；".join(
        f"{omission.title} {omission.credit_fen // figures.YUAN:,} 元" for omission in omissions
    )
    await driver.act(
        "approve_payment", people.COMMITTEE, "payment", omissions_fen=omitted, note=note
    )
    driver.say(said("demo.line.released", yuan=f"{omitted // figures.YUAN:,}"))


async def _section(driver: Driver, works: tuple[Work, ...], contractor: DemoOfficial) -> None:
    for work in works:
        await driver.act("report_item", contractor, f"{work.id}-report", item_id=work.id)
    if any(work.concealed for work in works):
        await driver.days(CONCEALED_NOTICE_DAYS)
    for work in works:
        if work.concealed:
            await _record(driver, work, people.SUPERVISOR, "concealed", fails=False)
        await _record(driver, work, people.SUPERVISOR, "inspect", fails=work.id == FAILING)
    driver.say(said("demo.line.inspected", works=", ".join(work.id for work in works)))
    for work in works:
        if work.id == FAILING:
            await _put_right(driver, work, contractor)


async def _put_right(driver: Driver, work: Work, contractor: DemoOfficial) -> None:
    """In time, and inspected again by somebody else."""
    driver.say(said("demo.line.failed", work=work.id))
    await driver.days(RECTIFIED_DAYS)
    await driver.act("report_rectified", contractor, f"{work.id}-rectified", item_id=work.id)
    await _record(driver, work, people.SECOND_SUPERVISOR, "again", fails=False)
    driver.say(said("demo.line.put_right", work=work.id))


async def _record(driver: Driver, work: Work, who: DemoOfficial, step: str, *, fails: bool) -> None:
    await driver.act(
        "record_inspection",
        who,
        f"{work.id}-{step}",
        item_id=work.id,
        kind="concealed" if step == "concealed" else "stage",
        outcome="FAIL" if fails else "PASS",
        defects=["一号楼北侧五层外墙空鼓"] if fails else [],
    )


REACTIONS: dict[str, Reaction] = {
    "works": build,
    "accept_works": accept,
    "approve_payment": release_money,
}
