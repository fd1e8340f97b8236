"""How money, areas and days are written for people."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

DM2_PER_M2 = 100


def money(fen: int, language: str) -> str:
    """An amount in yuan with two decimals."""
    sign, amount = ("-" if fen < 0 else ""), abs(fen)
    yuan = f"{amount // 100:,}.{amount % 100:02}"
    return f"{sign}{yuan} 元" if language == "zh_CN" else f"{sign}¥{yuan}"


def percent(permille: int) -> str:
    """A part of a whole, of a thousandth each: 125 is 12.5%."""
    whole, tenth = divmod(permille, 10)
    return f"{whole}.{tenth}%" if tenth else f"{whole}%"


def area(dm2: int) -> str:
    """An area in m²."""
    return f"{dm2 // DM2_PER_M2:,}.{dm2 % DM2_PER_M2:02} m²"


def day(moment: datetime | date, language: str, zone: str) -> str:
    """A day in the place of the case."""
    local = moment.astimezone(ZoneInfo(zone)) if isinstance(moment, datetime) else moment
    if language == "zh_CN":
        return f"{local.year} 年 {local.month} 月 {local.day} 日"
    return f"{local.day} {local:%B %Y}"


def clock_time(moment: datetime, language: str, zone: str) -> str:
    """A day with its hour and minute in the place of the case."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{day(local, language, zone)} {local.hour}:{local.minute:02}"


def end_time(moment: datetime, language: str, zone: str) -> str:
    """The end of a period: at midnight it is the 24:00 of its last day, or it reads as a day more."""
    local = moment.astimezone(ZoneInfo(zone))
    if (local.hour, local.minute) == (0, 0):
        return f"{day(local.date() - timedelta(days=1), language, zone)} 24:00"
    return clock_time(moment, language, zone)
