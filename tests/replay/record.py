"""Record what `make test` replays: histories of every workflow type and way, fingerprints, names.

Run it as `make record` after a change of a workflow that is behind `workflow.patched`. Histories that
are there already stay, they stand for renovations under way; new ones are added beside them. With names
of `paths.WAYS`, `make record WAYS="rested joined"`, only those are recorded. With `--pin-only` only the
order of commands and the names are pinned: for calls that moved within a module while every recorded
history still replays.
"""

import argparse
import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from itertools import chain, count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
import httpx
from temporalio.client import Client, WorkflowHistory

from activities.registry import build_activities
from models.messages import acts as a
from models.messages.ids import ticket_workflow_id
from models.messages.reconciling import Reconciliation
from models.values.actor import Role
from runtime.addresses import asyncpg_url
from runtime.database import Database
from runtime.local.postgres import EmbeddedPostgres
from runtime.migrate import upgrade
from service.parts import Parts
from tests.replay import guard
from tests.replay.paths import WAYS, Way, pay_but_one_later
from tests.support import journey as play
from tests.support.box import BOX_KEYS
from tests.support.estate import make_renovation
from tests.support.processes.servers import dev_server
from tests.support.processes.serving import serving
from workflows.reconcile import AnchorWorkflow, ReconcileWorkflow
from workflows.registry import WORKFLOWS

RID = "recorded"
RECONCILE, ANCHOR = "reconcile", "anchor"
OPENED_AT = datetime(2025, 3, 3, 1, tzinfo=UTC)
ORDINARY = "ordinary"
"""The name of the way that is recorded of every type of workflow."""


class Stage:
    """Real servers, on which one told case after the other is carried."""

    def __init__(self, parts: Parts, http: httpx.AsyncClient, owner: asyncpg.Connection) -> None:
        self._parts, self._http, self._owner = parts, http, owner

    async def case(self, rid: str, options: Mapping[str, Any]) -> play.JourneyDriver:
        made = {"told_at": OPENED_AT, **options}
        await make_renovation(self._parts.database, rid=rid, **made)
        return play.JourneyDriver(self._parts, self._http, self._owner, rid)


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """The servers, for one recording."""
    with TemporaryDirectory() as folder:
        postgres = EmbeddedPostgres(Path(folder) / "postgres")
        urls = await asyncio.to_thread(postgres.start)
        await asyncio.to_thread(upgrade, urls.owner)
        database = Database(urls.app)
        owner = await asyncpg.connect(asyncpg_url(urls.owner))
        try:
            async with dev_server() as env, serving(env, database) as (parts, http):
                yield Stage(parts, http, owner)
        finally:
            await owner.close()
            await database.dispose()
            await asyncio.to_thread(postgres.stop)


async def carry(driver: play.JourneyDriver) -> None:
    """A journey with a complaint and a failed inspection on the way, and a home that pays no later instalment."""
    driver.on("payments", pay_but_one_later)
    await driver.start()
    await driver.until("works")
    await compare(driver)
    item, concealed = (await play.planned(driver))[0]
    await driver.act(a.ReportItem, play.CONTRACTOR, item_id=item)
    if concealed:
        await play.inspect(driver, item, "PASS", kind="concealed")
    await play.inspect(driver, item, "FAIL")
    await driver.act(a.ReportRectified, play.CONTRACTOR, item_id=item)
    await play.inspect(driver, item, "PASS", who=play.OTHER_SUPERVISOR)
    ticket = await play.complain(driver)
    await driver.go_on()
    await driver.act(a.ResolveTicket, play.BUREAU, ticket_id=ticket, answer="a lamp was mounted")
    resident = play.actor(Role.OWNER, "unit:1")
    await driver.act(a.ConfirmTicket, resident, ticket_id=ticket, satisfied=True)
    await driver.until("nothing")
    await driver.handle.result()


async def ticket_of(driver: play.JourneyDriver) -> str:
    ticket = await driver.value("SELECT id FROM ticket WHERE renovation_id=$1")
    return ticket_workflow_id(RID, str(ticket))


async def compare(driver: play.JourneyDriver) -> None:
    """A comparison of record and engine that finds nothing to do, and the daily anchor."""
    await driver.client.execute_workflow(AnchorWorkflow.run, id=ANCHOR, task_queue=driver.queue)
    await driver.client.execute_workflow(
        ReconcileWorkflow.run,
        Reconciliation(everything=True),
        id=RECONCILE,
        task_queue=driver.queue,
    )


async def save_ordinary(driver: play.JourneyDriver) -> None:
    """The last history of each type."""
    of = dict(await runs_below(driver.client, f"renovation/{driver.rid}"))
    of |= {"ReconcileWorkflow": RECONCILE, "AnchorWorkflow": ANCHOR}
    of["TicketWorkflow"] = await ticket_of(driver)
    assert of.keys() == {workflow.__name__ for workflow in WORKFLOWS}, sorted(of)
    for name, workflow_id in of.items():
        await save(driver.client, name, workflow_id)


async def save_way(driver: play.JourneyDriver, way: Way) -> None:
    """Of each type that is kept of a way the longest history, and others that take a step that no longer one takes."""
    found = await runs_below(driver.client, f"renovation/{driver.rid}")
    tickets = await driver.db.fetch("SELECT id FROM ticket WHERE renovation_id=$1", driver.rid)
    found += [("TicketWorkflow", ticket_workflow_id(driver.rid, row["id"])) for row in tickets]
    for name in sorted(way.kept):
        ids = [each for kind, each in found if kind == name]
        fetched = [await driver.client.get_workflow_handle(each).fetch_history() for each in ids]
        taken: set[str] = set()
        for history in sorted(fetched, key=lambda each: len(each.events), reverse=True):
            if steps_of(history) - taken:
                write(history, name, f"-{way.name}")
                taken |= steps_of(history)


def steps_of(history: WorkflowHistory) -> set[str]:
    """The names of the activities and updates of a history."""
    scheduled = (each.activity_task_scheduled_event_attributes for each in history.events)
    accepted = (each.workflow_execution_update_accepted_event_attributes for each in history.events)
    names = {each.activity_type.name for each in scheduled}
    return (names | {each.accepted_request.input.name for each in accepted}) - {""}


async def save(client: Client, name: str, workflow_id: str) -> None:
    """The history of a workflow of the ordinary way."""
    write(await client.get_workflow_handle(workflow_id).fetch_history(), name)


def write(history: WorkflowHistory, name: str, of: str = "") -> None:
    """A file that is named after type and day, and after the way where it is not the ordinary one."""
    folder = guard.HERE / "histories"
    folder.mkdir(exist_ok=True)
    path = free(folder, f"{name}.{date.today().isoformat()}{of}")  # noqa: DTZ011
    # Where the code lay when a step failed is nothing that a replay asks for.
    text = re.sub(r'"stackTrace": "(?:[^"\\]|\\.)*"', '"stackTrace": ""', history.to_json())
    path.write_text(text + "\n", encoding="utf-8")
    print(f"recorded {path.name}: {len(history.events)} events")


def free(folder: Path, name: str) -> Path:
    """The first file of this name that is not there: what was recorded stays."""
    numbered = (f"{name}-{number}" for number in count(2))
    return next(
        path for each in chain((name,), numbered) if not (path := folder / f"{each}.json").exists()
    )


async def runs_below(client: Client, workflow_id: str) -> list[tuple[str, str]]:
    """Type and id of a workflow and of all that it has started, the last run of each id."""
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    found = [
        (
            history.events[0].workflow_execution_started_event_attributes.workflow_type.name,
            workflow_id,
        )
    ]
    for event in history.events:
        started = event.child_workflow_execution_started_event_attributes
        if started.workflow_execution.workflow_id:
            found += await runs_below(client, started.workflow_execution.workflow_id)
    return found


async def main(names: Iterable[str]) -> None:
    async with stage() as playing:
        if ORDINARY in names:
            driver = await playing.case(RID, {})
            await carry(driver)
            await save_ordinary(driver)
        for way in WAYS:
            if way.name in names:
                driver = await playing.case(f"{RID}-{way.name}", way.options)
                await driver.start()
                await way.carry(driver)
                await save_way(driver, way)
    pin()


def pin() -> None:
    """Pin the commands and the names as they are now."""
    database = Database("postgresql+asyncpg://nobody@127.0.0.1:1/none")
    names = guard.registered_names(WORKFLOWS, list(build_activities(database, BOX_KEYS)))
    pinned = {"commands": guard.fingerprints(), "names": names}
    guard.PINNED.write_text(json.dumps(pinned, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"pinned {guard.PINNED.name}")


def asked() -> argparse.Namespace:
    """What to record."""
    every = (ORDINARY, *(way.name for way in WAYS))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "ways", nargs="*", metavar="WAY", help=f"any of {', '.join(every)}; else all"
    )
    parser.add_argument("--pin-only", action="store_true", help="record nothing")
    given = parser.parse_args()
    if unknown := [each for each in given.ways if each not in every]:
        parser.error(f"there is no way {', '.join(unknown)}; there are {', '.join(every)}")
    given.ways = given.ways or every
    return given


if __name__ == "__main__":
    given = asked()
    if given.pin_only:
        pin()
    else:
        asyncio.run(main(given.ways))
