"""Every macro of the pages stands on a page that shows it in its states."""

import re

import pytest

from service.pages.rendering import HERE
from tests.support.browser.desk import Desk
from tests.support.channels import Channels

TEMPLATES = HERE / "templates"
LIBRARIES = ("parts.html", "office/parts.html")
SHOWN = ("office/components.html", "office/components_of_homes.html")
INNER = frozenset(
    {"complaint", "legend", "hint", "described", "unit", "ticked", "asked", "form_token_field"}
)
"""Pieces of a question of a form, which `ask` and `columns_form` show."""


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_component_is_shown(library: str) -> None:
    made = set(re.findall(r"{% macro (\w+)\(", (TEMPLATES / library).read_text()))
    shown = "".join((TEMPLATES / each).read_text() for each in SHOWN)
    used = set(re.findall(r"(?:parts|its)\.(\w+)\(", shown))
    assert made - used - INNER == set()


@pytest.mark.parametrize("path", ["/office/components", "/office/components/homes"])
async def test_the_components_are_shown_untouched_and_wrong(vote: Channels, path: str) -> None:
    for language in ("en", "zh"):
        desk = Desk(vote.http, "committee", language)
        page = await desk.get(path)
        assert page.status == 200
        wrong = await desk.send(page, path)
        assert 'aria-invalid="true"' in wrong.html
