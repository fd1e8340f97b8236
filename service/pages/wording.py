"""The texts of the pages, and how money, areas, days and moments are written for people."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from runtime.language.catalogues import Catalogue, read_catalogue
from runtime.language.catalogues import phrase as phrase_in
from runtime.language.sentences import phrase
from service.pages.display import Language

LOCALES = Path(__file__).with_name("locales")
DM2_PER_M2 = 100


def text(code: str, language: Language, params: Mapping[str, str | int]) -> str:
    """A text of the pages, or of the product where the pages have none of their own; never a bare code.

    Raises:
        KeyError: there is no such text: a fault of a template, which `make check` finds.
    """
    found = phrase_in(_catalogue(language), code, params)
    if found is None:
        found = phrase(code, language, params)
    if found is None:
        raise KeyError(code)
    return found


def money(fen: int, language: Language) -> str:
    """An amount in yuan with two decimals."""
    sign, amount = ("-" if fen < 0 else ""), abs(fen)
    yuan = f"{sign}{amount // 100:,}.{amount % 100:02}"
    return f"{yuan} 元" if language == "zh_CN" else f"¥{yuan}"


def area(dm2: int) -> str:
    """An area in m²."""
    return f"{dm2 // DM2_PER_M2:,}.{dm2 % DM2_PER_M2:02} m²"


def day(moment: datetime | date, language: Language, zone: str) -> str:
    """A day in the place of the case."""
    local = moment.astimezone(ZoneInfo(zone)) if isinstance(moment, datetime) else moment
    if language == "zh_CN":
        return f"{local.year} 年 {local.month} 月 {local.day} 日"
    return f"{local.day} {local:%B %Y}"


def clock_time(moment: datetime, language: Language, zone: str) -> str:
    """A day with its hour and minute in the place of the case."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{day(local, language, zone)} {local.hour}:{local.minute:02}"


def end_time(moment: datetime, language: Language, zone: str) -> str:
    """The end of a period: at midnight it is the 24:00 of its last day, or it reads as a day more."""
    local = moment.astimezone(ZoneInfo(zone))
    if (local.hour, local.minute) == (0, 0):
        return f"{day(local.date() - timedelta(days=1), language, zone)} 24:00"
    return clock_time(moment, language, zone)


@cache
def _catalogue(language: Language) -> Catalogue:
    return read_catalogue(LOCALES, language)
