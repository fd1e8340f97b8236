"""Temporal's own UI, opened on a case as an administrator opens it: behind the proxy, with the codec on.

What is asserted is the visible text; the pictures are in build/pages.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote

import asyncpg
import pytest
import uvicorn
from playwright.async_api import Page
from pydantic import SecretStr
from temporalio.client import WorkflowHandle

from models.messages.ids import renovation_workflow_id
from models.messages.journey import Journey, JourneyOutcome
from models.tables import Renovation
from runtime.database import Database
from runtime.engine.starting import start_renovation
from runtime.local.ports import free_port
from service.app import create_app
from service.identity.browser import COOKIE
from tests.support.browser.chromium import chromium
from tests.support.estate import make_renovation
from tests.support.journey import JourneyDriver
from tests.support.people import sign_in, token_of
from tests.support.processes.proxy import NAME, behind_proxy
from tests.support.processes.servers import dev_server
from tests.support.processes.serving import serving, settings_for
from tests.workflows.conftest import OPENED_AT
from workflows.renovation import RenovationWorkflow
from workflows.search_attributes import PLACE
from workflows.search_attributes import TITLE as TITLE_KEY

pytestmark = pytest.mark.slow
ADMIN, CODEC_KEY = "ui-admin", "c0" * 32
OUT = Path(__file__).resolve().parents[2] / "build" / "pages"
TITLE = "梅园新村屋面和楼道改造"
PATIENCE_MS = 60_000


class StartedAsTheProductDoes(JourneyDriver):
    """With the title and the attributes that a case has whose opening started it."""

    async def begin_workflow(self) -> WorkflowHandle[RenovationWorkflow, JourneyOutcome]:
        async with self.parts.database.session() as session:
            row = await session.get_one(Renovation, self.rid)
        given = Journey(renovation_id=self.rid, clock="told", gateway_public=self.gateway_public)
        assert await start_renovation(self.client, self.queue, row, given)
        return self.client.get_workflow_handle_for(
            RenovationWorkflow.run, renovation_workflow_id(self.rid)
        )


class Shown(NamedTuple):
    """A case under way, and a page of the browser of an administrator who is signed in."""

    j: JourneyDriver
    page: Page
    address: str

    async def open(self, workflow_id: str, view: str, *awaited: str) -> str:
        """The visible text of a view of the latest run of a workflow, once these words are in it."""
        run = (await self.j.client.get_workflow_handle(workflow_id).describe()).run_id
        where = f"/temporal/namespaces/default/workflows/{quote(workflow_id, safe='')}/{run}/{view}"
        return await self.look(where, *awaited)

    async def look(self, where: str, *awaited: str) -> str:
        await self.page.goto(f"{self.address}{where}")
        for word in awaited:
            await self.page.get_by_text(word).first.wait_for(timeout=PATIENCE_MS)
        return await self.page.locator("body").inner_text()

    async def found(self, title: str, awaited: str) -> str:
        """The visible text of the list of workflows of this title."""
        query = quote(f'{TITLE_KEY.name}="{title}"')
        return await self.look(f"/temporal/namespaces/default/workflows?query={query}", awaited)

    async def tab(self, name: str, awaited: str) -> str:
        """The visible text of another tab of the workflow that is open."""
        await self.to(name)
        await self.page.get_by_text(awaited).first.wait_for(timeout=PATIENCE_MS)
        return await self.page.locator("body").inner_text()

    async def to(self, name: str) -> None:
        """Another tab of the workflow that is open."""
        await self.page.get_by_role("tab", name=name).first.click()

    async def handed_to_be_shown(self, words: str) -> None:
        """The page has these words for a frame that sets them as Markdown.

        The frame itself stays empty in this version of the UI (2.54.1) where it has a path of its own.
        """
        async with asyncio.timeout(PATIENCE_MS / 1000):
            while not any(words in unquote(frame.url) for frame in self.page.frames):
                await asyncio.sleep(0.1)

    async def picture(self, name: str) -> None:
        OUT.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=OUT / f"engine-ui-{name}.png", full_page=True)


@pytest.fixture(scope="module")
async def shown(
    database: Database, owner: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Shown]:
    folder = tmp_path_factory.mktemp("proxy")
    ui, https = free_port(set()), free_port(set())
    address = f"https://{NAME}:{https}"
    codec = ("--ui-public-path", "/temporal", "--ui-codec-endpoint", f"{address}/v1/engine/codec")
    async with dev_server(ui_port=ui, more=(*codec, "--ui-disable-news-fetch")) as env:
        settings = settings_for(env, database).model_copy(
            update={"codec_key": SecretStr(CODEC_KEY), "public_url": address}
        )
        sql = await asyncpg.connect(owner)
        async with serving(env, database, given=settings) as (parts, http):
            rid = f"r{uuid.uuid4().hex[:12]}"
            await make_renovation(database, rid=rid, told_at=OPENED_AT)
            await sql.execute("UPDATE renovation SET title = $2 WHERE id = $1", rid, TITLE)
            await sign_in(sql, ADMIN)
            await sql.execute(
                "INSERT INTO role_grant (actor_id, label, role)"
                " VALUES ($1::text, '管理员', 'administrator')",
                ADMIN,
            )
            j = StartedAsTheProductDoes(parts, http, sql, rid)
            await j.start()
            await j.until("record_evaluation")
            server = uvicorn.Server(uvicorn.Config(create_app(settings), port=0, log_config=None))
            running = asyncio.create_task(server.serve())
            while not server.started:
                await asyncio.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            with behind_proxy(folder, https, port, ui) as shown_as:
                async with chromium(shown_as, NAME) as browser:
                    context = await browser.new_context(viewport={"width": 1400, "height": 1000})
                    await context.add_cookies(
                        [{"name": COOKIE, "value": token_of(ADMIN), "url": address, "secure": True}]
                    )
                    yield Shown(j, await context.new_page(), address)
            server.should_exit = True
            await running
        await sql.close()


async def test_the_list_is_found_by_the_title_of_the_case_its_children_too(shown: Shown) -> None:
    case = renovation_workflow_id(shown.j.rid)
    text = await shown.found(TITLE, case)
    await shown.picture("list")
    for part in ("voting/1", "cost_sharing/2", "bidding/3", "publication/"):
        assert f"{case}/{part}" in text
    assert case not in await shown.found("another", "No Workflows")


async def test_the_history_of_a_case_says_in_sentences_what_was_done(shown: Shown) -> None:
    case = renovation_workflow_id(shown.j.rid)
    text = await shown.open(case, "history", TITLE)
    await shown.picture("history")
    assert f'"renovation_id": "{shown.j.rid}"' in text  # the input, which the engine keeps sealed
    assert text.count("The procedure: renovation, stage entered") >= 3
    for stage in ("voting, attempt 1", "cost sharing", "bidding"):
        assert stage in text
    text = await shown.open(case, "timeline", "stage entered")
    await shown.picture("timeline")
    assert "Renovations.enter_stage • The procedure: renovation, stage entered" in text
    for stage in ("voting, attempt 1", "cost sharing", "bidding"):
        assert stage in text


async def test_a_stage_says_who_acted_and_what_it_waits_for(shown: Shown) -> None:
    stage = f"{renovation_workflow_id(shown.j.rid)}/bidding/3"
    text = await shown.open(stage, "history", "bids opened")
    await shown.picture("stage")
    assert "street office: bidding, tender published" in text
    assert "The procedure: bidding, bids opened" in text
    await shown.to("User Metadata")
    for words in ("the committee's report", "bidding"):
        await shown.handed_to_be_shown(words)
    text = await shown.tab("Search Attributes", TITLE)
    await shown.picture("attributes")
    for key, value in ((TITLE_KEY, TITLE), (PLACE, "d/s/c/g")):
        assert key.name in text
        assert value in text
