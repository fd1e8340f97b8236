"""What a command prints, in the language of its reader; nothing of `--json` comes from here.

Sentences are in the catalogues: `line.…` as they stand, `count.…` for one and for more. Things that
the record calls by an English name (stages, events, roles) have one there too.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Annotated

import typer

ENGLISH = "en"
Language = Annotated[
    str, typer.Option(help="en or zh_CN; else as LC_ALL, LC_MESSAGES or LANG ask for.")
]


def speak(language: str) -> None:
    """Take the language of `--language` from here on, for refusals too; "" leaves it to the environment.

    Raises:
        Refused: `language.unknown`.
    """
    from runtime.language.choice import LANGUAGES, choose, language_named

    known = language_named(language)
    if language and known is None:
        from models.values.refusal import refusal

        able = ", ".join(LANGUAGES)
        raise refusal("language.unknown", where="--language", language=language, able=able)
    choose(known or "")


def spoken_here() -> str:
    """The language of this command."""
    from runtime.language.choice import spoken

    return spoken(os.environ)


def said(code: str, /, **params: str | int) -> str:
    """The sentence of a code; what it is about is written so that it cannot pass for a line of ours."""
    from cli.output import inside
    from models.values.refusal import problem
    from runtime.language.sentences import sentence

    told = {name: inside(each) if isinstance(each, str) else each for name, each in params.items()}
    return sentence(problem(code, where="", **told), spoken_here())


def number_of(what: str, count: int) -> str:
    """So many of something: "1 renovation", "2 renovations"."""
    return said(f"count.{what}", count=count, n=f"{count:,}")


def named(room: str, name: str) -> str:
    """A thing of the record in words; as the record calls it where it has none."""
    code = f"{room}.{name}"
    text = said(code)
    return name if text == code else text


def wait_named(what: str) -> str:
    """What is waited for: as `--waiting` takes it in English, in words else."""
    if spoken_here() == ENGLISH or not what:
        return what
    from runtime.language.sentences import awaited

    return awaited(what, spoken_here())


def listed(parts: Iterable[str]) -> str:
    """Several on one line."""
    return (", " if spoken_here() == ENGLISH else "，").join(parts)


def aligned(name: str, value: str, width: int) -> str:
    """A name and its value, the values of all lines below each other; a Chinese letter is two columns wide."""
    from rich.cells import cell_len

    return f"{name}{' ' * max(1, width - cell_len(name))}{value}"
