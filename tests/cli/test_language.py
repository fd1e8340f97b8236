"""What a command prints is in the language of its reader; plurals are right in both."""

import ast
import asyncio
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest
from babel.messages.pofile import read_po
from sqlalchemy.ext.asyncio import AsyncSession
from typer.testing import CliRunner

from cli.cases import audit_lines
from cli.clock import agenda_table
from cli.local.up import step_named
from cli.main import app
from cli.output import result_console
from cli.reading.history import history_table
from cli.words import named, number_of, said
from models.messages.bidding import BiddingResult
from models.messages.cost_sharing import CostSharingResult
from models.messages.inspection import WorksResult
from models.messages.voting import VotingResult
from models.tables import CaseTrouble, Renovation
from models.values.actor import Role
from models.values.feedback import Level
from models.values.refusal import Refused
from models.values.states import RenovationState, TicketState
from models.values.waits import Consequence
from rules.history.levels import HistoryLevel
from rules.history.recorded import RecordedEvent
from runtime.ballots.audit import BadBallot
from runtime.database import Database
from runtime.history.entries import history_lines
from runtime.language.sentences import LOCALES
from runtime.local.programs import ROOT
from runtime.record.audit import AuditReport
from runtime.record.audit.cases import BadEvent
from service.clock.bodies import ClockView, WaitView
from tests.support.estate import make_renovation

RUNNER = CliRunner()
KEY = "ab" * 32
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
ESTATE = str(ROOT / "docs" / "examples" / "estate.yaml")
ROLL = str(ROOT / "docs" / "examples" / "roll.csv")
NO_WORDS = re.compile(
    r"\S*[0-9_=./\\:@-]\S*|\bTemporal\b|\bCtrl-C\b|\b(?:SHA|UTC|KeyError|VOTES|PASS)\b|"
    r"training|estate|synthetic|demo"
)
"""Names, codes, paths and figures; a law as it is cited; what the example is called."""
ENGLISH = re.compile(r"\b[A-Za-z]{3,}\b")
STEPS = re.compile(r'_step\("([^"]+)"|^    \("([a-z ]+)", _', re.MULTILINE)
TWO_WORDS = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,}")
CLI = sorted((ROOT / "cli").rglob("*.py"))


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")


@pytest.fixture
def at_database(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database.url)
    for name in ("CREDENTIAL", "RECEIPT"):
        monkeypatch.setenv(f"GONGJIAN_{name}_KEY", KEY)


def english_in(text: str) -> list[str]:
    """The English words of an output that are no name, code or figure."""
    return ENGLISH.findall(NO_WORDS.sub(" ", text.replace("Civil Code", " ")))


def shown(*words: str) -> str:
    result = RUNNER.invoke(app, list(words))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.stdout + result.stderr


@pytest.fixture(scope="module")
async def stuck(database: Database) -> str:
    rid = await make_renovation(database, rid="rlanguage", units=1, told_at=NOON)

    async def work(session: AsyncSession) -> None:
        (await session.get_one(Renovation, rid)).v1_letters = True
        session.add(
            CaseTrouble(
                workflow_id=f"renovation/{rid}",
                step="voting.box_closed",
                renovation_id=rid,
                by_act=False,
                error="KeyError",
                reference="ref-1",
                since=NOON,
            )
        )

    await database.transaction(work)
    return rid


@pytest.mark.usefixtures("at_database", "chinese")
@pytest.mark.parametrize(
    "words", [("status", "*"), ("list",), ("list", "--stuck"), ("audit", "*"), ("credentials", "*")]
)
async def test_commands_of_a_case_speak_chinese(
    stuck: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    given = [stuck if word == "*" else word for word in words]
    given += ["--out", str(tmp_path / "c.csv")] if words[0] == "credentials" else []
    text = await asyncio.to_thread(shown, *given)
    own = (await asyncio.to_thread(shown, "status", stuck, "--json")).split('"')
    for each in own:
        text = text.replace(each, " ") if each.isascii() and len(each) > 3 else text
    assert re.search("[一-鿿]", text), text
    assert english_in(text) == []


@pytest.mark.usefixtures("chinese")
def test_a_history_is_chinese_but_for_what_people_wrote() -> None:
    event = RecordedEvent(
        seq=1,
        kind="renovation.opened",
        happened_at=NOON,
        recorded_at=NOON,
        actor_id="street-1",
        actor_role="street_office",
        actor_label="街道办",
        actor_place="d/s",
        on_behalf_of=None,
        details={},
        rule_pack="CN-2021",
        hash="",
    )
    console = result_console()
    with console.capture() as captured:
        lines = history_lines([event], HistoryLevel.ALL, "zh_CN", "Asia/Shanghai")
        console.print(history_table(lines, "Asia/Shanghai"))
    assert {"案内时间", "立项", "街道办事处"} <= set(re.findall("[一-鿿]+", captured.get()))
    assert english_in(captured.get()) == []


def example(tmp_path: Path, name: str) -> tuple[str, ...]:
    if name == "decide":
        file = tmp_path / "vote.json"
        file.write_text(
            '{"all": {"head": 24, "area": 240000}, "yes": {"head": 17, "area": 170000},'
            ' "no": {"head": 4, "area": 40000}, "abstain": {"head": 3, "area": 30000}}'
        )
        return ("decide", "--pack", "CN.278.major", "--input", str(file))
    if name == "start":
        return ("start", ESTATE, "--check")
    if name == "roll":
        return ("roll", "check", ROLL)
    file = tmp_path / "menu.pb"
    file.write_text(
        "META\nkey;value\ndescription;菜单\ncountry;中国\nunit;小区\ninstance;2026\nnum_projects;2\n"
        "num_votes;1\nbudget;10\nvote_type;approval\nrule;greedy\n"
        "PROJECTS\nproject_id;cost;votes;name\n1;5;1;电梯\n2;6;1;花园\n"
        "VOTES\nvoter_id;vote\n1;1,2\n",
        encoding="utf-8",
    )
    return ("menu", str(file))


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("name", ["decide", "start", "roll", "menu"])
def test_commands_on_files_speak_chinese(tmp_path: Path, name: str) -> None:
    text = shown(*example(tmp_path, name))
    assert re.search("[一-鿿]", text), text
    assert english_in(text) == []


@pytest.mark.usefixtures("chinese")
def test_the_headings_of_the_packs_are_chinese() -> None:
    assert {"编号", "种类", "可靠程度", "法律"} <= set(re.findall("[一-鿿]+", shown("packs")))


@pytest.mark.usefixtures("chinese")
def test_the_clock_and_the_audit_speak_chinese() -> None:
    wait = WaitView(
        what="ballots", due_at=NOON, who="owners", consequence=Consequence.NONE, workflow_id="w"
    )
    clock = ClockView(
        renovation_id="r1",
        clock="told",
        zone="Asia/Shanghai",
        now=NOON,
        settled=True,
        holds=(),
        waits=(wait,),
    )
    console = result_console()
    with console.capture() as captured:
        console.print(agenda_table(clock))
    report = AuditReport(
        renovations=1,
        events=9,
        ballots=2,
        unsigned=1,
        bad=(BadEvent(renovation_id="r1", seq=7, reason="hash"),),
        bad_ballots=(BadBallot(box_id="r1.1", ballot_id="b5", reason="leaf"),),
    )
    assert english_in("\n".join([captured.get(), *audit_lines(report)])) == []


@pytest.mark.usefixtures("chinese")
def test_an_option_goes_before_the_environment(tmp_path: Path) -> None:
    assert "the files can be opened" in shown("start", ESTATE, "--check", "--language", "en")


def messages(language: str) -> dict[str, tuple[str, ...]]:
    with (LOCALES / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return {
            each.id if isinstance(each.id, str) else each.id[0]: (
                (each.string,) if isinstance(each.string, str) else tuple(each.string or ())
            )
            for each in read_po(file)
            if each.id
        }


COUNTS = sorted(code.partition(".")[2] for code in messages("en") if code.startswith("count."))


@pytest.mark.parametrize("what", COUNTS)
def test_plurals_are_right(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one, more = messages("en")[f"count.{what}"]
    forms = {0: more, 1: one, 2: more, 1_000: more}
    for number, form in forms.items():
        assert number_of(what, number) == form % {"n": f"{number:,}"}
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "2" in number_of(what, 2)
    assert ENGLISH.findall(number_of(what, 2)) == []


def test_one_renovation_is_one_renovation() -> None:
    report = AuditReport(renovations=1, events=2, ballots=0, bad=(), bad_ballots=())
    assert (
        audit_lines(report)[-1] == "1 renovation, 2 events, 0 ballots, 0 rows: nothing was changed"
    )


def test_every_step_of_the_stack_has_chinese_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    stack = (ROOT / "runtime" / "local" / "stack.py").read_text(encoding="utf-8")
    steps = {name for pair in STEPS.findall(stack) for name in pair if name}
    assert {"postgres", "search attributes", "build", "stop postgres"} <= steps
    shown_as = {step: step_named(step).replace("Temporal", "") for step in steps}
    assert {step: text for step, text in shown_as.items() if ENGLISH.search(text)} == {}


def calls(path: Path) -> Iterator[ast.Call]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return (each for each in ast.walk(tree) if isinstance(each, ast.Call))


def name_of(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def texts(nodes: list[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Call | ast.Starred):
            continue
        for each in ast.walk(node):
            if isinstance(each, ast.Constant) and isinstance(each.value, str):
                yield each.value


@pytest.mark.parametrize("path", CLI, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_sentence_stands_in_the_code_of_a_command(path: Path) -> None:
    printing = ("print", "say", "waiting", "add_column", "Table", "update")
    told = [call for call in calls(path) if name_of(call) in printing]
    found = [text for call in told for text in texts(call.args) if TWO_WORDS.search(text)]
    assert [
        text for text in found if text != "gongjian: " and not text.startswith("gongjian ")
    ] == []


@pytest.mark.parametrize("path", CLI, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_command_says_is_in_both_catalogues(path: Path) -> None:
    known = messages("en").keys() & messages("zh_CN").keys()
    for call in calls(path):
        first = call.args[0] if call.args else None
        literals = list(texts([first])) if first is not None else []
        if name_of(call) == "said":
            codes = {text for text in literals if text.startswith(("line.", "demo.line."))}
        elif name_of(call) == "number_of" and isinstance(first, ast.Constant):
            codes = {f"count.{text}" for text in literals}
        elif name_of(call) == "words":
            codes = {f"line.{name}" for text in literals for name in text.split()}
        else:
            codes = set()
        assert {code for code in codes if not code.endswith((".", "_"))} <= known


def test_a_name_without_words_stays_as_the_record_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert said("line.named", name="x", value="y") == "x：y"


SHOWN_BY_NAME: dict[str, Iterable[str]] = {
    "outcome": (*VotingResult, *CostSharingResult, *BiddingResult, *WorksResult, "evaluated"),
    "level": get_args(Level),
    "state": (*RenovationState, *TicketState),
    "role": Role,
}


@pytest.mark.parametrize("room", SHOWN_BY_NAME)
def test_every_name_that_is_shown_has_chinese_words(
    room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert [name for name in SHOWN_BY_NAME[room] if named(room, name) == name] == []


@pytest.mark.parametrize(
    ("written", "told"),
    [("zh", "文件可以立项"), ("zh-CN", "文件可以立项"), ("EN", "can be opened")],
)
def test_a_language_is_taken_as_people_write_it(written: str, told: str) -> None:
    assert told in shown("start", ESTATE, "--check", "--language", written)


def test_a_language_that_there_is_not_is_refused() -> None:
    done = RUNNER.invoke(app, ["start", ESTATE, "--check", "--language", "xx"])
    assert isinstance(done.exception, Refused)
    (problem,) = done.exception.problems
    assert (problem.code, problem.where) == ("language.unknown", "--language")
    assert "zh_CN" in str(problem.params["able"])
