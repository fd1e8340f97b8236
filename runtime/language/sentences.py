"""The sentence for a refusal's code, from the message catalogues beside this module."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from models.values.refusal import Problem
from runtime.language.catalogues import Catalogue, read_catalogue
from runtime.language.catalogues import phrase as phrase_in
from runtime.language.citations import in_params
from runtime.language.moments import in_words, read_moment

_PLACE = re.compile(
    r"(.+?)(?: sheet (.+?))?(?: row ([0-9]+)(?:, column (.+))?| line ([0-9]+)(?:, byte ([0-9]+)|, (.+))?"
    r"| entry ([0-9.]+)(?: (.+))?| (section [A-Z]+, field .+))"
)
_WITHIN = (
    (re.compile(r"^column ([0-9]+)$"), r"第 \1 列"),
    (re.compile(r"^section ([A-Z]+)"), r"\1 部分"),
    (re.compile(r"^field |(?<=部分), field "), " 字段 "),
)
"""How a place within a line is said."""
_BETWEEN = re.compile(r", (?:or )?| or ")
_OR = re.compile(r",? or ")
LOCALES = Path(__file__).with_name("locales")


def sentence(problem: Problem, language: str = "en") -> str:
    """One sentence a person can act on; the bare code with its figures where none is written yet.

    `language` is "en" or "zh_CN".
    """
    text = phrase(problem.code, language, problem.params)
    if text is None:
        figures = ", ".join(f"{name}={value}" for name, value in problem.params.items())
        text = f"{problem.code} ({figures})" if figures else problem.code
    mentioned = not problem.where or problem.where in text
    return text if mentioned else f"{place(problem.where, language)}: {text}"


def phrase(code: str, language: str, params: Mapping[str, str | int]) -> str | None:
    """What a catalogue has for a code, with its figures; None where it has nothing."""
    return phrase_in(_catalogue(language), code, _in_words(params, language))


def awaited(what: str, language: str, subject: str = "") -> str:
    """What somebody is waited for ("objections.vote_result"), with what of it and which, where that is told.

    `what` and `subject` are those of `models.values.waits.Wait`; a reader who may not know the subject gives none.
    """
    kind, _, of = what.partition(".")
    said = phrase(f"wait.{kind}", language, {}) or kind
    posted = phrase(f"publication_subject.{of}", language, {}) or of
    for each in filter(None, (posted, subject)):
        said = phrase("awaited.of", language, {"what": said, "of": each}) or said
    return said


def event_named(kind: str, language: str) -> str:
    """What happened, in words, for people: in English the record's own name without its room ("box closed")."""
    said = phrase(f"event.{kind}", language, {}) or kind
    bare = kind.partition(".")[2].replace("_", " ")
    return bare or kind if said == kind else said


def place(where: str, language: str) -> str:
    """A place of a file in words: its sheet, row, line and column as the language says them."""
    if language == "en":
        return where
    match = _PLACE.fullmatch(where)
    if match is None:
        return where
    name, sheet, row, column, line, byte, field, entry, part, section = match.groups()
    found = (
        (name, "{}"),
        (sheet, "工作表“{}”"),
        (row, "第 {} 行"),
        (column, "{} 列"),
        (line, "第 {} 行"),
        (byte, "第 {} 字节"),
        (_within(field), "{}"),
        (entry, "第 {} 笔"),
        (part, "{}"),
        (_within(section), "{}"),
    )
    return " ".join(words.format(value) for value, words in found if value)


def _within(field: str | None) -> str | None:
    for pattern, words in _WITHIN:
        field = pattern.sub(words, field) if field else field
    return field


def _in_words(params: Mapping[str, str | int], language: str) -> Mapping[str, str | int]:
    """The parameters as a person reads them: moments by the clock they were written by, a source as the
    language cites it, what was expected as a phrase, where it names one of `models.fields`, and why a file
    cannot be read, where the system says it as it usually does; a number that is needed with its unit.
    """
    if language != "en" and "options" in params:
        params = {**params, "options": _BETWEEN.sub("、", str(params["options"]))}
    moments = {name: read_moment(value) for name, value in params.items()}
    said = {name: in_words(each, language) for name, each in moments.items() if each is not None}
    phrase = _catalogue(language).get(str(params.get("expected", "")))
    if phrase is not None:
        said["expected"] = phrase[-1] % params
    elif language != "en" and "expected" in params:
        said["expected"] = _OR.sub("、", str(params["expected"]))
    one = "unit_one" if str(params.get("need")) == "1" else "unit"
    counted = _catalogue(language).get(f"check.{one}.{params.get('unit')}")
    if counted is not None and "need" in params:
        said["need"] = counted[-1] % {"n": params["need"]}
    reason = _catalogue(language).get(f"reason.{params.get('reason')}")
    if reason is not None:
        said["reason"] = reason[-1]
    return {**params, **said, **in_params(params, language)}


@cache
def _catalogue(language: str) -> Catalogue:
    return read_catalogue(LOCALES, language)
