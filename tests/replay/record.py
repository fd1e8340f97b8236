"""Record what `make test` replays: one history of every workflow type, fingerprints, names.

Run it as `make record` after a change of a workflow that is behind `workflow.patched`. Histories that
are there already stay, they stand for renovations under way; new ones are added beside them. With
`--pin-only` only the order of commands and the names are pinned: for calls that moved within a module
while every recorded history still replays.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
from temporalio.client import Client

from activities.registry import build_activities
from models.messages.ids import ticket_workflow_id
from models.messages.reconciling import Reconciliation
from models.values.actor import Role
from runtime.addresses import asyncpg_url
from runtime.database import Database
from runtime.local.postgres import EmbeddedPostgres
from runtime.migrate import upgrade
from tests.replay import guard
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


@asynccontextmanager
async def stage() -> AsyncIterator[play.JourneyDriver]:
    """A told case on real servers, for one recording."""
    with TemporaryDirectory() as folder:
        postgres = EmbeddedPostgres(Path(folder) / "postgres")
        urls = await asyncio.to_thread(postgres.start)
        await asyncio.to_thread(upgrade, urls.owner)
        database = Database(urls.app)
        owner = await asyncpg.connect(asyncpg_url(urls.owner))
        try:
            async with dev_server() as env, serving(env, database) as (parts, http):
                await make_renovation(database, rid=RID, told_at=OPENED_AT)
                yield play.JourneyDriver(parts, http, owner, RID)
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
    await driver.act(play.a.ReportItem, play.CONTRACTOR, item_id=item)
    if concealed:
        await play.inspect(driver, item, "PASS", kind="concealed")
    await play.inspect(driver, item, "FAIL")
    await driver.act(play.a.ReportRectified, play.CONTRACTOR, item_id=item)
    await play.inspect(driver, item, "PASS", who=play.OTHER_SUPERVISOR)
    ticket = await play.complain(driver)
    await driver.go_on()
    await driver.act(
        play.a.ResolveTicket, play.BUREAU, ticket_id=ticket, answer="a lamp was mounted"
    )
    resident = play.actor(Role.OWNER, "unit:1")
    await driver.act(play.a.ConfirmTicket, resident, ticket_id=ticket, satisfied=True)
    await driver.until("nothing")
    await driver.handle.result()


async def pay_but_one_later(driver: play.JourneyDriver) -> None:
    """Everybody pays the first instalment, and all but one home the others."""
    rows = await driver.db.fetch(
        "SELECT unit_number, sum(amount_fen)::bigint AS amount_fen FROM instalment WHERE renovation_id = $1"
        " AND (number = 1 OR unit_number <> $2) AND NOT EXISTS (SELECT FROM payment WHERE renovation_id = $1)"
        " GROUP BY unit_number",
        *(driver.rid, (await driver.units())[0]),
    )
    if rows:
        bank = await driver.official(play.BANK)
        await driver.told("/payments", bank, payments=[dict(row) for row in rows])


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


async def save(client: Client, ticket: str) -> None:
    """The newest history of each type, named after type and day."""
    folder = guard.HERE / "histories"
    folder.mkdir(exist_ok=True)
    ids = {workflow.__name__: "" for workflow in WORKFLOWS}
    ids["RenovationWorkflow"] = f"renovation/{RID}"
    history = await client.get_workflow_handle(ids["RenovationWorkflow"]).fetch_history()
    await _children(client, history.events, ids)
    ids["TicketWorkflow"], ids["ReconcileWorkflow"], ids["AnchorWorkflow"] = (
        ticket,
        RECONCILE,
        ANCHOR,
    )
    for name, workflow_id in ids.items():
        fetched = await client.get_workflow_handle(workflow_id).fetch_history()
        path = folder / f"{name}.{date.today().isoformat()}.json"  # noqa: DTZ011
        path.write_text(fetched.to_json() + "\n", encoding="utf-8")
        print(f"recorded {path.name}: {len(fetched.events)} events")


async def _children(client: Client, events: object, ids: dict[str, str]) -> None:
    for event in events:  # type: ignore[attr-defined]
        started = event.child_workflow_execution_started_event_attributes
        if started.workflow_execution.workflow_id:
            child = started.workflow_execution.workflow_id
            ids[started.workflow_type.name] = child
            history = await client.get_workflow_handle(child).fetch_history()
            await _children(client, history.events, ids)


async def main() -> None:
    async with stage() as driver:
        await carry(driver)
        await save(driver.client, await ticket_of(driver))
    pin()


def pin() -> None:
    """Pin the commands and the names as they are now."""
    database = Database("postgresql+asyncpg://nobody@127.0.0.1:1/none")
    names = guard.registered_names(WORKFLOWS, list(build_activities(database, BOX_KEYS)))
    pinned = {"commands": guard.fingerprints(), "names": names}
    guard.PINNED.write_text(json.dumps(pinned, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"pinned {guard.PINNED.name}")


if __name__ == "__main__":
    if sys.argv[1:] == ["--pin-only"]:
        pin()
    else:
        asyncio.run(main())
