"""The bans of the sandbox hold in our own modules too, which a worker passes through it."""

from pathlib import Path

import pytest

from runtime.engine.workers import PASSED_THROUGH
from tests.support.bans import banned_in, modules_under

ROOT = Path(__file__).resolve().parents[2]
NOT_OF_A_WORKFLOW = ("proof/verifier/", "models/migrations/", "models/tables/")
"""The verifier of a bundle reads files and is called by nobody here; rows are for activities."""
READ = {"rules", "formats", "proof", "models", "workflows"}
MODULES = [
    str(path.relative_to(ROOT))
    for path in modules_under(*(ROOT / room for room in sorted(READ)))
    if not str(path.relative_to(ROOT)).startswith(NOT_OF_A_WORKFLOW)
]
LOOKED_AT = {*READ, "activities"}
FOREIGN = {"cryptography", "pydantic", "structlog"}
BAD = {
    "from datetime import datetime\nx = datetime.now": "datetime.datetime.now gives another answer",
    "import datetime as d\nx = d.datetime.utcnow()": "datetime.datetime.utcnow",
    "from datetime import date as day\nx = day.today()": "datetime.date.today",
    "import time\nx = time.time()": "time.time",
    "from time import monotonic\nx = monotonic()": "time.monotonic",
    "import random\nx = random.choice([1])": "random.choice",
    "from random import shuffle\nshuffle([])": "random.shuffle",
    "import secrets\nx = secrets.token_hex()": "secrets.token_hex",
    "from uuid import uuid4\nx = uuid4()": "uuid.uuid4",
    "import os\nx = os.environ['A']": "os.environ",
    "from os import getenv\nx = getenv('A')": "os.getenv",
    "from pathlib import Path\nx = Path.cwd()": "pathlib.Path.cwd",
    "x = open('a').read()": "open gives another answer",
    "x = input()": "input",
    "import asyncio\nx = asyncio.wait([])": "asyncio.wait",
    "import socket\nx = 1": "socket is not for a workflow",
    "from threading import Lock": "threading is not for a workflow",
    "n = 0\ndef f():\n    global n\n    n += 1": "`global n` shares a value between workflows",
}
GOOD = (
    "from datetime import datetime\ndef f(now: datetime) -> datetime:\n    return now",
    "from temporalio import workflow\nx = workflow.now()",
    "from random import Random\nx = Random(7).choice([1])",
    "from datetime import datetime\nx = datetime.fromisoformat('2026-05-12')",
    "class A:\n    def open(self):\n        return self.open()",
    "import asyncio\nx = asyncio.Lock()",
)


def test_every_module_of_ours_that_is_passed_through_is_looked_at() -> None:
    passed = set(PASSED_THROUGH) - FOREIGN
    assert passed <= LOOKED_AT, f"nothing holds the sandbox's bans in {sorted(passed - LOOKED_AT)}"


@pytest.mark.parametrize("name", MODULES)
def test_no_module_does_what_a_workflow_must_not_do(name: str) -> None:
    # An activity may do it all; a workflow may name its methods, and call none.
    own = ("activities",) if name.startswith("workflows/") else ()
    found = banned_in((ROOT / name).read_text(encoding="utf-8"), name, own=own)
    assert not found, "\n".join(found)


@pytest.mark.parametrize(("source", "said"), BAD.items())
def test_what_a_workflow_must_not_do_is_told_with_its_line(source: str, said: str) -> None:
    found = banned_in(source, "rules/sample.py")
    assert len(found) == 1, found
    assert said in found[0]
    assert found[0].startswith("rules/sample.py:")


@pytest.mark.parametrize("source", GOOD)
def test_what_a_workflow_may_do_is_let_be(source: str) -> None:
    assert banned_in(source, "rules/sample.py") == []


def test_a_workflow_that_calls_an_activity_itself_is_told() -> None:
    source = "from activities.voting.box import Ballots\nx = Ballots.close_box(1)\n"
    (found,) = banned_in(source, "workflows/sample.py", own=("activities",))
    assert "activities.voting.box.Ballots.close_box is called here" in found
    assert not banned_in(source.replace("(1)", ""), "workflows/sample.py", own=("activities",))
