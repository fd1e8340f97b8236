"""Which language a person at the terminal reads."""

from collections.abc import Mapping
from contextvars import ContextVar

LANGUAGES = ("en", "zh_CN")
DECIDING = ("LC_ALL", "LC_MESSAGES", "LANG")
"""The first one that is set decides, as everywhere; no locale has to be installed."""


def language_of(environment: Mapping[str, str]) -> str:
    """Chinese where the environment asks for any kind of it, English else."""
    asked = next((environment[name] for name in DECIDING if environment.get(name)), "")
    return "zh_CN" if asked.casefold().startswith("zh") else "en"


def language_named(name: str) -> str | None:
    """The language of a name as people write it ("zh", "zh-CN", "EN"); None where there is none of it."""
    written = name.casefold().replace("-", "_")
    return next((each for each in LANGUAGES if written in {each.casefold(), each[:2]}), None)


_CHOSEN: ContextVar[str] = ContextVar("chosen language", default="")


def choose(language: str) -> None:
    """Speak this language from here on, whatever the environment says; "" leaves it to that."""
    _CHOSEN.set(language)


def spoken(environment: Mapping[str, str]) -> str:
    """The language that was chosen for this command, else the one of the environment."""
    return _CHOSEN.get() or language_of(environment)
