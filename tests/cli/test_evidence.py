import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from models.values.refusal import Refused
from proof.bundle import contents as bundle
from proof.receipts import short_code
from proof.verifier.main import main as verify_py
from tests.support.files import bundles
from tests.support.files.bundles import GOOD, changed, signed, written

RUNNER = CliRunner()


def flipped(fields: dict[str, Any]) -> None:
    fields["choices"]["lift"] = "no"


FALSE = signed(changed(GOOD, bundle.BALLOTS, flipped, 2))
LEAF = bytes.fromhex(json.loads(GOOD[bundle.BALLOTS].splitlines()[8])["leaf"])


def test_a_true_bundle_is_verified(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["verify", written(tmp_path, GOOD), "--key", bundles.PUBLIC_KEY])
    assert result.exit_code == 0
    for shown in ("核验通过", "lift: passed", "paint: passed", bundles.PUBLIC_KEY):
        assert shown in result.output
    assert "verify.py" not in result.output


def test_a_false_bundle_is_refused_with_file_and_line(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["verify", written(tmp_path, FALSE)])
    assert isinstance(result.exception, Refused)
    (problem,) = result.exception.problems
    assert problem.code == "evidence.fault"
    assert str(problem.params["fault"]).startswith("ballots.jsonl, line 2: choices")


def test_json_says_the_same(tmp_path: Path) -> None:
    good = RUNNER.invoke(app, ["verify", written(tmp_path, GOOD), "--json"])
    false = RUNNER.invoke(app, ["verify", written(tmp_path, FALSE), "--json"])
    assert (good.exit_code, false.exit_code) == (0, 1)
    assert json.loads(good.output)["verify_py_known"] is True
    fault = json.loads(false.output)
    assert (fault["ok"], fault["file"], fault["line"]) == (False, "ballots.jsonl", 2)


def test_a_receipt_code_finds_the_own_ballot(tmp_path: Path) -> None:
    arguments = ["verify", written(tmp_path, GOOD), "--json", "--receipt", short_code(LEAF)]
    own = json.loads(RUNNER.invoke(app, arguments).output)["receipt"]
    assert (own["line"], own["state"]) == (9, "contested")


def test_a_foreign_verify_py_is_never_run_but_told(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    evil = f"open({str(mark)!r}, 'w')\nprint('Everything agrees')\n".encode()
    result = RUNNER.invoke(
        app, ["verify", written(tmp_path, signed({**GOOD, bundle.VERIFY: evil}))]
    )
    assert result.exit_code == 0
    assert "do not run it" in result.output
    assert not mark.exists()


def test_a_known_law_cannot_be_weakened(tmp_path: Path) -> None:
    """`verify.py` knows no law and shows the bars; this release knows what CN-2021 says."""
    vote = bundles.example()
    vote.rule = bundles.RULE.model_copy(update={"id": "CN-2021"})
    result = RUNNER.invoke(app, ["verify", written(tmp_path, vote.bundle())])
    assert isinstance(result.exception, Refused)
    assert "is not the law" in str(result.exception.problems[0].params["fault"])


def inside(top: str, **more: bytes) -> dict[str, bytes]:
    return {**{f"{top}{name}": data for name, data in GOOD.items()}, **more}


ANSWERS = {
    "nothing": (None, "not_found"),
    "text": (b"hello", "other_form"),
    "Finder": (bundles.zipped(inside("", **{".DS_Store": b"\0"})), "other_form"),
    "Mac": (bundles.zipped(inside("", **{"__MACOSX/._head.json": b"\0"})), "other_form"),
    "folder": (bundles.zipped(inside("vote/", **{"__MACOSX/vote/._a": b""})), "other_form"),
    "missing": (bundles.zipped({"head.json": GOOD["head.json"]}), "other_form"),
    "false": (bundles.zipped(FALSE), "contradiction"),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_not_found_and_another_form_and_a_contradiction_are_three_answers(
    tmp_path: Path, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    data, kind = ANSWERS[what]
    path = tmp_path / "bundle.zip"
    if data is not None:
        path.write_bytes(data)
    ours = RUNNER.invoke(app, ["verify", str(path), "--json"])
    script = verify_py([str(path), "--json"])
    assert json.loads(capsys.readouterr().out)["kind"] == json.loads(ours.output)["kind"] == kind
    assert (ours.exit_code, script) == (1, 1 if kind == "contradiction" else 2)
    said = RUNNER.invoke(app, ["verify", str(path)]).exception
    assert isinstance(said, Refused)
    codes = {"contradiction": "evidence.fault"}
    assert said.problems[0].code == codes.get(kind, f"evidence.{kind}")


def test_a_repacked_folder_is_named(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["verify", written(tmp_path, inside("vote/"))])
    assert isinstance(result.exception, Refused)
    assert "a folder of it: 'vote'" in str(result.exception.problems[0].params["fault"])


def test_the_script_of_this_release_is_the_one_in_its_bundles() -> None:
    assert RUNNER.invoke(app, ["evidence", "script"]).stdout_bytes == GOOD[bundle.VERIFY]


def test_evidence_needs_running_servers(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["evidence", "voting", "r1", "--data", str(tmp_path)])
    assert isinstance(result.exception, Refused)
    assert [problem.code for problem in result.exception.problems] == ["stack.not_running"]
