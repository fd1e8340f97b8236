"""A real election through the HTTP intake: every ballot of a Pabulib file as a sealed ballot of a box.

Each voter of the file is a unit of an invented estate; after the close the box is opened, and the
tally and the winners are compared with what the city published.
"""

import argparse
import json
import secrets
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import uvloop
from pydantic import SecretStr

from benchmarks.keys import KEY
from benchmarks.voting.__main__ import CONNECTIONS, RESULTS, serving, under_load
from benchmarks.voting.client import post
from benchmarks.voting.closing import close_s
from benchmarks.voting.estate import make_box
from formats.pabulib import Election, read_pabulib
from models.tables import BallotBox
from models.values.decisions.menu import Approval, MenuOutcome
from models.values.voting import Motion, MotionKind
from rules.menu import choice_of
from runtime.addresses import asyncpg_url
from runtime.database import Database
from runtime.local.postgres import EmbeddedPostgres, Urls
from runtime.migrate import upgrade
from tests.support.votes.tickets import unit_ticket


async def main(file: Path) -> None:
    """Run it, print and write the figures."""
    election = read_pabulib(file.read_bytes(), file.name)
    with tempfile.TemporaryDirectory(prefix="gongjian-bench-") as directory:
        postgres = EmbeddedPostgres(Path(directory))
        urls = postgres.start()
        try:
            upgrade(urls.owner)
            figures = await held(urls, election)
        finally:
            postgres.stop()
    figures = {"file": file.name, **figures}
    print(json.dumps(figures, indent=1))
    name = f"election-{datetime.now(UTC):%Y-%m-%dT%H%M}.json"
    (RESULTS / name).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(f"written: benchmarks/results/{name}")


async def held(urls: Urls, election: Election) -> dict[str, object]:
    """Hold the election: figures of the intake, of the close, and whether the results agree."""
    owner = await asyncpg.connect(asyncpg_url(urls.owner))
    database = Database(urls.app)
    rid = f"r{secrets.token_hex(5)}"
    # As the city chose: among all works, whatever their support.
    motion = Motion(
        id="m",
        title="Works",
        kind=MotionKind.ORDINARY,
        menu=election.menu,
        approval=Approval.WHOLE,
    )
    try:
        ballots = list(election.ballots)
        box = await make_box(database, owner, rid, len(ballots), [motion.model_dump(mode="json")])
        async with serving(urls) as server:
            requests = requests_of(rid, election)
            figures = await under_load([server], requests)
        seconds, counted = await close_s(database, box)
        outcome = await outcome_of(database, box)
    finally:
        await database.dispose()
        await owner.close()
    published = election.published_tally()
    return {
        "ballots": len(ballots),
        "connections": CONNECTIONS,
        "intake": figures,
        "close_s": round(seconds, 2),
        "counted": counted,
        "tally_is_the_published_one": outcome.tally == published,
        "winners_are_the_published_ones": set(outcome.winners) == election.published_winners(),
        "winners": list(outcome.winners),
    }


def requests_of(rid: str, election: Election) -> list[bytes]:
    """Every ballot of the file as a request, each with its own credential."""
    key, path = SecretStr(KEY), f"/v1/renovations/{rid}/ballots"
    requests = []
    for number, ballot in enumerate(election.ballots):
        unit = f"{number:07d}"
        body = {
            "command_id": f"e-{unit}",
            "unit_number": unit,
            "choices": {"m": choice_of(election.menu, ballot)},
        }
        bearer = f"Authorization: Bearer {unit_ticket(key, rid, unit)}\r\n"
        requests.append(post(path, json.dumps(body).encode(), bearer))
    return requests


async def outcome_of(database: Database, box_id: str) -> MenuOutcome:
    async with database.session() as session:
        box = await session.get_one(BallotBox, box_id)
    return MenuOutcome.model_validate(box.tally["m"]["menu"])  # type: ignore[index, call-overload]


if __name__ == "__main__":
    default = Path("../shared/data/pabulib/poland_wroclaw_2020_.pb")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="?", default=default)
    begun = time.perf_counter()
    uvloop.run(main(parser.parse_args().file))
    print(f"{time.perf_counter() - begun:.0f} s in all")
