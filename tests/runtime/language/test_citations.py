"""The sources of the rules as a Chinese reader cites them."""

import ast
import re
from pathlib import Path

import pytest

import rules
from runtime.language.citations import chinese_number, cited

ROOT = Path(rules.__file__).parent
SOURCE = re.compile(r"\[D\]|[A-Z][A-Za-z'.0-9 ()]+ art\. \d|rules \d|rule book ")
ELSEWHERE = {"au_nsw", "de", "es", "fr", "hk", "it", "sg", "tw", "us_ca"}
"""The packs of other countries, which are cited in their own way."""
OF_OUR_RULES = re.compile(r"[A-Z]+(-[A-Z]+)?-?\d+")
"""How the rule book numbers its rules and cases: V-CN-5, E13, B-20."""
A_RULE = "PRC "
"""So the titles of two rules begin, which are no sources."""


def sources() -> set[str]:
    """Every source that a module of the rules names, but for those of other countries."""
    found = set()
    for path in ROOT.rglob("*.py"):
        if path.stem in ELSEWHERE:
            continue
        tree = ast.parse(path.read_text("utf-8"))
        said = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
        for each in ast.walk(tree):
            if not isinstance(each, ast.Constant) or id(each) in said:
                continue
            if isinstance(each.value, str) and SOURCE.match(each.value):
                found.add(each.value)
    return {each for each in found if not each.startswith(A_RULE)}


def test_every_source_of_the_rules_is_cited_in_chinese() -> None:
    assert len(sources()) > 100
    left = {}
    for each in sources():
        chinese = OF_OUR_RULES.sub("", cited(each, "zh_CN"))
        if re.search(r"[A-Za-z]", chinese):
            left[each] = chinese
    assert not left


@pytest.mark.parametrize(
    ("source", "chinese"),
    [
        ("Civil Code art. 278(2)", "《民法典》第二百七十八条第二款"),
        ("Tendering Regs art. 51(5); trigger by rules B-21",
         "《招标投标法实施条例》第五十一条第五项；触发标准见本项目规则B-21"),
        ("Civil Code art. 563(1)(3), 806", "《民法典》第五百六十三条第一款第三项、第八百零六条"),
        ("Tendering Law art. 46 (the tenderer)", "《招标投标法》第四十六条（招标人）"),
        ("rules 1.3 (E4)", "rules 1.3 (E4)"),
        ("rules 8, E1", "本项目规则8（E1）"),
        ("rules 3.2, B-14", "本项目规则3.2, B-14"),
        ("[D] four eyes", "本项目的约定：两人分别办理"),
        ("LPH art. 17.2", "LPH art. 17.2"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_source_is_cited_as_its_language_does(source: str, chinese: str) -> None:
    assert cited(source, "zh_CN") == chinese
    own = source.replace("[D] four eyes", "this project's own rule (four eyes)")
    assert cited(source) == own


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "一"), (10, "十"), (12, "十二"), (20, "二十"), (100, "一百"), (105, "一百零五"), (110, "一百一十"),
     (278, "二百七十八"), (1_010, "一千零一十"), (1_136, "一千一百三十六"), (2_003, "二千零三")],
)  # fmt: skip
def test_articles_are_counted_in_chinese(number: int, words: str) -> None:
    assert chinese_number(number) == words


@pytest.mark.parametrize("number", [0, -1, 10_000])
def test_no_article_has_another_number(number: int) -> None:
    with pytest.raises(ValueError, match="expected a number"):
        chinese_number(number)


@pytest.mark.parametrize(
    "words",
    [
        "Civil Code art. 0",
        "Civil Code art. 10000",
        "Civil Code art. 1(0)",
        "[D] [D] x",
        "[D] " * 1_200,
    ],
    ids=lambda words: words[:24],
)
def test_words_that_only_look_like_a_source_stay_words(words: str) -> None:
    assert cited(words, "zh_CN") == words
