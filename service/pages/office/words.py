"""Words of the record on the office's pages: roles, stages, what is awaited, and what happens then."""

import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime

from pydantic import JsonValue

from models.values.refusal import Problem
from models.values.timetable import Timetable
from runtime.language import amounts
from runtime.language.moments import on_clock
from runtime.language.sentences import awaited, event_named, sentence
from service.pages import wording
from service.pages.display import Language

ZONE: str = Timetable.model_fields["zone"].default
NO_TITLES: Mapping[str, str] = {}
FILL_IN = {"service.field_missing": "form.fill_in"}
"""What is missing in a body was left empty in the form."""
UNITS: Mapping[str, str] = {"expected.fen": "form.yuan_wanted", "expected.area": "form.area_wanted"}
"""Where bodies take hundredths and forms do not, the sentence of the form."""


def office_words(language: Language) -> Mapping[str, object]:
    """The functions that the templates of the office name things with."""

    def name(room: str, word: str) -> str:
        return named(room, word, language)

    return {
        "named": name,
        "people": lambda who: listed([name("role", each) for each in who.split(", ")], language),
        "awaited": lambda line: awaited(line.what, language),
        "told": lambda content, titles=NO_TITLES: told(content, language, titles),
        "spoken": lambda found: spoken(found, language),
        "command_id": lambda: secrets.token_hex(16),
    }


def named(room: str, word: str, language: Language) -> str:
    """A thing of the record in words; as the record calls it where it has none.

    What is awaited may be chosen as well, and is called there as it is everywhere.
    """
    if room == "event":
        return event_named(word, language)
    try:
        return wording.text(f"{room}.{word}", language, {})
    except KeyError:
        kind, _, of = word.partition(".")
        what = named("wait", kind, language) if room == "choice" else kind
        return word if what == kind else " ".join(filter(None, (what, of)))


def listed(words: Iterable[str], language: Language) -> str:
    """Several in one sentence."""
    return ("、" if language == "zh_CN" else ", ").join(words)


def told(
    content: Mapping[str, JsonValue], language: Language, titles: Mapping[str, str] = NO_TITLES
) -> list[tuple[str, str]]:
    """What a proposal says, field by field; what it leaves empty is left out.

    `titles`: of things of the case that it names by an id.
    """
    found: list[tuple[str, str]] = []
    for name, value in content.items():
        if isinstance(value, dict):
            found += told(value, language, titles)
        elif isinstance(value, list) and any(isinstance(each, dict) for each in value):
            for each in value:
                found += told(each, language, titles) if isinstance(each, dict) else ()
        elif value not in (None, "", []):
            found.append((name, titles.get(str(value)) or _said(name, value, language)))
    return found


def _said(name: str, value: JsonValue, language: Language) -> str:
    if isinstance(value, bool):
        return named("office", "yes" if value else "no", language)
    if isinstance(value, int) and name.endswith("_fen"):
        return amounts.money(value, language)
    if isinstance(value, list):
        return listed((named("choice", str(each), language) for each in value), language)
    if name.endswith(("_from", "_until", "_at")):
        # A name may be the id of a work, and its value a number.
        with suppress(ValueError, OverflowError):
            return amounts.day(datetime.fromisoformat(str(value)), language, ZONE)
    return named("choice", str(value), language)


def spoken(found: Problem, language: Language) -> str:
    """A problem without its place, which the page shows."""
    return sentence(on_clock(found.model_copy(update={"where": ""}), ""), language)


def in_words(problems: Iterable[Problem], language: Language) -> tuple[Problem, ...]:
    """The problems of a form with the names of its fields as people read them."""
    return tuple(_in_words(each, language) for each in problems)


def _in_words(found: Problem, language: Language) -> Problem:
    if "field" not in found.params:
        return found
    words = [each for each in str(found.params["field"]).split(".") if not each.isdecimal()]
    params = {**found.params, "field": named("field", words[-1] if words else "?", language)}
    code = UNITS.get(str(params.get("expected")), FILL_IN.get(found.code, found.code))
    return found.model_copy(update={"code": code, "params": params})
