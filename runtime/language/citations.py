"""Where a rule comes from, as a Chinese reader cites it: 《民法典》第二百七十八条第二款.

The rules name their sources in English, parted by "; ". A catalogue of its own has the Chinese name of each
law and the Chinese of what stands beside it; numbers of articles become Chinese here. What no catalogue
knows stands as it is written, so the laws of other countries are cited in their own way.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from runtime.language.catalogues import Catalogue, read_catalogue

LOCALES = Path(__file__).with_name("locales")
PROPOSED = "[D]"
"""So the rule book marks what is a proposal of this project and no law."""
BETWEEN = "；"
_CITED = re.compile(
    r"(?P<law>[^;]+?) art\. (?P<numbers>\d[\d, ()]*?)(?:: (?P<says>.+)| \((?P<note>[^)]+)\)|, (?P<more>\D.+))?"
)
_RULE = re.compile(r"rules (?P<number>[A-Z0-9][A-Z0-9., -]*)")
OF_OUR_RULES = "本项目规则"
"""The rule book of this project, which says where each rule comes from."""
_NUMBER = re.compile(r"(?P<article>\d+)(?P<parts>(?:\(\d+\))*)")
_PART = re.compile(r"\((\d+)\)")
PARAGRAPH, ITEM = "款", "项"
ITEMS_FIRST = frozenset({("Tendering Regs", 51), ("PIPL", 47), ("PIPL", 13)})
"""Articles that are one list: their first number in brackets names an item, elsewhere a paragraph."""
MOST = 9_999
_DIGITS = "零一二三四五六七八九"
_PLACES = ((1000, "千"), (100, "百"), (10, "十"))


def cited(article: str, language: str = "en") -> str:
    """A source as the language cites it; `language` is "en" or "zh_CN"."""
    names = _catalogue(language)
    if not names:
        return "; ".join(map(_in_english, article.split("; ")))
    return BETWEEN.join(_part(each, names) for each in article.split("; "))


def chinese_number(number: int) -> str:
    """A number from 1 to 9,999 as articles are counted: 10 is 十, 278 is 二百七十八, 1136 is 一千一百三十六.

    Raises:
        ValueError: another number.
    """
    if not 1 <= number <= MOST:
        raise ValueError(f"{number}: expected a number from 1 to {MOST:,}")
    words, left = "", number
    for place, name in _PLACES:
        digit, left = divmod(left, place)
        if digit:
            words += _DIGITS[digit] + name
        elif words and left and not words.endswith(_DIGITS[0]):
            words += _DIGITS[0]
    words += _DIGITS[left] if left else ""
    return words.removeprefix("一") if words.startswith("一十") else words


def _in_english(part: str) -> str:
    """As the rules name it; that it is no law but ours is said in words."""
    rest = part.removeprefix(PROPOSED).strip()
    return f"this project's own rule ({rest})" if part.startswith(PROPOSED) and rest else part


def _part(part: str, names: Catalogue) -> str:
    known = names.get(part)
    if known is not None:
        return known[0]
    rest = part.removeprefix(PROPOSED).strip()
    if part.startswith(PROPOSED) and rest and not rest.startswith(PROPOSED):
        return f"{_part(PROPOSED, names)}：{_part(rest, names)}"
    if (rule := _RULE.fullmatch(part)) is not None:
        return OF_OUR_RULES + rule["number"]
    found = _CITED.fullmatch(part)
    if found is None or found["law"] not in names:
        return part
    beside = found["says"] or found["note"] or found["more"]
    said = f"（{_part(beside, names)}）" if beside else ""
    try:
        numbers = "、".join(
            _numbered(found["law"], each) for each in _NUMBER.finditer(found["numbers"])
        )
    except ValueError:
        return part  # no law has such an article: these are somebody's words
    return f"《{names[found['law']][0]}》{numbers}{said}"


def _numbered(law: str, found: re.Match[str]) -> str:
    number = int(found["article"])
    kinds = (ITEM,) if (law, number) in ITEMS_FIRST else (PARAGRAPH, ITEM)
    parts = (chinese_number(int(each)) for each in _PART.findall(found["parts"]))
    within = "".join(f"第{part}{kind}" for part, kind in zip(parts, kinds, strict=False))
    return f"第{chinese_number(number)}条{within}"


@cache
def _catalogue(language: str) -> Catalogue:
    return read_catalogue(LOCALES, language, "articles")


def in_params(params: Mapping[str, str | int], language: str) -> Mapping[str, str]:
    """The sources among the figures of a sentence, in the language."""
    given = params.get("article")
    return {"article": cited(given, language)} if isinstance(given, str) else {}
