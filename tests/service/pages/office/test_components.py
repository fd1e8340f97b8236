"""Every macro of the pages stands on a page that shows it in its states."""

import re

import pytest

from service.pages.rendering import HERE
from tests.support.browser.desk import Desk
from tests.support.channels import Channels

TEMPLATES = HERE / "templates"
LIBRARIES = ("parts.html", "office/parts.html", "history_parts.html")
SHOWN = tuple(f"office/components{each}.html" for each in ("", "_of_homes", "_of_history"))
INNER = frozenset(
    {"complaint", "legend", "hint", "described", "unit", "ticked", "asked", "form_token_field"}
    | {"chooser", "reason"}
)
"""Pieces of a question of a form, which `ask` and `columns_form` show, and of `history` and `why`."""


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_component_is_shown(library: str) -> None:
    made = set(re.findall(r"{% macro (\w+)\(", (TEMPLATES / library).read_text()))
    shown = "".join((TEMPLATES / each).read_text() for each in SHOWN)
    used = set(re.findall(r"(?:parts|its|past)\.(\w+)\(", shown))
    assert made - used - INNER == set()


def test_every_file_of_components_is_looked_at() -> None:
    """A macro that several templates use stands in a library, and a library is known here."""
    imported = {
        each
        for path in TEMPLATES.rglob("*.html")
        for each in re.findall(r'{% (?:import|from) "([^"]+)"', path.read_text())
    }
    assert imported == set(LIBRARIES)


@pytest.mark.parametrize("path", ["/office/components", "/office/components/homes"])
async def test_the_components_are_shown_untouched_and_wrong(vote: Channels, path: str) -> None:
    for language in ("en", "zh"):
        desk = Desk(vote.http, "committee", language)
        page = await desk.get(path)
        assert page.status == 200
        wrong = await desk.send(page, path)
        assert 'aria-invalid="true"' in wrong.html


async def test_the_components_of_the_history_are_shown_untouched_and_wrong(vote: Channels) -> None:
    for language in ("en", "zh"):
        desk = Desk(vote.http, "committee", language)
        page = await desk.get("/office/components/history")
        assert page.status == 200
        assert 'aria-invalid="true"' not in page.html
        wrong = await desk.get("/office/components/history?as_of=x&since=y")
        assert wrong.html.count('aria-invalid="true"') == 2
