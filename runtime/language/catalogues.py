"""Message catalogues: a code to its text, with its figures."""

from collections.abc import Mapping
from pathlib import Path

from babel.messages.pofile import read_po

Catalogue = Mapping[str, tuple[str, ...]]
"""Code to its text; to two where it differs for a `count` of one and of more."""


def read_catalogue(locales: Path, language: str, domain: str = "messages") -> Catalogue:
    """The catalogue of a language in a folder of locales; empty where there is none."""
    path = locales / language / "LC_MESSAGES" / f"{domain}.po"
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


def phrase(catalogue: Catalogue, code: str, params: Mapping[str, str | int]) -> str | None:
    """What a catalogue has for a code, with its figures; None where it has nothing."""
    forms = catalogue.get(code)
    if forms is None:
        return None
    template = forms[0] if params.get("count") == 1 else forms[-1]
    try:
        return template % params
    except (KeyError, ValueError, TypeError):
        return template
