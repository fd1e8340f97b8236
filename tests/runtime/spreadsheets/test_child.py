"""The child that opens workbooks has nothing to give away, and what it answers executes nothing."""

import json
import subprocess

import pytest

from models.values.refusal import Refused
from runtime.spreadsheets import reading

SPY = """
import json, os, tempfile
from runtime.spreadsheets import child
def frames(data, kind, sheet):
    try:
        with tempfile.TemporaryFile() as file:
            os.write(file.fileno(), b"x")
        wrote = "yes"
    except OSError:
        wrote = "no"
    yield "sheet", json.dumps({"env": sorted(os.environ), "wrote": wrote}), 0, 0, "", []
    yield ("end",)
child._frames = frames
child.main()
"""


def spy(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another child in the place of ours, started exactly as ours is."""
    started = subprocess.Popen

    def popen(command: tuple[str, ...], **rest: object) -> subprocess.Popen[bytes]:
        at = command.index("-m")
        other = (*command[:at], "-c", code, *command[at + 2 :])
        return started(other, **{**rest, "env": rest["env"]})  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", popen)


def test_it_has_no_environment_and_writes_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONGJIAN_BOX_KEY", "0f" * 32)
    spy(SPY, monkeypatch)
    with reading.open_sheets(b"PK", "roll.xlsx", "xlsx") as sheets:
        told = json.loads(next(sheets).name)
    # LC_CTYPE is what Python sets itself where there is no locale.
    assert set(told["env"]) <= {"LC_CTYPE"}
    assert told["wrote"] == "no"


HOSTILE = {
    "pickle": b"\x80\x04cos\nsystem\n(S'touch pwned'\ntR.",
    "marshal": b"c\x00\x00\x00\x00",
    "another kind": json.dumps(["rows", 1, [[{"__class__": "x"}]], [], []]).encode(),
    "no array": b'{"a": 1}',
    "no json": b"[",
    "not text": b"\xff\xff",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_an_answer_that_is_none_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    body = HOSTILE[name]
    lines = [["sheet", "s", 1, 0, "", []]] if name == "another kind" else []
    frames = [*(json.dumps(line).encode() for line in lines), body]
    sent = b"".join(len(each).to_bytes(4, "big") + each for each in frames)
    spy(f"import sys; sys.stdout.buffer.write({sent!r})", monkeypatch)
    with (
        reading.open_sheets(b"PK", "roll.xlsx", "xlsx") as sheets,
        pytest.raises(Refused) as refused,
    ):
        _ = [list(sheet.rows) for sheet in sheets]
    assert [each.code for each in refused.value.problems] == ["spreadsheet.damaged"]


def test_an_answer_of_four_gigabytes_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    spy(
        "import sys; sys.stdout.buffer.write(b'\\xff' * 4); sys.stdout.flush(); sys.stdin.read()",
        monkeypatch,
    )
    with (
        pytest.raises(Refused) as refused,
        reading.open_sheets(b"PK", "roll.xlsx", "xlsx") as sheets,
    ):
        next(sheets)
    assert [each.code for each in refused.value.problems] == ["spreadsheet.too_large"]
