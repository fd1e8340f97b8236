"""The details of an event as words: sums, moments, areas, names; what is not to be read is left out."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import JsonValue

from rules.disclosure.events import REDACTED
from runtime.language.amounts import area, clock_time, end_time, money
from runtime.language.catalogues import Catalogue, read_catalogue
from runtime.language.catalogues import phrase as phrase_in
from runtime.language.citations import cited
from runtime.language.moments import read_moment
from runtime.language.sentences import event_named, phrase

LOCALES = Path(__file__).with_name("locales")
LISTED = 5
"""So many of a list are named; the rest is a number."""
LONGEST = 400
"""Free words are cut behind so many letters, and say so; figures never are."""
HASH = 64
ENDS = (
    "_until",
    "_by",
    "_due",
    "due_at",
    "closes_at",
    "deadline",
    "deadline_at",
    "until",
    "missed",
    "before",
)
"""Details whose moment ends a period: at midnight it is the 24:00 of the day before."""
ROOMS: Mapping[str, Sequence[str]] = {
    "stage": ("stage",),
    "state": ("state",),
    "outcome": ("outcome",),
    "vote_outcome": ("outcome",),
    "cost_sharing_outcome": ("outcome",),
    "level": ("level",),
    "from": ("level",),
    "act": ("act_title", "deed"),
    "step": ("event",),
    "kind": ("ticket_kind",),
    "what": ("wait",),
    "addressee": ("role",),
    "was_with": ("role",),
    "message_was": ("message_state",),
    "event_kind": ("event",),
}
"""By the name of a detail the rooms of the product's catalogue that have its words."""
CATALOGUES: dict[str, Catalogue] = {}


def text(code: str, language: str, params: Mapping[str, str | int]) -> str | None:
    """A text of this room; None where it has none."""
    if language not in CATALOGUES:
        CATALOGUES[language] = read_catalogue(LOCALES, language)
    return phrase_in(CATALOGUES[language], code, params)


def figure(name: str, value: JsonValue, language: str, zone: str) -> str | None:
    """One detail in words; None where there is nothing to say, or it may not be read."""
    if isinstance(value, bool) or value is None or value in ("", REDACTED):
        return None
    if isinstance(value, int):
        return _number(name, value, language)
    if isinstance(value, str):
        return _word(name, value, language, zone)
    if isinstance(value, dict):
        return f"{len(value):,}" if value else None
    return _list(name, value, language, zone) if isinstance(value, list) else str(value)


def _number(name: str, value: int, language: str) -> str:
    if name.endswith("_fen"):
        return money(value, language)
    return area(value) if name.endswith("area_dm2") else f"{value:,}"


def _word(name: str, value: str, language: str, zone: str) -> str:
    moment = read_moment(value)
    if moment is not None:
        if name.endswith(ENDS):
            return end_time(moment, language, zone)
        return clock_time(moment, language, zone)
    known = cited(value, language) if name == "article" else None
    known = known or text(f"value.{name}.{value}", language, {})
    word = value.partition(".")[0] if name == "what" else value
    for room in ROOMS.get(name, ()):
        known = known or _of_room(room, word, language)
    if known:
        return known
    if len(value) == HASH and set(value) <= set("0123456789abcdef"):
        return f"{value[:12]}…"
    return value if len(value) <= LONGEST else f"{value[:LONGEST]}…"


def _of_room(room: str, word: str, language: str) -> str | None:
    if room == "event":
        return event_named(word, language)
    return text(f"value.{room}.{word}", language, {}) or phrase(f"{room}.{word}", language, {})


def _list(name: str, values: list[JsonValue], language: str, zone: str) -> str | None:
    if not values:
        return None
    if any(isinstance(each, dict | list) for each in values):
        return f"{len(values):,}"
    words = [word for each in values if (word := figure(name, each, language, zone)) is not None]
    shown = (text("between", language, {}) or ", ").join(words[:LISTED])
    if len(words) <= LISTED:
        return shown or None
    return text("more", language, {"listed": shown, "n": len(words) - LISTED})
