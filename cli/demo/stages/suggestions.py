"""A suggestion of the demo: signed by a fifth of the households, reviewed, and adopted as an item of the scheme."""

import hashlib

from cli.demo.driver import Driver
from cli.demo.town import people
from cli.words import said
from models.values.timetable import Timetable
from rules.feedback.suggestions import needed

SHEET = hashlib.sha256(b"demo: the sheet that the households have signed").hexdigest()
ITEM = "shelter"


async def suggest(driver: Driver) -> None:
    """The grid worker brings a sheet with enough names; the committee publishes and answers it."""
    enough = needed(len(driver.units), Timetable())
    made = await driver.post(
        "/suggestions/written-down",
        driver.client.official(people.GRID_WORKER.id),
        "suggestion",
        {
            "unit_numbers": [unit.number for unit in driver.units[:enough]],
            "theme": "车棚充电",
            "reason": "电动车在楼道充电，不安全。",
            "proposal": "在车棚安装充电桩。",
            "sheet_sha256": SHEET,
        },
    )
    name, committee = made.text("id"), driver.client.official(people.COMMITTEE.id)
    review = {"decision": "publish"}
    await driver.post(f"/suggestions/{name}/review", committee, "suggestion-review", {**review})
    await driver.post(
        "/suggestions/replies",
        committee,
        "suggestion-reply",
        {
            "suggestions": [name],
            "outcome": "adopted",
            "reason": "附议户数达到五分之一，已列入方案“车棚与充电桩”。",
            "item": ITEM,
        },
    )
    driver.say(said("demo.line.suggestion", households=str(enough)))
