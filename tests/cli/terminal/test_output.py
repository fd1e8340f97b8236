"""What leaves by a terminal: words or JSON by one flag of every command, and nothing that steers the terminal."""

import io
import json
import re
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from typer.main import get_command

from cli import output
from cli.main import main, whole_application
from cli.words import said
from models.fields import UNREADABLE
from proof.verifier import printing
from runtime.local.programs import ROOT
from tests.cli.test_help import leaves
from tests.support.slow import examples

COMMANDS = dict(leaves(get_command(whole_application())))
STEERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
HOSTILE = (
    "\x1b[2J\x1b[1;1H",  # clears the screen
    "\x1b]0;title\x07",  # renames the window
    "\x9b31m",  # a colour by one character
    "a\rb",
    "\b\b\b",
    "\u202eevif\u202c",
    "\u2066\u2069\u200b\ufeff",
    "\u2028",
    "\ud800",
    "[bold red]x[/]",
    "[/]",
    ":smile:",
)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_json_and_its_help_says_so(name: str) -> None:
    options = [each for each in COMMANDS[name].params if output.FLAG in each.opts]  # type: ignore[attr-defined]
    assert len(options) == 1, (
        f"`gongjian {name}` has no --json: its group is no cli.output.Commands"
    )
    assert "JSON" in options[0].help


def test_only_one_module_writes_to_the_terminal() -> None:
    """Beside it: bars and spinners on standard error, which show our own words."""
    own = {"cli/output.py", "cli/main.py"}
    bars = {
        "cli/access/progress.py", "cli/access/printed.py", "cli/roll/commands.py",
        "cli/local/up.py", "cli/demo/run.py",
    }  # fmt: skip
    writes = re.compile(r"sys\.std(out|err)\.(buffer\.)?write|Console\(|\bprint\(|typer\.echo")
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "cli").rglob("*.py")
        if writes.search(path.read_text(encoding="utf-8"))
    }
    assert found <= own | bars


def is_harmless(text: str) -> bool:
    return not any(
        unicodedata.category(each) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and each not in "\n\t"
        for each in text
    )


TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(), max_size=20))


@settings(deadline=None, max_examples=examples(150))
@given(text=TEXTS)
def test_no_text_of_somebody_steers_the_terminal(text: str) -> None:
    as_json = output.json_text({"name": text, text: [text]})
    assert not STEERS.search(as_json)
    assert is_harmless(
        re.sub("[\u00ad\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2]", "", output.shown(text))
    )
    assert not UNREADABLE.search(output.shown(text))
    read = json.loads(as_json)
    assert read["name"] == text
    assert "\n" not in output.inside(text).replace("\n    ", "")
    assert is_harmless(printing.shown(text))
    plain = io.StringIO()
    Console(file=plain, width=200, force_terminal=True, color_system="truecolor").print(
        output.table(["a", "b"], [[text, "x"], ["y", text]])
    )
    # Only rich's own marks of bold and italic are left.
    assert not STEERS.search(re.sub(r"\x1b\[[0-9;]*m", "", plain.getvalue()))
    assert plain.getvalue().count("\x1b[") % 2 == 0


@pytest.mark.parametrize("text", HOSTILE)
def test_a_sentence_about_somebodys_words_is_harmless(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    output.say(said("line.household_said", id="1", text=f"{text}\nYour share is 0"))
    output.tell(f"gongjian: {text}")
    output.show([{"unit_number": text}], lambda: output.lines_of([{"unit_number": text}]))
    out, err = capsys.readouterr()
    assert is_harmless(out)
    assert is_harmless(err)
    assert "\n    Your share is 0" in out, "a second line of somebody's does not begin like ours"


@pytest.mark.parametrize("name", ["\x1b[2Jx", "\u202ecod.exe"])
def test_a_file_with_a_hostile_name_is_named_harmlessly(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for more in ((), ("--json",)):
        monkeypatch.setattr(sys, "argv", ["gongjian", "menu", name, *more])
        with pytest.raises(SystemExit) as left:
            main()
        out, err = capsys.readouterr()
        assert (left.value.code, out) == (1, "")
        assert is_harmless(err)
        assert "cannot be read" in err


REFUSED = {
    "a file that is not there": (("menu", "none.pb"), 1, "cases.file_unreadable"),
    "nobody is signed in": (("proposals", "list", "r1"), 1, "cases.not_signed_in"),
    "an unknown option": (("packs", "--colour"), 2, "line.usage"),
    "a missing argument": (("status",), 2, "line.usage"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_with_json_a_refusal_is_a_problem_document_and_nothing_else(
    what: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words, code, problem = REFUSED[what]
    monkeypatch.setenv("GONGJIAN_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["gongjian", *words, "--json"])
    with pytest.raises(SystemExit) as left:
        main()
    out, err = capsys.readouterr()
    assert (left.value.code, out) == (code, "")
    document = json.loads(err)
    assert document["code"] == problem
    assert document["type"] == f"urn:gongjian:problem:{problem}"
    assert document["problems"][0]["sentence"] in document["detail"]
