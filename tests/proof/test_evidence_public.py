"""The public form of a bundle: the tree and the numbers without a ballot; what it shows and what it cannot."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from models.values.decisions.menu import Approval, MenuRule
from models.values.decisions.rules import Rule
from proof import merkle
from proof.bundle import contents as bundle
from proof.receipts import short_code
from proof.verifier.main import check, main
from proof.verifier.reading import Fault
from rules.voting.live.beside import NOTHING_BESIDE, Beside, Weight
from rules.voting.results import motion_results
from tests.proof import test_evidence_choices as choices
from tests.proof import test_evidence_laws as laws
from tests.proof.test_evidence_own_ballot import LEAVES, kept, receipt_of
from tests.support.files.bundles import (
    GOOD,
    PUBLIC_KEY,
    Bundle,
    changed,
    example,
    public_of,
    signed_public,
    written,
)

PUBLIC = public_of(GOOD)
FULL = {
    "plain": GOOD,
    "run-off and menu": choices.example().bundle(),
    "menu, each work": choices.example(approval=Approval.EACH).bundle(),
    "greedy": choices.example(MenuRule.GREEDY).bundle(),
    "menu of before": choices.example(before=True).bundle(),
    "another law": laws.GOOD,
}
LEFT = {"roll", "ballots", "opened", "right_ballot", "sums"}


@pytest.mark.parametrize("what", FULL)
def test_the_outcomes_that_the_public_numbers_give_are_those_of_the_ballots(
    tmp_path: Path, what: str
) -> None:
    full: dict[str, Any] = check(written(tmp_path, FULL[what]))
    public: dict[str, Any] = check(written(tmp_path, public_of(FULL[what])))
    for name in ("outcomes", "tallies", "reasons", "winners", "ballots", "root", "titles"):
        assert public[name] == full[name], name
    assert (full["form"], full["not_checked"]) == ("full", [])
    assert (public["form"], set(public["not_checked"]) - {"menu"}) == ("public", LEFT)


def test_nothing_in_it_says_how_or_whether_a_line_of_the_roll_voted() -> None:
    told = b"".join(data for name, data in PUBLIC.items() if name != bundle.VERIFY)
    for line in GOOD[bundle.BALLOTS].splitlines():
        ballot = json.loads(line)
        for name in ("entry", "commitment", "nonce"):
            assert str(ballot.get(name, "-" * 9)).encode() not in told
    for name in (bundle.BALLOTS, bundle.ROLL, bundle.RULINGS):
        assert name not in PUBLIC
    of_law = public_of(laws.GOOD)
    assert b"attended" not in of_law[bundle.RULES]


def test_a_receipt_finds_the_own_commitment_and_its_way_to_the_root(tmp_path: Path) -> None:
    path = written(tmp_path, PUBLIC)
    for given in (short_code(LEAVES[4]), kept(tmp_path, receipt_of(LEAVES[4]))):
        found: dict[str, Any] = check(path, receipt=given)
        own = found["receipt"]
        way = [bytes.fromhex(part) for part in own["path"]]
        assert (
            merkle.root_from_path(LEAVES[4], own["index"], own["size"], way).hex() == found["root"]
        )
        assert "state" not in own
    gone = merkle.leaf_hash(b"taken out")
    with pytest.raises(Fault, match="no ballot of this vote"):
        check(path, receipt=kept(tmp_path, receipt_of(gone)))


def lied(name: str, **values: Any) -> Bundle:
    def change(fields: dict[str, Any]) -> None:
        for where, value in values.items():
            at = fields
            *steps, last = where.split("__")
            for step in steps:
                at = at[step]
            at[last] = value

    return signed_public(changed(PUBLIC, name, change))


SHARED = laws.law("XX.shared", approve=(laws.one_test("all", "share", "yes", ">", "1/2", "all"),))

CAME = laws.law("XX.came", quorum=(laws.one_test("heads", "head", "present", ">=", "1/2", "all"),))


def recounted(words: str, law: Rule, roll: Weight, beside: Beside = NOTHING_BESIDE) -> Bundle:
    """A public form whose outcome follows from numbers that the vote did not have."""
    vote = laws.vote(words, {"m": law}, objected=())
    public = public_of(vote.bundle())
    result = json.loads(public[bundle.RESULT])
    due = motion_results(
        vote._pack(), vote.motions, vote._said(), roll, beside=beside, rules=vote.laws
    )
    result["motions"] = {name: each.model_dump(mode="json") for name, each in due.items()}
    result["adopted"] = due["m"].outcome == "passed"
    return signed_public({**public, bundle.RESULT: bundle.line(result)})


def without_a_ballot() -> Bundle:
    """An empty box, and the numbers of the vote."""
    vote = example()
    vote.casts, vote.rulings = [], []
    empty = public_of(vote.bundle())
    result, full = json.loads(empty[bundle.RESULT]), json.loads(PUBLIC[bundle.RESULT])
    result.update(motions=full["motions"], adopted=full["adopted"])
    return signed_public({**empty, bundle.RESULT: bundle.line(result)})


ROLL = Weight(11, 95535, 165)
LIES = {
    "fewer shares than the roll": (
        recounted("yyynn", SHARED, ROLL._replace(shares=40)),
        "result.json",
    ),
    "more shares took part than the roll has": (
        recounted("y" * 11, laws.SILENT, ROLL._replace(shares=20)),
        "result.json",
    ),
    "more silent than the roll": (
        recounted("ynnnnnnnnnn", laws.SILENT, ROLL, Beside(silent=Weight(500, 500, 500))),
        "result.json",
    ),
    "silent though they voted": (
        recounted("ynnnnnnnnnn", laws.SILENT, ROLL, Beside(silent=Weight(10, 500, 500))),
        "result.json",
    ),
    "more objections than the roll": (
        recounted("yyyyyyyyyyy", laws.VETOED, ROLL, Beside(objections=Weight(12, 0, 0))),
        "result.json",
    ),
    "fewer came than voted": (
        recounted("yyyyyyyyyyy", CAME, ROLL, Beside(present=Weight(6, 95535, 165))),
        "result.json",
    ),
    "votes without a ballot": (without_a_ballot(), "result.json"),
    "the largest entry is of another roll": (
        lied(bundle.RESULT, concentration__roll_heads=99),
        "result.json",
    ),
    "the largest entry has more than the roll": (
        lied(bundle.RESULT, concentration__heads=99, concentration__above_one_fifth=True),
        "result.json",
    ),
    "a leaf": (lied(bundle.LEAVES, leaf="0" * 64), "leaves.jsonl"),
    "one leaf less": (
        signed_public({**PUBLIC, bundle.LEAVES: PUBLIC[bundle.LEAVES].partition(b"\n")[2]}),
        "leaves.jsonl",
    ),
    "the outcome": (lied(bundle.RESULT, motions__lift__outcome="failed"), "result.json"),
    "adopted": (lied(bundle.RESULT, adopted=False), "result.json"),
    "a number against its decision": (
        lied(bundle.RESULT, motions__lift__tally__yes_heads=1),
        "result.json",
    ),
    "more than the roll": (
        lied(bundle.RESULT, motions__lift__tally__invalid_heads=99),
        "result.json",
    ),
    "the roll": (lied(bundle.RESULT, roll__heads=99), "result.json"),
    "ballots": (lied(bundle.RESULT, ballots__counted=1), "result.json"),
    "the rule": (lied(bundle.RULES, motions__lift__approve=[]), "rules.json"),
    "the head": (lied(bundle.HEAD, tree_size=3), "head.json"),
}


@pytest.mark.parametrize("what", LIES)
def test_a_public_bundle_that_contradicts_itself_is_refused(tmp_path: Path, what: str) -> None:
    files, file = LIES[what]
    with pytest.raises(Fault) as fault:
        check(written(tmp_path, files))
    assert fault.value.file == file


def test_forms_are_not_mixed(tmp_path: Path) -> None:
    for files in ({**PUBLIC, bundle.ROLL: b""}, {**GOOD, bundle.LEAVES: b""}):
        assert main([written(tmp_path, files)]) == 2
    with pytest.raises(Fault, match="unknown value"):
        check(
            written(
                tmp_path,
                {
                    **PUBLIC,
                    bundle.MANIFEST: PUBLIC[bundle.MANIFEST].replace(b".public/", b"/"),
                },
            )
        )


def test_verify_says_in_both_languages_what_it_could_not_check(tmp_path: Path) -> None:
    path = written(tmp_path, PUBLIC)
    result = CliRunner().invoke(app, ["verify", path, "--key", PUBLIC_KEY])
    assert result.exit_code == 0, result.output
    for said in (
        "没有核对什么 What could not be checked",
        "– 票数重新加总 the votes were added up again",
        "✓ 按公布的票数，规则重新套用",
        "lift: passed",
        "each request is recorded",
    ):
        assert said in result.output
    told = json.loads(CliRunner().invoke(app, ["verify", path, "--json"]).output)
    assert (told["form"], set(told["not_checked"])) == ("public", LEFT)
    assert told["verify_py_known"] is True


def test_its_own_script_checks_it_with_nothing_but_the_standard_library(tmp_path: Path) -> None:
    script = tmp_path / "verify.py"
    script.write_bytes(PUBLIC[bundle.VERIFY])
    done = subprocess.run(
        [sys.executable, "-I", str(script), written(tmp_path, PUBLIC)],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "What could not be checked" in done.stdout.decode()
