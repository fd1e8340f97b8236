"""The sentence for a refusal's code, from the message catalogues beside this module."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

from models.values.refusal import Problem
from runtime.language.moments import in_words, read_moment

_PLACE = re.compile(
    r"(.+?)(?: sheet (.+?))?(?: row ([0-9]+)(?:, column (.+))?| line ([0-9]+)(?:, byte ([0-9]+)|, (.+))?)"
)
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
    forms = _catalogue(language).get(code)
    if forms is None:
        return None
    template = forms[0] if params.get("count") == 1 else forms[-1]
    try:
        return template % _in_words(params, language)
    except (KeyError, ValueError, TypeError):
        return template


def place(where: str, language: str) -> str:
    """A place of a file in words: its sheet, row, line and column as the language says them."""
    if language == "en":
        return where
    match = _PLACE.fullmatch(where)
    if match is None:
        return where
    name, sheet, row, column, line, byte, field = match.groups()
    found = (
        (name, "{}"),
        (sheet, "工作表“{}”"),
        (row, "第 {} 行"),
        (column, "{} 列"),
        (line, "第 {} 行"),
        (byte, "第 {} 字节"),
        (field, "{}"),
    )
    return " ".join(words.format(value) for value, words in found if value)


def _in_words(params: Mapping[str, str | int], language: str) -> Mapping[str, str | int]:
    """The parameters as a person reads them: moments by the clock they were written by, and what was
    expected as a phrase, where it names one of `models.fields`.
    """
    moments = {name: read_moment(value) for name, value in params.items()}
    said = {name: in_words(each, language) for name, each in moments.items() if each is not None}
    phrase = _catalogue(language).get(str(params.get("expected", "")))
    if phrase is not None:
        said["expected"] = phrase[-1] % params
    return {**params, **said}


@cache
def _catalogue(language: str) -> Mapping[str, tuple[str, ...]]:
    """Code to its sentence; to two where it differs for a `count` of one and of more."""
    path = LOCALES / language / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    return {
        message.id if isinstance(message.id, str) else message.id[0]: (
            (message.string,) if isinstance(message.string, str) else tuple(message.string)
        )
        for message in catalogue
        if message.id and message.string
    }
