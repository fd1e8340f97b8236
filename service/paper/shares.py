"""Why a home owes what it owes, on paper: the object of the page and of the API, item by item."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import JsonValue

from models.values.explanation import Explanation
from runtime.language import amounts
from service.pages.display import Language
from service.pages.shares import Line, joined_means, joined_of, lines_of, rounding_of
from service.pages.wording import text
from service.paper.typesetting import typeset

LANGUAGE: Language = "zh_CN"
SOURCE = """
#set page(paper: "a4", margin: (x: 22mm, y: 20mm))
#for home in data.homes [
  #align(center, text(size: 16pt)[#data.heading])
  #align(center, text(size: 12pt)[#data.title])
  #v(4mm)
  #text(size: 13pt)[#home.unit　#home.total]
  #for item in home.items [
    #v(3mm)
    #block(breakable: false, width: 100%, inset: 3mm, stroke: 0.4pt)[
      #text(size: 12pt)[#item.title]
      #table(columns: (1fr, auto), stroke: none, inset: 1.5mm,
        align: (left, right), ..item.rows.flatten())
    ]
  ]
  #v(4mm)
  #for line in home.rounding { par(line) }
  #pagebreak(weak: true)
]
"""


def share_pdf(why: Explanation, title: str, more_fonts: Path | None = None) -> bytes:
    """The explanation of one home, in Chinese as all that is printed."""
    return shares_pdf([why], title, more_fonts)


def shares_pdf(homes: Sequence[Explanation], title: str, more_fonts: Path | None = None) -> bytes:
    """Those of many homes in one file, each on pages of its own."""
    said: dict[str, JsonValue] = {
        "heading": _say("page.share_why_paper"),
        "title": title,
        "homes": [_home(each) for each in homes],
    }
    return typeset(SOURCE, said, more_fonts)


def _home(why: Explanation) -> JsonValue:
    items: list[JsonValue] = [
        {"title": line[0].title, "rows": _rows(line)} for line in lines_of(why, LANGUAGE)
    ]
    return {
        "unit": why.unit_number,
        "total": amounts.money(why.charged_fen, LANGUAGE),
        "items": [*items, *_joined(why)],
        "rounding": [*joined_means(why, LANGUAGE), *rounding_of(why, LANGUAGE)],
    }


def _joined(why: Explanation) -> list[JsonValue]:
    found = joined_of(why, LANGUAGE)
    rows: list[JsonValue] = [[name, value] for name, value in found]
    return [{"title": _say("page.joined_since"), "rows": rows}] if rows else []


def _rows(line: Line) -> list[JsonValue]:
    each, factors, weight, weights, exact = line
    told = [
        (_say("page.amount"), amounts.money(each.cost_fen, LANGUAGE)),
        (_say("page.share_others"), amounts.money(each.others_fen, LANGUAGE)),
        (_say("page.share_gap", homes=each.payers), amounts.money(each.gap_fen, LANGUAGE)),
        (_say("page.scheme_key"), _say(f"page.key_{each.key}")),
        *factors,
        (_say("page.share_weight"), weight),
        (_say("page.share_weights", homes=each.payers), weights),
        (_say("page.share_exact"), exact),
        (_say("page.share_yours"), amounts.money(each.amount_fen, LANGUAGE)),
    ]
    return [[name, value] for name, value in told]


def _say(code: str, **params: str | int) -> str:
    return text(code, LANGUAGE, params)
