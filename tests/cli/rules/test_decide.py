import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app, main
from cli.output import Commands
from cli.rules import decide
from models.values.refusal import Refused
from runtime.language.sentences import sentence
from tests.support.cases import decisions

RUNNER = CliRunner()
CASES = decisions()
LIFT = {
    "all": {"head": 24, "area": 240000},
    "yes": {"head": 17, "area": 170000},
    "no": {"head": 4, "area": 40000},
    "abstain": {"head": 3, "area": 30000},
}


def run(*arguments: str, vote: object = None) -> Result:
    text = vote if isinstance(vote, str) else json.dumps(vote)
    return RUNNER.invoke(app, ["decide", "--input", "-", *arguments], input=text)


def answered(*arguments: str, vote: object = None) -> dict[str, Any]:
    result = run(*arguments, "--json", vote=vote)
    assert result.exit_code == 0, result.exception
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def refused(*arguments: str, vote: object = None) -> list[str]:
    result = run(*arguments, vote=vote)
    assert result.exit_code == 1
    assert isinstance(result.exception, Refused)
    return [problem.code for problem in result.exception.problems]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_every_worked_case_is_answered_as_expected(case: dict[str, Any]) -> None:
    found = answered("--pack", case["rule"], vote=case["input"])
    assert {name: found.get(name) for name in case["expected"]} == case["expected"]


def test_each_check_has_both_numbers_what_is_missing_and_a_sentence_in_both_languages() -> None:
    found = answered("--pack", "CN.278.major", vote=LIFT)
    head = next(check for check in found["checks"] if check["code"] == "voting.approve.head")
    assert (head["have"], head["need"], head["short_by"], head["passed"]) == (17, 18, 1, False)
    assert head["sentence"] == {
        "en": (
            "In favour: 17 owners; at least 18 owners needed (>= 3/4 of those who took part): "
            "1 owner short (Civil Code art. 278(2))."
        ),
        "zh_CN": (
            "同意：17 人；至少需要 18 人（参与表决者的 >= 3/4）；还差 1 人"
            "（《民法典》第二百七十八条第二款）。"
        ),
    }
    area = next(check for check in found["checks"] if check["code"] == "voting.approve.area")
    assert "1,700.00 m²; at least 1,800.00 m² needed" in area["sentence"]["en"]


@pytest.mark.slow
def test_every_rule_says_every_sentence_in_both_languages() -> None:
    whole = {"head": 100, "area": 100, "share": 100}
    half = {"head": 50, "area": 50, "share": 50}
    vote = {"all": whole, "present": whole, "yes": half, "no": half, "objections_within_7d": whole}
    for row in json.loads(RUNNER.invoke(app, ["packs", "--json"]).stdout):
        if row["kind"] != "rule":
            continue
        for numbers in (vote, {}, {"all": whole, "excluded": whole}):
            found = answered("--pack", row["id"], vote=numbers)
            bridges = [check for each in found["follow_ups"] for check in each["checks"]]
            for said in (*found["checks"], *bridges, *found["notes"]):
                for text in said["sentence"].values():
                    assert text.rstrip().endswith((".", "。"))
                    assert not text.startswith(("check.", "decide.", "voting."))
                    assert "%(" not in text


def test_a_dated_pack_finds_the_rule_of_a_matter() -> None:
    found = answered("--pack", "CN-2021", "--matter", "fund_use", vote=LIFT)
    assert (found["pack"], found["verdict"], found["chosen"]["cls"]) == (
        "CN.278.ordinary",
        "PASS",
        "ordinary",
    )
    found = answered("--pack", "CN-2007", "--matter", "fund_use", vote=LIFT)
    assert found["pack"] == "CN.PL76.major"


def test_a_region_and_a_day_find_the_pack() -> None:
    arguments = ("--pack", "CN-3707", "--on", "2026-01-01", "--matter", "lift")
    found = answered(*arguments, vote=LIFT)
    assert (found["chosen"]["table"], found["pack"]) == ("CN-3707-2022", "CN.278.major")


def test_a_recorded_decision_is_kept_in_the_answer() -> None:
    record = ("--as-class", "major", "--decided-by", "assembly", "--decided-on", "2025-05-01")
    pack = ("--pack", "CN-2021", "--matter", "fund_use")
    found = answered(*pack, *record, "--document", "minutes 3", vote=LIFT)
    assert found["pack"] == "CN.278.major"
    assert found["chosen"]["override"]["document"] == "minutes 3"
    assert refused(*pack, *record, vote=LIFT) == ["decide.override_incomplete"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--pack", "CN-1900"), "voting.pack_unknown"),
        (("--pack", "CN-2021"), "decide.matter_needed"),
        (("--pack", "CN-2021", "--matter", "x"), "decide.matter_unknown"),
        (("--pack", "FR.24", "--matter", "x"), "decide.matter_not_wanted"),
        (("--pack", "CN.PL76.major", "--on", "2022-01-01"), "decide.not_in_force"),
        (("--pack", "CN-2021", "--on", "2020-01-01", "--matter", "lift"), "decide.not_in_force"),
        (("--pack", "FR.24", "--on", "yesterday"), "decide.day_invalid"),
        (("--pack", "CN-3707", "--matter", "lift"), "decide.day_invalid"),
        (("--pack", "FR.24", "--after", "FR.26"), "decide.not_a_follow_up"),
        (("--pack", "FR.24", "--set", "approve.share=1/3"), "decide.setting_fixed"),
        (("--pack", "FR.24", "--set", "approve.share"), "cases.pair_invalid"),
        (("--pack", "SG.proxy_cap"), "decide.field_unknown"),
    ],
)
def test_a_wrong_question_is_refused(arguments: tuple[str, ...], code: str) -> None:
    assert code in refused(*arguments, vote=LIFT)


def test_a_setting_and_the_rule_of_the_first_vote_reach_the_engine() -> None:
    vote = {"all": {"share": 1000}, "yes": {"share": 400}, "no": {"share": 100}}
    assert answered("--pack", "FR.25", vote=vote)["bridge"] is True
    assert answered("--pack", "FR.25", "--after", "FR.26", vote=vote)["bridge"] is False
    silent = {"all": {"head": 30, "area": 30}, "yes": {"head": 14, "area": 14}}
    silent["no"] = {"head": 6, "area": 6}
    follow = ("--pack", "CN.278.major", "--set", "silence=follow_majority")
    assert answered(*follow, vote=silent)["verdict"] == "PASS"


def test_holders_show_the_concentration_of_power(tmp_path: Path) -> None:
    holders = tmp_path / "holders.json"
    rows = [
        {"holder": "landlord", "choice": "yes", "share": 9900},
        {"holder": "others for", "choice": "yes", "share": 7016},
        {"holder": "others against", "choice": "no", "share": 7298},
    ]
    holders.write_text(json.dumps(rows), encoding="utf-8")
    vote = {"all": {"share": 100000}, "yes": {"share": 16916}, "no": {"share": 7298}}
    found = answered("--pack", "HK.BMO.general", "--holders", str(holders), vote=vote)
    (power,) = found["concentration"]
    assert (power["largest"], power["flips_without_largest"]) == ("landlord", True)


@pytest.mark.parametrize(
    ("rows", "code", "where"),
    [
        ([{"holder": "a"}, {"holder": "a"}], "decide.holder_twice", "[1]"),
        ([{"holder": "a", "choice": "yes", "share": 17}], "decide.more_than", "yes (share)"),
        ([{"holder": "a" * 201}], "decide.value_wrong", "[0].holder"),
    ],
)
def test_holders_that_the_vote_cannot_have_are_named(
    tmp_path: Path, rows: list[dict[str, object]], code: str, where: str
) -> None:
    holders = tmp_path / "holders.json"
    holders.write_text(json.dumps(rows), encoding="utf-8")
    vote = {"all": {"share": 100}, "yes": {"share": 16}, "no": {"share": 7}}
    result = run("--pack", "HK.BMO.general", "--holders", str(holders), vote=vote)
    assert isinstance(result.exception, Refused)
    found = [(each.code, each.where) for each in result.exception.problems]
    assert found == [(code, f"{holders}: {where}")]


def test_options_name_their_winner_or_their_run_off() -> None:
    vote = {"all": {"share": 1000}, "options": {"a": 300, "b": 200, "c": 100}}
    found = answered("--pack", "FR.24", vote=vote)
    assert (found["verdict"], found["options"]["named"]) == ("FAIL", ["a", "b"])


def test_a_file_is_read_and_people_get_lines(tmp_path: Path) -> None:
    file = tmp_path / "vote.json"
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps({"input": LIFT}).encode())
    arguments = ["decide", "--pack", "CN.278.major", "--input", str(file)]
    english = RUNNER.invoke(app, arguments)
    assert english.exit_code == 0
    assert english.stdout.startswith("CN.278.major: FAIL (quorum PASS, approval FAIL)\n")
    chinese = RUNNER.invoke(app, [*arguments, "--language", "zh_CN"])
    assert "还差 1 人" in chinese.stdout


def test_a_cap_is_answered_in_words_too() -> None:
    result = run("--pack", "FR.cap.majority_owner", vote={"shares": [850, 150]})
    assert "two_thirds: 200" in result.stdout


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    result = RUNNER.invoke(
        app, ["decide", "--pack", "FR.24", "--input", str(tmp_path / "none.json")]
    )
    assert isinstance(result.exception, Refused)
    assert result.exception.problems[0].code == "cases.file_unreadable"


def test_a_refusal_names_file_field_and_expectation_and_exits_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "vote.json"
    file.write_text('{"all": {"head": 2.5}, "yes": {"heads": 1}}', encoding="utf-8")
    argv = ["gongjian", "decide", "--pack", "FR.24", "--input", str(file)]
    said = []
    for words in (argv, [*argv, "--json"]):
        monkeypatch.setattr("sys.argv", words)
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 1
        out, errors = capsys.readouterr()
        assert out == ""
        said.append(errors)
    document = json.loads(said[1])
    assert document["code"] == "decide.value_wrong"
    assert [f"gongjian: {each['sentence']}" for each in document["problems"]] == said[
        0
    ].splitlines()
    first, second = said[0].splitlines()
    assert f'{file}: all.head: "all.head" is 2.5; expected: a whole number | null' in first
    assert 'There is no field "yes.heads"; expected one of: head, area, share.' in second


def test_every_problem_of_an_input_has_a_sentence_in_chinese() -> None:
    result = run("--pack", "FR.24", vote='{"all": {"head": -1}, "x": 1, "yes": 2}')
    assert isinstance(result.exception, Refused)
    for problem in result.exception.problems:
        assert problem.code not in sentence(problem, "zh_CN")


def test_packs_lists_law_date_and_confidence() -> None:
    rows = {row["id"]: row for row in json.loads(RUNNER.invoke(app, ["packs", "--json"]).stdout)}
    assert rows["TW.31"]["confidence"] == "M"
    assert rows["CN.278.major"]["valid_from"] == "2021-01-01"
    assert rows["CN-2007"]["valid_until"] == "2020-12-31"
    assert all(row["law"] and row["confidence"] for row in rows.values())
    table = RUNNER.invoke(app, ["packs"])
    assert table.exit_code == 0
    assert "AU-NSW.special" in table.stdout


def test_the_commands_need_no_server_and_no_other_command() -> None:
    alone = Commands()
    decide.register(alone)
    result = RUNNER.invoke(alone, ["packs", "--json"])
    assert result.exit_code == 0
