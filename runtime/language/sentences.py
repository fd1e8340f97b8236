"""The sentence for a refusal's code, from the message catalogues beside this module."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

from models.values.refusal import Problem

LOCALES = Path(__file__).with_name("locales")


def sentence(problem: Problem, language: str = "en") -> str:
    """One sentence a person can act on; the bare code with its figures where none is written yet.

    `language` is "en" or "zh_CN".
    """
    template = _catalogue(language).get(problem.code)
    if template is None:
        figures = ", ".join(f"{name}={value}" for name, value in problem.params.items())
        text = f"{problem.code} ({figures})" if figures else problem.code
    else:
        try:
            text = template % _in_words(problem.params, language)
        except (KeyError, ValueError, TypeError):
            text = template
    mentioned = not problem.where or problem.where in text
    return text if mentioned else f"{problem.where}: {text}"


def _in_words(params: Mapping[str, str | int], language: str) -> Mapping[str, str | int]:
    """The parameters with what was expected as a phrase, where it names one of `models.fields`."""
    phrase = _catalogue(language).get(str(params.get("expected", "")))
    return {**params, "expected": phrase % params} if phrase is not None else params


@cache
def _catalogue(language: str) -> Mapping[str, str]:
    path = LOCALES / language / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    return {
        str(message.id): str(message.string)
        for message in catalogue
        if message.id and message.string
    }
