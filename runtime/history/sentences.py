"""One event of the record as a sentence: who, in which capacity, did what, with the figures that the event has."""

import re
from collections.abc import Mapping

from pydantic import JsonValue

from models.values.actor import Role
from rules.disclosure.events import HOUSEHOLDS, REDACTED
from rules.history.recorded import RecordedEvent
from runtime.history.figures import figure, text
from runtime.language.sentences import phrase

CLAUSE = re.compile(r"\[(?:(!?)(\w+)\?)?([^\[\]]*)\]")
"""A part that is left out where the record lacks one of its figures, or what it is on is not so."""
FIGURE = re.compile(r"%\(([\w.]+)\)s")
"""A detail, or one of those within it: `shares.total_fen`."""


def predicate(event: RecordedEvent, language: str, zone: str) -> str | None:
    """What was done, to be put behind who did it; None where the event lacks what its sentence is about."""
    template = text(f"told.{event.kind}", language, {})
    given = {"rule_pack": event.rule_pack, **event.given}
    if template is None:
        return None

    said, at = list[str](), 0
    # Part by part: what somebody wrote is put in and not looked through for figures.
    for match in CLAUSE.finditer(template):
        inverted, condition, words = match.groups()
        before = _filled(template[at : match.start()], given, language, zone)
        if before is None:
            return None
        left_out = condition and given.get(condition) is not (not inverted)
        said += [before, "" if left_out else _filled(words, given, language, zone) or ""]
        at = match.end()
    rest = _filled(template[at:], given, language, zone)
    return None if rest is None else "".join((*said, rest))


def told(event: RecordedEvent, who: str, language: str, zone: str) -> str:
    """The whole sentence."""
    did = predicate(event, language, zone)
    if did is None:
        name = phrase(f"event.{event.kind}", language, {}) or event.kind
        return text("line.plain", language, {"who": who, "name": name}) or name
    return text("line", language, {"who": who, "did": did}) or did


def actor_words(role: str, label: str, on_behalf_of: str | None, language: str) -> str:
    """Who acted, by name and capacity of that day; of a home that is not to be read only that it was one."""
    if role == Role.ENGINE:
        return text("who.engine", language, {}) or role
    if role in HOUSEHOLDS and label == REDACTED:
        return text("who.home", language, {}) or role
    label = "" if label == REDACTED else label  # an official whose name is nobody's any more
    capacity = text(f"value.role.{role}", language, {}) or phrase(f"role.{role}", language, {})
    named = {"label": label, "role": capacity or role}
    who = text("who.person", language, named) if label else named["role"]
    if not on_behalf_of or on_behalf_of == REDACTED or who is None:
        return who or role
    return text("who.for", language, {"who": who, "whom": on_behalf_of}) or who


def _filled(words: str, given: Mapping[str, JsonValue], language: str, zone: str) -> str | None:
    """The words with their figures; None where one is missing."""
    figures: dict[str, str] = {}
    for name in FIGURE.findall(words):
        found = figure(name.rpartition(".")[2], _detail(given, name), language, zone)
        if found is None:
            return None
        figures[name] = found
    return FIGURE.sub(lambda match: figures[match[1]], words)


def _detail(given: Mapping[str, JsonValue], name: str) -> JsonValue:
    outer, _, inner = name.partition(".")
    value = given.get(outer)
    if not inner:
        return value
    return value.get(inner) if isinstance(value, dict) else None
