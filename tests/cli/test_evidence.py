import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from models.values.decisions.rules import Rule
from models.values.refusal import Refused
from models.values.voting import Motion, MotionKind
from proof.bundle import contents as bundle
from proof.receipts import short_code
from proof.verifier.main import main as verify_py
from rules.voting import pack_for, pack_rule, rule_named
from tests.proof.test_evidence_own_ballot import receipt_of
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
    assert "do not run it" not in result.output


def test_a_false_bundle_is_told_with_file_and_line_and_what_it_means(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["verify", written(tmp_path, FALSE)])
    assert result.exit_code == 1
    assert result.output.startswith("不一致 FAULT: ballots.jsonl, line 2: choices")
    for said in ("有选票在投出以后被改动", "A ballot was changed", "怎么办", "What to do"):
        assert said in result.output


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
    assert result.exit_code == 1
    assert "is not the law" in result.output
    assert "规则不对" in result.output


def of_law(motion: Motion, rule: Rule | None = None, law: Rule | None = None) -> bundles.Bundle:
    """A vote of one motion, everybody for it, by a rule in China's form or the law of another place."""
    vote = bundles.example()
    vote.motions, vote.rulings, vote.rule = [motion], (), rule
    vote.entries = vote.entries[:11]
    vote.casts = [bundles.Cast(each.name, {motion.id: "yes"}) for each in vote.entries]
    vote.laws = {} if law is None else {motion.id: law}
    return vote.bundle()


def with_class(files: bundles.Bundle, name: str) -> bundles.Bundle:
    """The files where the rule says that it is of another class."""
    rules = json.loads(files[bundle.RULES])
    for rule in rules["motions"].values():
        rule["kind"] = name
    return signed({**files, bundle.RULES: bundle.line(rules)})


TINY = bundles.RULE.model_copy(
    update={
        "id": "CN-11-2024",
        "law": pack_for("CN-11-2024").text,
        "quorum": (),
        "approve": bundles.both("approve", "yes", ">=", "1/20", "participating"),
    }
)
ORDINARY = pack_rule(pack_for("CN-2021"), MotionKind.ORDINARY)
MAJOR = pack_rule(pack_for("CN-2021"), MotionKind.MAJOR)
LIFT = Motion(id="m", title="加装电梯", kind=MotionKind.MAJOR)
IMPROVE = Motion(id="m", title="mejora", matter="improvement", above_bound=False)
NOT_LAW = {
    "another class": with_class(of_law(LIFT, TINY), "x"),
    "whole form under a pack": of_law(LIFT, law=TINY),
    "a pack without classes": of_law(LIFT, TINY.model_copy(update={"id": "FR-2020"})),
    "China's form under a rule": of_law(LIFT, TINY.model_copy(update={"id": "HK.BMO.general"})),
    "the ordinary bar for a major motion": with_class(of_law(LIFT, ORDINARY), "ordinary"),
    "the ordinary bar for a major matter": with_class(
        of_law(Motion(id="m", title="加装电梯", matter="lift"), ORDINARY), "ordinary"
    ),
    "China's ordinary rule for a major motion": of_law(LIFT, law=rule_named("CN.278.ordinary")),
    "the rule of another matter": of_law(IMPROVE, law=rule_named("ES.LPH.17_1")),
    "a second vote after no first one": of_law(
        IMPROVE.model_copy(update={"rule": "ES.LPH.17_1"}), law=rule_named("ES.LPH.17_1")
    ),
    "a second vote after that of another matter": of_law(
        IMPROVE.model_copy(update={"after": "ES.LPH.17_7.first"}),
        law=rule_named("ES.LPH.17_7.second"),
    ),
}
LAW = {
    "CN-2021": with_class(of_law(LIFT, MAJOR), "major"),
    "ES.LPH.17_4": of_law(IMPROVE, law=rule_named("ES.LPH.17_4")),
    "ES.LPH.17_7.second": of_law(
        Motion(
            id="m",
            title="reparación",
            matter="repair",
            rule="ES.LPH.17_7.second",
            after="ES.LPH.17_7.first",
        ),
        law=rule_named("ES.LPH.17_7.second"),
    ),
    "": of_law(LIFT, law=TINY.model_copy(update={"id": "a rule of the house"})),
}


@pytest.mark.parametrize("public", [False, True])
@pytest.mark.parametrize("what", NOT_LAW)
def test_under_the_name_of_a_law_only_what_it_asks_of_the_motion_is_law(
    tmp_path: Path, what: str, public: bool
) -> None:
    files = bundles.public_of(NOT_LAW[what]) if public else NOT_LAW[what]
    result = RUNNER.invoke(app, ["verify", written(tmp_path, files), "--json"])
    fault = json.loads(result.output)
    assert (result.exit_code, fault["ok"], fault["file"]) == (1, False, "rules.json")
    assert "is not the law" in fault["fault"]


@pytest.mark.parametrize("public", [False, True])
@pytest.mark.parametrize("name", LAW)
def test_the_law_of_a_motion_is_told_by_its_name(tmp_path: Path, name: str, public: bool) -> None:
    files = bundles.public_of(LAW[name]) if public else LAW[name]
    result = RUNNER.invoke(app, ["verify", written(tmp_path, files), "--json"])
    assert json.loads(result.output)["laws"] == {"m": name}


def inside(top: str, **more: bytes) -> dict[str, bytes]:
    return {**{f"{top}{name}": data for name, data in GOOD.items()}, **more}


FILES = {
    "a file too many": (inside("", **{"extra.txt": b"\0"}), "other_form"),
    "a file too many in a folder": (inside("vote/", **{"vote/extra.txt": b"\0"}), "other_form"),
    "two folders": (inside("vote/", **{"other/a.txt": b""}), "other_form"),
    "missing": ({"head.json": GOOD["head.json"]}, "other_form"),
    "empty": ({}, "other_form"),
    "false": (FALSE, "contradiction"),
}
OTHERS = {"nothing": (None, "not_found"), "text": (b"hello", "other_form")}
NOT_CHECKED = {"not_found": "Nothing was checked", "other_form": "It is no sign of a fraud"}


def unpacked(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    folder.mkdir(exist_ok=True)
    return folder


@pytest.mark.parametrize("what", [*FILES, *OTHERS])
@pytest.mark.parametrize("packed", [True, False])
def test_not_found_and_another_form_and_a_contradiction_are_three_answers(
    tmp_path: Path, what: str, packed: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bundle"
    if what in FILES:
        files, kind = FILES[what]
        if packed:
            path.write_bytes(bundles.zipped(files))
        else:
            unpacked(path, files)
    else:
        data, kind = OTHERS[what]
        if data is not None:
            path.write_bytes(data)
    ours = RUNNER.invoke(app, ["verify", str(path), "--json"])
    script = verify_py([str(path), "--json"])
    assert json.loads(capsys.readouterr().out) == json.loads(ours.output)
    assert json.loads(ours.output)["kind"] == kind
    assert (ours.exit_code, script) == (1, 1 if kind == "contradiction" else 2)
    said = RUNNER.invoke(app, ["verify", str(path)])
    assert said.exit_code == 1
    assert NOT_CHECKED.get(kind, "do not rely on this bundle") in said.output


def test_a_folder_around_the_files_of_a_folder_is_named(tmp_path: Path) -> None:
    path = str(unpacked(tmp_path / "b", inside("vote/", **{".DS_Store": b""})))
    result = RUNNER.invoke(app, ["verify", path])
    assert "a folder of it: 'vote'" in result.output


PACKED_ANEW = {
    "Finder": ("", {".DS_Store": b"\0"}),
    "Mac": ("", {"__MACOSX/._head.json": b"\0", "__MACOSX/": b""}),
    "Explorer": ("", {"Thumbs.db": b"\0", "desktop.ini": b""}),
    "folder": ("vote/", {}),
    "folder of a Mac": ("vote/", {"__MACOSX/vote/._a": b"", "vote/.DS_Store": b"", "vote/": b""}),
}


@pytest.mark.parametrize("what", PACKED_ANEW)
def test_a_bundle_that_a_desktop_packed_anew_holds_with_a_word(
    tmp_path: Path, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    top, more = PACKED_ANEW[what]
    path = written(tmp_path, inside(top, **more))
    ours = RUNNER.invoke(app, ["verify", path, "--json"])
    assert ours.exit_code == 0, ours.output
    extra = json.loads(ours.output)["extra"]
    assert set(extra) == {*more, *([top] if top else [])}
    assert verify_py([path]) == 0
    told = capsys.readouterr().out
    assert "were not looked into" in told
    assert all(repr(name) in told for name in extra)


def test_a_bundle_that_was_packed_anew_and_changed_does_not_hold(tmp_path: Path) -> None:
    files = {f"vote/{name}": data for name, data in FALSE.items()}
    result = RUNNER.invoke(app, ["verify", written(tmp_path, {**files, "__MACOSX/._a": b""})])
    assert result.exit_code == 1
    assert "do not rely on this bundle" in result.output


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    result = RUNNER.invoke(app, ["verify", str(tmp_path / "pipe"), "--json"])
    assert json.loads(result.output)["kind"] == "not_found"


def test_a_receipt_in_which_a_name_stands_twice_is_refused_by_both(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One program would read the first, another the last: what it states would depend on the reader."""
    path = tmp_path / "receipt.json"
    good = json.dumps(receipt_of(LEAF))
    path.write_text(good)
    words = [written(tmp_path, GOOD), "--receipt", str(path)]
    assert RUNNER.invoke(app, ["verify", *words]).exit_code == verify_py(words) == 0
    for twice in (
        good.replace("{", '{"leaf_hash":"' + "0" * 64 + '",', 1),
        good.replace('"index"', '"size": 1, "index"'),
    ):
        path.write_text(twice)
        capsys.readouterr()
        ours = RUNNER.invoke(app, ["verify", *words])
        assert (ours.exit_code, verify_py(words)) == (1, 1)
        for said in (ours.output, capsys.readouterr().out):
            assert "a name stands there twice" in said
            assert "The receipt does not fit" in said


def test_a_receipt_that_cannot_be_read_is_one_clear_line(tmp_path: Path) -> None:
    """A file that no program can read from its beginning, whoever runs it."""
    words = [written(tmp_path, GOOD), "--receipt", "/proc/self/mem"]
    result = RUNNER.invoke(app, ["verify", *words])
    assert (result.exit_code, verify_py(words)) == (1, 2)
    assert "receipt: cannot be read" in result.output


def test_the_report_says_what_was_checked_what_came_out_and_what_it_cannot_show(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [written(tmp_path, GOOD), "--receipt", short_code(LEAF)]
    ours = RUNNER.invoke(app, ["verify", *words]).output
    assert verify_py(words) == 0
    assert ours.startswith(capsys.readouterr().out.rstrip("\n")), "ours says more at the end"
    for said in (
        "核对了什么 What was checked",
        "结果 The result",
        "加装电梯",
        "您的选票 Your ballot",
        "它不能说明什么 What this does not show",
        "规则与法律 The rule and the law",
        "contradicted by another ballot",
    ):
        assert said in ours


def test_the_script_of_this_release_is_the_one_in_its_bundles() -> None:
    assert RUNNER.invoke(app, ["evidence", "script"]).stdout_bytes == GOOD[bundle.VERIFY]


def test_evidence_needs_running_servers(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["evidence", "voting", "r1", "--data", str(tmp_path)])
    assert isinstance(result.exception, Refused)
    assert [problem.code for problem in result.exception.problems] == ["stack.not_running"]
