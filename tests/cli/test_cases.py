import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncSession
from typer.testing import CliRunner

from cli.cases import audit_lines
from cli.inputs import act_fields, act_named, in_file, revision_fields
from cli.main import app
from cli.opening import find_convener
from cli.shown import change_lines
from formats.renovation_file.reading import read_renovation
from models.tables import CaseTrouble
from models.values.refusal import Refused, problem
from runtime.ballots.audit import BadBallot
from runtime.database import Database
from runtime.local.programs import ROOT
from runtime.record.audit import AuditReport
from runtime.record.audit.cases import BadEvent
from runtime.settings import LocalSettings, environment_names
from tests.support.estate import make_renovation
from tests.support.people import sign_in
from tests.support.processes.commands import printed

RUNNER = CliRunner()
ESTATE = ROOT / "docs" / "examples" / "estate.yaml"
KEY = "ab" * 32


@pytest.fixture(autouse=True)
def only_our_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in environment_names(LocalSettings).values():
        if name in os.environ:
            monkeypatch.delenv(name)


@pytest.fixture
def at_database(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url)
    monkeypatch.setenv("GONGJIAN_CREDENTIAL_KEY", KEY)
    monkeypatch.setenv("GONGJIAN_RECEIPT_KEY", KEY)


@pytest.fixture(scope="module")
async def renovation(database: Database) -> str:
    return await make_renovation(database, rid="rcases", units=3)


def refusal(*words: str) -> Refused:
    result = RUNNER.invoke(app, list(words))
    assert isinstance(result.exception, Refused), result.output
    return result.exception


def codes(*words: str) -> list[str]:
    return [problem.code for problem in refusal(*words).problems]


def test_start_says_that_the_file_is_not_there(tmp_path: Path) -> None:
    refused = refusal("start", str(tmp_path / "none.yaml"))
    assert [problem.code for problem in refused.problems] == ["cases.file_unreadable"]
    assert refused.problems[0].where.endswith("none.yaml")


def test_start_says_that_the_roll_beside_the_file_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "estate.yaml").write_bytes(ESTATE.read_bytes())
    refused = refusal("start", str(tmp_path / "estate.yaml"))
    assert [problem.code for problem in refused.problems] == ["cases.file_unreadable"]
    assert refused.problems[0].where.endswith("roll.csv")


def test_start_needs_servers_that_run(tmp_path: Path) -> None:
    assert codes("start", str(ESTATE), "--data", str(tmp_path)) == ["stack.not_running"]


@pytest.mark.usefixtures("at_database")
@pytest.mark.parametrize("command", ["status", "history", "credentials", "audit"])
def test_an_unknown_renovation_is_named(command: str) -> None:
    assert codes(command, "r-nowhere") == ["renovation.unknown"]


@pytest.mark.usefixtures("renovation", "offices")
async def test_an_act_on_an_unknown_renovation_is_refused() -> None:
    assert await asyncio.to_thread(codes, "letters", "list", "r-nowhere", "--as", "printer") == [
        "renovation.unknown"
    ]


@pytest.mark.usefixtures("at_database")
def test_list_status_and_history_agree_about_a_renovation(renovation: str) -> None:
    listed = json.loads(RUNNER.invoke(app, ["list", "--json"]).stdout)
    assert [each["id"] for each in listed] == [renovation]
    shown = json.loads(RUNNER.invoke(app, ["status", renovation, "--json"]).stdout)
    assert shown["lacks"], "only one case says it"
    assert {**shown, "lacks": [], "cursor": listed[0]["cursor"]} == listed[0]
    events = json.loads(RUNNER.invoke(app, ["history", renovation, "--json"]).stdout)
    assert len(events) == shown["events"]
    assert renovation in RUNNER.invoke(app, ["list"]).stdout
    assert "waiting for" in RUNNER.invoke(app, ["status", renovation]).stdout


@pytest.mark.usefixtures("at_database")
async def test_a_told_case_is_shown_as_a_training_case_and_where_its_clock_stands(
    database: Database, renovation: str
) -> None:
    told = await make_renovation(database, rid="rtold", told_at=datetime(2026, 3, 2, 1, tzinfo=UTC))
    words = await asyncio.to_thread(RUNNER.invoke, app, ["status", told])
    assert "clock            told (training case)\n" in words.stdout
    assert "it stands at     2026-03-02 09:00\n" in words.stdout
    shown = json.loads((await asyncio.to_thread(RUNNER.invoke, app, ["list", "--json"])).stdout)
    clocks = {each["id"]: (each["clock"], each["sandbox"], each["stands_at"]) for each in shown}
    assert clocks == {
        told: ("told", True, "2026-03-02T01:00:00+00:00"),
        renovation: ("wall", False, None),
    }
    wall = await asyncio.to_thread(RUNNER.invoke, app, ["status", renovation])
    assert "clock            real time\n" in wall.stdout


@pytest.mark.usefixtures("at_database")
async def test_the_list_goes_on_where_a_page_ended(database: Database, renovation: str) -> None:
    other = await make_renovation(database, rid="rother", units=1)
    first = await asyncio.to_thread(RUNNER.invoke, app, ["list", "--json", "--limit", "1"])
    (listed,) = json.loads(first.stdout)
    assert f"--after {listed['cursor']}" in first.stderr
    rest = await asyncio.to_thread(
        RUNNER.invoke, app, ["list", "--json", "--after", listed["cursor"]]
    )
    others = {each["id"] for each in json.loads(rest.stdout)}
    assert listed["id"] not in others
    assert {listed["id"], *others} >= {renovation, other}
    assert "--after" not in rest.stderr
    none = await asyncio.to_thread(RUNNER.invoke, app, ["list", "--json", "--place", "elsewhere"])
    assert (none.exit_code, none.stdout) == (0, "[]\n")


@pytest.mark.usefixtures("at_database")
async def test_what_needs_attention_is_said_in_both_languages(database: Database) -> None:
    stuck = await make_renovation(database, rid="rstuck", units=1)

    async def work(session: AsyncSession) -> None:
        for step, by_act in (("voting.box_closed", False), ("voting.scheme_revised", True)):
            session.add(
                CaseTrouble(
                    workflow_id="renovation/rstuck",
                    step=step,
                    renovation_id=stuck,
                    by_act=by_act,
                    error="KeyError",
                    reference=f"ref-{step}",
                    since=datetime(2026, 3, 2, 1, tzinfo=UTC),
                )
            )

    await database.transaction(work)
    words = (await asyncio.to_thread(RUNNER.invoke, app, ["status", stuck])).stdout
    assert "needs attention  The step voting.box_closed of the engine broke at 2026-03-02" in words
    assert "The act voting.scheme_revised broke at" in words
    for reference in ("ref-voting.box_closed", "ref-voting.scheme_revised"):
        assert reference in words
    said = await asyncio.to_thread(RUNNER.invoke, app, ["status", stuck, "--language", "zh_CN"])
    assert "系统步骤 表决截止 于 2026-03-02 09:00 出错" in said.stdout
    assert "操作 修改方案 于" in said.stdout
    listed = await asyncio.to_thread(RUNNER.invoke, app, ["list", "--stuck", "--json"])
    (line,) = json.loads(listed.stdout)
    steps = [(each["step"], each["by_act"]) for each in line["needs_attention"]]
    assert steps == [("voting.box_closed", False), ("voting.scheme_revised", True)]
    table = (await asyncio.to_thread(RUNNER.invoke, app, ["list", "--stuck"])).stdout
    assert "ref-voting.box_closed" in table


@pytest.mark.usefixtures("at_database")
async def test_letters_of_the_first_kind_are_of_the_cases_opened_with_them(
    renovation: str, owner: str, tmp_path: Path
) -> None:
    assert await asyncio.to_thread(codes, "credentials", renovation) == ["access.no_first_letters"]
    sql = await asyncpg.connect(owner)
    await sql.execute("UPDATE renovation SET v1_letters = true WHERE id=$1", renovation)
    out = tmp_path / "credentials.csv"
    words = ["credentials", renovation, "--out", str(out)]
    result = await asyncio.to_thread(RUNNER.invoke, app, words)
    await sql.execute("UPDATE renovation SET v1_letters = false WHERE id=$1", renovation)
    await sql.close()
    assert (result.exit_code, result.stdout) == (0, "")
    lines = out.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "unit,credential"
    assert len({line.split(",")[1] for line in lines[1:]}) == 3
    assert out.stat().st_mode & 0o077 == 0


@pytest.fixture
async def offices(
    owner: str, service: str, signed_in_here: Callable[..., None]
) -> AsyncIterator[asyncpg.Connection]:
    """While two people of the committee are there: `printer` and `teller`."""
    sql = await asyncpg.connect(owner)
    for name in ("printer", "teller"):
        await sql.execute(
            "INSERT INTO role_grant (actor_id, label, role, place_id)"
            " VALUES ($1::text, $1::text, 'owners_committee', 'd')",
            name,
        )
    await sign_in(sql, "printer", "teller")
    signed_in_here("printer", "teller", service=service)
    yield sql
    await sql.execute("DELETE FROM role_grant WHERE actor_id IN ('printer', 'teller')")
    await sql.close()


async def test_letters_are_printed_once_for_each_unit_and_the_same_again(
    renovation: str, offices: asyncpg.Connection, tmp_path: Path
) -> None:
    first, again, pages = (tmp_path / name for name in ("1.csv", "2.csv", "3.html"))
    for out, form in ((first, "csv"), (again, "csv"), (pages, "html")):
        words = ["letters", "print", renovation, "--as", "printer", "--out", str(out)]
        result = await asyncio.to_thread(RUNNER.invoke, app, [*words, "--format", form])
        assert (result.exit_code, printed(result.stdout)) == (0, ""), result.output
        assert out.stat().st_mode & 0o077 == 0
    lines = first.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "unit,link,fact,good_until,how"
    assert len({line.split(",")[1] for line in lines[1:]}) == 3
    assert first.read_bytes() == again.read_bytes()
    written = pages.read_text(encoding="utf-8")
    assert written.count("<svg") == written.count("有效期至") == 3
    assert "http" not in written.replace("http://127.0.0.1", "").replace("http://www.w3.org", "")
    count = "SELECT count(*) FROM letter WHERE renovation_id=$1"
    assert await offices.fetchval(count, renovation) == 3


@pytest.mark.usefixtures("offices")
async def test_a_letter_is_made_anew_handed_out_told_entered_with_and_withdrawn(
    renovation: str, service: str, tmp_path: Path
) -> None:
    async def letters(*words: str) -> str:
        result = await asyncio.to_thread(RUNNER.invoke, app, ["letters", *words, "--json"])
        assert result.exit_code == 0, result.output
        return printed(result.stdout)

    of_unit = (renovation, "1-102", "--as", "printer", "--reason", "lost")
    made = json.loads(await letters("reissue", *of_unit))["id"]
    listed = json.loads(await letters("list", renovation, "--as", "printer"))
    assert made in {each["id"] for each in listed}
    told = json.loads(await letters("code", renovation, made, "--as", "printer"))["code"]
    refused = await asyncio.to_thread(codes, "letters", "hand", renovation, made, "--as", "printer")
    assert refused == ["access.own_letter"]
    link = json.loads(await letters("hand", renovation, made, "--as", "teller"))["link"]
    file = tmp_path / "letter.txt"
    file.write_text(f"{link}\n{told}\n", encoding="utf-8")
    entered = json.loads(await letters("enter", str(file), "--service", service))
    assert entered["ticket"].startswith("v2.")
    await letters("withdraw", *of_unit)
    assert await asyncio.to_thread(codes, "letters", "enter", str(file), "--service", service) == [
        "access.letter_replaced"
    ]


@pytest.mark.usefixtures("at_database")
def test_nobody_acts_who_is_not_signed_in_here(
    renovation: str, signed_in_here: Callable[..., None]
) -> None:
    signed_in_here()
    for who in ((), ("--as", "anybody")):
        assert codes("act", renovation, "open-vote", *who) == ["cases.not_signed_in"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["act", "r1", "dance"], "cases.act_unknown"),
        (["act", "r1", "answer-objection", "--fields", "[1]"], "cases.json_invalid"),
        (["act", "r1", "answer-objection", "--field", "upheld"], "cases.pair_invalid"),
        (["act", "r1", "open-vote", "--field", "colour=red"], "cases.field_invalid"),
        (["act", "r1", "open-vote", "--field", "actor=somebody"], "cases.field_invalid"),
        (["act", "r1", "sign-contract", "--field", "value_fen=much"], "cases.field_invalid"),
        (["act", "r1", "sign-contract"], "cases.field_invalid"),
    ],
)
def test_an_act_that_is_written_wrongly_is_refused_before_anything_is_asked(
    words: list[str], code: str
) -> None:
    assert code in codes(*words)


def test_a_revised_scheme_comes_from_a_file_and_its_faults_name_file_field_and_kind(
    tmp_path: Path,
) -> None:
    text = ESTATE.read_text(encoding="utf-8")
    section = text[text.index("scheme:") : text.index("# A training case")]
    revised = tmp_path / "revised.yaml"
    revised.write_text(section, encoding="utf-8")
    kind = act_named("revise-scheme")
    given = revision_fields(kind, revised)
    assert given.keys() == {"scheme"}
    fields = act_fields(kind, ["reason=asked for", "budget_fen=96000000"], None, given)
    assert fields.keys() == {"scheme", "reason", "budget_fen"}
    revised.write_text(section.replace("18000000", "dear"), encoding="utf-8")
    (only,) = refusal("act", "r1", "revise-scheme", "--scheme", str(revised)).problems
    assert only.where == "revised.yaml line 4, scheme.items[1].cost_fen"
    assert only.code == "opening.not_an_integer"
    assert codes("act", "r1", "open-vote", "--scheme", str(revised)) == ["cases.no_scheme"]
    missing = codes("act", "r1", "revise-scheme", "--scheme", str(tmp_path / "none.yaml"))
    assert missing == ["cases.file_unreadable"]
    revised.write_text(section + "#" * 262_144, encoding="utf-8")
    assert codes("act", "r1", "revise-scheme", "--scheme", str(revised)) == ["file.too_large"]


def test_what_the_case_finds_in_a_scheme_names_the_file() -> None:
    found = Refused(problem("a.b", where="scheme.works[1].building"), problem("a.c", where="r1"))
    told = in_file(found, Path("/somewhere/revised.yaml"))
    assert [each.where for each in told.problems] == [
        "revised.yaml, scheme.works[1].building",
        "r1",
    ]


def test_the_files_of_an_opening_can_be_checked_without_any_server(tmp_path: Path) -> None:
    roll = ESTATE.with_name("roll.csv").read_bytes()
    (tmp_path / "roll.csv").write_bytes(roll)
    file = tmp_path / "estate.yaml"
    text = ESTATE.read_text(encoding="utf-8")
    file.write_text(text, encoding="utf-8")
    calm = RUNNER.invoke(app, ["start", str(file), "--check"])
    assert calm.stdout == "the files can be opened: 18 units, 0 warnings\n"
    file.write_text(text.replace("ceiling_fen: 92000000", "ceiling_fen: 80000000"), "utf-8")
    line = 1 + text[: text.index("estimate_fen")].count("\n")
    where = f"estate.yaml line {line}, scheme.tender.estimate_fen"
    for language, word in (("en", "highest bid price"), ("zh_CN", "最高投标限价")):
        told = RUNNER.invoke(app, ["start", str(file), "--check", "--language", language])
        assert told.exit_code == 0
        field = "scheme.tender.estimate_fen"
        chinese = f"提醒：{where.partition(',')[0].replace('line ', '第 ')} 行 {field}: "
        assert (chinese if language == "zh_CN" else f"warning: {where}: ") in told.stdout
        assert word in told.stdout
    told = RUNNER.invoke(app, ["start", str(file), "--check", "--json"])
    (warning,) = json.loads(told.stdout)
    assert (warning["code"], warning["where"]) == ("opening.estimate_above_ceiling", where)
    file.write_text(
        text.replace("retention", "x").replace(
            "bid_bond_fen: 1000000", "bid_bond_fen: 1000000\n    retention_permille: 31"
        ),
        "utf-8",
    )
    assert codes("start", str(file), "--check") == ["opening.retention_too_high"]
    real = text.replace("sandbox: { clock: told }", "").replace("2026-03-02", "2020-03-02")
    file.write_text(real, "utf-8")
    (only,) = refusal("start", str(file), "--check").problems
    assert only.code == "opening.law_repealed"
    assert only.where.startswith("estate.yaml line ")
    assert only.where.endswith(", starts_on")


def test_what_an_act_has_changed_is_shown_with_both_values() -> None:
    changes: JsonValue = [
        {"what": "items[lift]", "before": None, "after": {"cost_fen": 5}},
        {"what": "items[roof]", "before": {"cost_fen": 7}, "after": None},
        {"what": "tender.ceiling_fen", "before": 5, "after": 6},
        {"what": "title", "before": "Old", "after": "New"},
    ]
    assert change_lines({"changes": changes}) == [
        '+ items[lift]: {"cost_fen": 5}',
        '- items[roof]: {"cost_fen": 7}',
        "~ tender.ceiling_fen: 5 -> 6",
        "~ title: Old -> New",
    ]
    assert change_lines({"reason": "no changes"}) == []


def test_text_stays_text_and_numbers_become_numbers() -> None:
    fields = act_fields(
        act_named("approve-relief"),
        ["unit_number=101", "kind=reduction", "amount_fen=500", "funded_by=fund"],
        None,
    )
    assert fields["unit_number"] == "101"
    assert fields["amount_fen"] == 500


def test_the_first_official_who_may_call_the_vote_opens_the_case() -> None:
    actor = find_convener(read_renovation(ESTATE.read_bytes(), ESTATE.name))
    assert (actor.id, actor.place.count("/")) == ("committee-1", 3)


def test_a_file_without_anybody_who_may_call_the_vote_is_refused() -> None:
    file = read_renovation(ESTATE.read_bytes(), ESTATE.name)
    with pytest.raises(Refused) as refused:
        find_convener(file.model_copy(update={"officials": file.officials[5:]}))
    assert refused.value.problems[0].code == "cases.no_convener"


def test_the_audit_names_every_bad_event_and_ballot() -> None:
    report = AuditReport(
        renovations=1,
        events=9,
        ballots=2,
        bad=(BadEvent(renovation_id="r1", seq=7, reason="hash"),),
        bad_ballots=(BadBallot(box_id="r1.1", ballot_id="b5", reason="leaf"),),
    )
    lines = audit_lines(report)
    assert lines[0] == "BAD event 7 of renovation r1: its content was changed"
    assert lines[1] == "BAD ballot b5 in box r1.1: its content or its times were changed"
    assert lines[-1].endswith("2 faults")


@pytest.mark.parametrize(
    ("pairs", "text"),
    [([], '{"reason": "a", "reason": "b"}'), (['scores={"a": 1, "a": 2}'], None)],
)
def test_a_field_that_stands_twice_is_refused(pairs: list[str], text: str | None) -> None:
    with pytest.raises(Refused) as refused:
        act_fields(act_named("record_evaluation"), pairs, text)
    assert [problem.code for problem in refused.value.problems] == ["service.key_twice"]
