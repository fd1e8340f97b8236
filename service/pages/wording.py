"""The texts of the pages; how money, areas and days are written is `runtime.language.amounts`."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from runtime.language.catalogues import Catalogue, read_catalogue
from runtime.language.catalogues import phrase as phrase_in
from runtime.language.citations import in_params
from runtime.language.sentences import phrase
from service.pages.display import Language

LOCALES = Path(__file__).with_name("locales")


def text(code: str, language: Language, params: Mapping[str, str | int]) -> str:
    """A text of the pages, or of the product where the pages have none of their own; never a bare code.

    Raises:
        KeyError: there is no such text: a fault of a template, which `make check` finds.
    """
    found = phrase_in(_catalogue(language), code, {**params, **in_params(params, language)})
    if found is None:
        found = phrase(code, language, params)
    if found is None:
        raise KeyError(code)
    return found


@cache
def _catalogue(language: Language) -> Catalogue:
    return read_catalogue(LOCALES, language)
