"""docs/integrating.md is run as it stands, and a portal that was written from it alone does its work.

The service with its engine, its database and its senders is real, and so is every process that asks it.
"""

import asyncio
import json
import os
import re
import socket
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from runtime.database import Database
from service.app import create_app
from service.parts import Parts
from tests.support.journey import JourneyDriver
from tests.support.people import bearer, sign_in
from tests.support.votes.portal import encoded

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "integrating.md").read_text(encoding="utf-8")
PORTAL = Path(__file__).with_name("reference_portal.py")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ISSUER, ACTOR, KEEPER = "https://portal.example", "walk-portal", "walk-keeper"
Journey = Callable[..., Awaitable[JourneyDriver]]
pytestmark = pytest.mark.slow


class Step(NamedTuple):
    """A command of the page and what it says that it prints."""

    language: str
    text: str
    printed: str


def steps() -> Iterator[Step]:
    """The blocks that are run; one of Python that begins with a file's name is a file."""
    blocks = [(match[1], match[2]) for match in BLOCK.finditer(PAGE)]
    for (language, text), following in zip(blocks, [*blocks[1:], ("", "")], strict=True):
        if language != "text":
            yield Step(language, text, following[1] if following[0] == "text" else "")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


async def run(folder: Path, env: Mapping[str, str], *command: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 120)
    return process.returncode or 0, out.decode(), err.decode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the portal has: its private key. Its public one is where the operator looks."""
    path, key = tmp_path_factory.mktemp("portal"), Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (path / "portal.pem").write_bytes(pem)
    raw = encoded(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
    jwk = {"kty": "OKP", "crv": "Ed25519", "kid": "p1", "use": "sig", "x": raw}
    (path / "jwks.json").write_text(json.dumps({"keys": [jwk]}))
    return path


@pytest.fixture(scope="module")
async def service(parts: Parts, folder: Path) -> AsyncIterator[str]:
    """A process' worth of service on a port, beside the one of the module, to which the portal is connected."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    own = parts.settings.model_copy(
        update={
            "public_url": address,
            "portal_issuer": ISSUER,
            "portal_jwks": str(folder / "jwks.json"),
            "portal_actor": ACTOR,
            "webhooks_to_own_network": True,
            "person_key": parts.settings.person_key or parts.settings.credential_key,
        }
    )
    server = uvicorn.Server(uvicorn.Config(create_app(own), port=port, log_config=None))
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    yield address
    server.should_exit = True
    await running


@pytest.fixture
async def given(service: str, journey: Journey, database: Database, folder: Path) -> dict[str, str]:
    """A case whose vote is open, a home in it, and the key of a program: what the page says you need."""
    driver = await journey()
    await driver.until("ballots")
    while await driver.now() < (await driver.box())["opens_at"]:
        await driver.go_on()
    for actor, role in ((ACTOR, "city_portal"), (KEEPER, "street_office")):
        await sign_in(driver.db, actor)
        await driver.db.execute(
            "INSERT INTO role_grant (actor_id, label, role, place_id)"
            " SELECT $1::text, $1::text, $2::text, 's' WHERE NOT EXISTS"
            " (SELECT FROM role_grant WHERE actor_id = $1)",
            *(actor, role),
        )
    answer = await driver.http.post(
        "/v1/clients",
        json={
            "command_id": uuid.uuid4().hex,
            "client": f"walk-{uuid.uuid4().hex[:6]}",
            "actor": KEEPER,
            "scopes": ["feed", "opening", "voting"],
        },
        headers=bearer(KEEPER),
    )
    assert answer.is_success, answer.text
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {
        "PATH": path,
        "PYTHONPATH": f"{ROOT}:{folder}",
        "SERVICE": service,
        "KEY": answer.json()["key"],
        "ISSUER": ISSUER,
        "CASE": driver.rid,
        "UNIT": (await driver.units())[0],
        "HOOK": f"http://127.0.0.1:{free_port()}/hook",
    }


async def test_the_page_does_what_it_says(given: dict[str, str], folder: Path) -> None:
    done = 0
    for step in steps():
        named = re.match(r"# (\w+\.py)\n", step.text)
        if step.language == "python" and named:
            (folder / named[1]).write_text(step.text)
            continue
        command = ("bash", "-euo", "pipefail", "-c") if step.language == "sh" else ("python", "-c")
        status, out, err = await run(folder, given, *command, step.text)
        assert (status, out) == (0, step.printed), f"{step.text}\n{out}\n{err}"
        done += 1
    assert done == 8


async def test_a_portal_that_was_written_from_the_page_votes_and_follows_the_case(
    given: dict[str, str], folder: Path, database: Database
) -> None:
    imported = re.findall(r"^(?:from|import) (\w+)", PORTAL.read_text(), re.MULTILINE)
    assert not {"client", "cli", "models", "service", "runtime", "rules", "tests"} & set(imported)

    alone = {name: value for name, value in given.items() if name != "PYTHONPATH"}
    status, out, err = await run(folder, alone, "python", str(PORTAL))

    assert status == 0, err
    knows = json.loads(out)
    assert (knows["cast"], knows["same"], knows["opened"]) == ([201, 200], True, 201)
    assert knows["feed"] == knows["told"]
    kinds = [each["kind"] for each in knows["feed"]]
    assert {"voting.box_announced", "feedback.ticket_opened"} <= set(kinds)
    assert [each["seq"] for each in knows["feed"]] == list(range(1, 1 + len(kinds)))
