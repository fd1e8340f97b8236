"""`gongjian vote cast`, `opinion`, `attend`, `object`, `consent`: what owners say on the command line."""

import asyncio
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from cli.main import app
from models.values.refusal import Refused
from runtime.database import Database
from tests.support.box import open_box
from tests.support.channels import KEY, OFFICIALS, grant_roles
from tests.support.estate import make_renovation, scheme_content
from tests.support.processes.commands import printed
from tests.support.votes.tickets import unit_ticket

RUNNER = CliRunner()
Run = Callable[..., Result]
UNIT = "1-101"


@pytest.fixture
def run(service: str, signed_in_here: Callable[..., None]) -> Run:
    signed_in_here(*(actor_id for actor_id, _ in OFFICIALS), service=service)
    asked = {"cast", "opinion", "object", "consent", "withdraw-consent"}

    def run(*words: str, **more: Any) -> Result:
        where = ["--service", service] if words[0] in asked else []
        return RUNNER.invoke(app, ["vote", *words, *where, "--json"], **more)

    return run


@pytest.fixture
async def vote(database: Database, owner: str, tmp_path: Path) -> tuple[str, str, str]:
    """A renovation whose roof takes part of the unit, its open box, and the file of the unit's credential."""
    content = scheme_content()
    roof = content.works[0].model_copy(update={"occupies": (UNIT,)})
    content = content.model_copy(update={"works": (roof, *content.works[1:])})
    name = f"r{uuid.uuid4().hex[:10]}"
    rid = await make_renovation(database, rid=name, content=content)
    sql = await asyncpg.connect(owner)
    try:
        await grant_roles(sql)
        box = await open_box(sql, rid)
    finally:
        await sql.close()
    await database.dispose()
    file = tmp_path / "unit.txt"
    file.write_text(unit_ticket(SecretStr(KEY), rid, UNIT) + "\n", encoding="utf-8")
    return rid, box, str(file)


async def in_thread(run: Run, *words: str, **more: object) -> Result:
    return await asyncio.to_thread(run, *words, **more)


async def test_an_owner_of_several_units_is_told_that_one_ballot_replaces_the_other(
    run: Run, vote: tuple[str, str, str], owner: str, database: Database, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    rid, box, file = vote
    sql = await asyncpg.connect(owner)
    both = (
        "UPDATE roll_entry SET units = ARRAY['1-101', '1-102'] WHERE box_id=$1 AND entry_id='1-101'"
    )
    await sql.execute(both, box)
    await sql.execute(
        "UPDATE roll_unit SET entry_id='1-101' WHERE box_id=$1 AND unit_number='1-102'", box
    )
    await sql.close()
    other = tmp_path / "other.txt"
    other.write_text(unit_ticket(SecretStr(KEY), rid, "1-102") + "\n", encoding="utf-8")
    words = ("cast", rid, "--choice", "works=yes", "--credential")
    first = await in_thread(run, *words, str(other))
    assert "counts for all your units together (1-101, 1-102)" in first.stderr
    assert "replaces the one" not in first.stderr
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    second = await in_thread(run, *words, file)
    assert second.exit_code == 0, second.output
    assert "本票将替换此前以 1-102 投出的选票" in second.stderr


def code_of(result: Result) -> str:
    assert isinstance(result.exception, Refused), result.output
    return result.exception.problems[0].code


async def test_a_unit_casts_its_ballot_and_gets_the_same_receipt_again(
    run: Run, vote: tuple[str, str, str]
) -> None:
    rid, box, file = vote
    words = ("cast", rid, "--choice", "works=yes", "--command-id", "mine", "--credential")
    first = await in_thread(run, *words, file)
    assert first.exit_code == 0, first.output
    receipt = json.loads(printed(first.output))
    assert receipt["box_id"] == box
    again = await in_thread(run, *words, "-", input=Path(file).read_text(encoding="utf-8"))
    assert json.loads(printed(again.output))["ballot_id"] == receipt["ballot_id"]
    silent = printed(
        (await in_thread(run, "non-voters", rid, "--as", "street")).output
    ).splitlines()
    assert UNIT not in silent


async def test_only_the_unit_of_the_credential_speaks(
    run: Run, vote: tuple[str, str, str], tmp_path: Path
) -> None:
    rid, _, _ = vote
    forged = tmp_path / "forged.txt"
    forged.write_text(unit_ticket(SecretStr("ab" * 32), rid, UNIT), encoding="utf-8")
    words = ("cast", rid, "--choice", "works=yes", "--credential", str(forged))
    assert code_of(await in_thread(run, *words)) == "credential.wrong"
    twice = ("cast", rid, "--choice", "works=yes", "--choice", "works=no", "--credential")
    assert code_of(await in_thread(run, *twice, str(forged))) == "cases.pair_invalid"


async def test_who_came_is_written_down_by_whoever_convenes(
    run: Run, vote: tuple[str, str, str]
) -> None:
    rid, _, _ = vote
    came = await in_thread(run, "attend", rid, UNIT, "1-102", "--as", "committee")
    assert json.loads(printed(came.output))["kind"] == "voting.attendance_recorded"
    unknown = await in_thread(run, "attend", rid, "9-999", "--as", "committee")
    assert code_of(unknown) == "voting.unit_not_on_roll"


async def test_an_opinion_is_taken_where_only_the_citys_system_takes_ballots(
    run: Run, vote: tuple[str, str, str], owner: str
) -> None:
    rid, box, file = vote
    words = ("opinion", rid, "--choice", "works=no", "--credential", file)
    assert code_of(await in_thread(run, *words)) == "voting.ballots_count_here"
    sql = await asyncpg.connect(owner)
    await sql.execute("UPDATE ballot_box SET official_by='art. 32' WHERE id=$1", box)
    await sql.close()
    said = await in_thread(run, *words)
    assert json.loads(printed(said.output))["kind"] == "voting.opinion_given"


async def test_an_objection_comes_in_the_time_for_it_and_in_no_other(
    run: Run, vote: tuple[str, str, str], owner: str
) -> None:
    rid, box, file = vote
    words = ("object", rid, "--credential", file)
    assert code_of(await in_thread(run, *words)) == "voting.no_objections"
    sql = await asyncpg.connect(owner)
    await sql.execute(
        "UPDATE ballot_box SET objections_until=now() + interval '1 day' WHERE id=$1", box
    )
    await sql.close()
    objected = await in_thread(run, *words)
    assert json.loads(printed(objected.output))["kind"] == "voting.vote_objected"


async def test_a_consent_is_given_taken_back_and_given_again(
    run: Run, vote: tuple[str, str, str]
) -> None:
    rid, _, file = vote
    back = ("withdraw-consent", rid, "roof", "--credential", file)
    assert code_of(await in_thread(run, *back)) == "consent.not_given"
    give = ("consent", rid, "roof", "--credential", file)
    kinds = []
    for words in (give, back, give):
        result = await in_thread(run, *words)
        assert result.exit_code == 0, result.output
        kinds.append(json.loads(printed(result.output))["kind"])
    assert kinds == [
        "inspection.part_consented",
        "inspection.part_consent_withdrawn",
        "inspection.part_consented",
    ]
    assert code_of(await in_thread(run, *give)) == "consent.given"
    other = await in_thread(run, "consent", rid, "paint", "--credential", file)
    assert code_of(other) == "consent.not_occupied"
