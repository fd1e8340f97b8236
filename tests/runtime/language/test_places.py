"""Where something is wrong and what was expected, in the language of who reads it."""

import json

import pytest
from typer.testing import CliRunner

from cli.main import app
from models.values.refusal import Refused, problem
from runtime.language.sentences import place, sentence


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("s.csv row 4, column 贷方", "s.csv 第 4 行 贷方 列"),
        ("r.xlsx sheet 一 row 2, column A (number)", "r.xlsx 工作表“一” 第 2 行 A (number) 列"),
        ("x.pb line 5, section META, field budget", "x.pb 第 5 行 META 部分 字段 budget"),
        ("x.pb line 5, section VOTES", "x.pb 第 5 行 VOTES 部分"),
        ("x.pb section META, field rule", "x.pb META 部分 字段 rule"),
        ("f.yaml line 1, column 1", "f.yaml 第 1 行 第 1 列"),
        ("f.yaml line 3, scheme.items[0].key", "f.yaml 第 3 行 scheme.items[0].key"),
        ("s.xml entry 2.1 Amt Ccy", "s.xml 第 2.1 笔 Amt Ccy"),
        ("s.xml entry 2", "s.xml 第 2 笔"),
        ("stdin: yes.head", "stdin: yes.head"),
    ],
)
def test_a_place_is_said_in_chinese_and_stays_in_english(where: str, said: str) -> None:
    assert place(where, "zh_CN") == said
    assert place(where, "en") == where


def test_one_of_several_has_no_english_between_them() -> None:
    params = {"field": "key", "expected": "expected.one_of", "options": "area, household or share"}
    wrong = problem("service.field_wrong", where="items.0.key", **params)
    assert "area、household、share" in sentence(wrong, "zh_CN")
    assert "one of area, household or share" in sentence(wrong)


@pytest.mark.parametrize(
    ("code", "params", "english", "chinese"),
    [
        (
            "opening.not_one_of",
            {"field": "category", "expected": "basic, improvement or upgrading"},
            "improvement or upgrading",
            "basic, improvement、upgrading",
        ),
        (
            "opening.unlawful",
            {
                "field": "vote_notice",
                "have": "14",
                "op": ">=",
                "need": "15",
                "unit": "calendar_days",
                "article": "Property Management Regs art. 14",
            },
            ">= 15 days (",
            ">= 15 天（《物业管理条例》第十四条）",
        ),
    ],
)
def test_what_is_expected_has_no_english_in_chinese(
    code: str, params: dict[str, str], english: str, chinese: str
) -> None:
    assert english in sentence(problem(code, **params))
    assert chinese in sentence(problem(code, **params), "zh_CN")


@pytest.mark.parametrize(
    ("vote", "said", "english"),
    [
        ({"all": {"head": 1.5}}, "应为：整数 | null", "expected: a whole number | null"),
        ({"options": {}}, '应为：{"方案": 票数, …}', 'expected: {"option": votes, …}'),
        ({"all": {"head": 9}, "options": {"a": 3}}, "stdin: options", "stdin: options"),
    ],
)
def test_what_a_vote_lacks_is_said_with_its_file(vote: object, said: str, english: str) -> None:
    asked = ["decide", "--pack", "CN.278.major", "--input", "-"]
    result = CliRunner().invoke(app, asked, input=json.dumps(vote))
    assert isinstance(result.exception, Refused)
    said_of_it = [sentence(each, "zh_CN") for each in result.exception.problems]
    assert any(said in each for each in said_of_it)
    assert any(english in sentence(each) for each in result.exception.problems)


def test_why_a_file_cannot_be_read_is_said_in_chinese() -> None:
    result = CliRunner().invoke(app, ["decide", "--pack", "FR.24", "--input", "/nowhere/v.json"])
    assert isinstance(result.exception, Refused)
    (wrong,) = result.exception.problems
    assert sentence(wrong, "zh_CN").endswith("/nowhere/v.json：文件不存在。")
    assert sentence(wrong).endswith("No such file or directory.")
