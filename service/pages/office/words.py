"""Words of the record on the office's pages: roles, stages, what is awaited, and what happens then."""

from collections.abc import Callable, Mapping

from starlette.requests import Request

from runtime.record.awaited import AwaitedLine
from service.pages import wording
from service.pages.look import Language, look_of

Named = Callable[[str, str], str]


def office_words(request: Request) -> Mapping[str, object]:
    """The functions that the templates of the office name things with."""
    language = look_of(request).language

    def name(room: str, word: str) -> str:
        return named(room, word, language)

    return {
        "named": name,
        "people": lambda who: listed([name("role", each) for each in who.split(", ")], language),
        "awaited": lambda line: awaited(line, language),
    }


def named(room: str, word: str, language: Language) -> str:
    """A thing of the record in words; as the record calls it where it has none."""
    try:
        return wording.text(f"{room}.{word}", language, {})
    except KeyError:
        return word


def listed(words: list[str], language: Language) -> str:
    """Several in one sentence."""
    return ("、" if language == "zh_CN" else ", ").join(words)


def awaited(line: AwaitedLine, language: Language) -> str:
    """What is waited for, with what of it where there are several."""
    kind, _, of = line.what.partition(".")
    return " ".join(filter(None, (named("wait", kind, language), of)))
