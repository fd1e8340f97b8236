"""How somebody wants the pages: the language and the size of the letters, kept in a cookie."""

from typing import Literal, NamedTuple

from starlette.requests import Request

from service.http.problems import wanted_language

COOKIE = "__Host-gongjian-look"
A_YEAR_S = 365 * 24 * 3600
Language = Literal["en", "zh_CN"]
_LANGUAGES: dict[str, Language] = {"en": "en", "zh": "zh_CN"}


class Display(NamedTuple):
    """The language of the pages, and whether they are in the large print of the elder mode."""

    language: Language
    elder: bool

    @property
    def tag(self) -> str:
        """The language as HTML and HTTP name it."""
        return self.language.replace("_", "-")

    def written(self) -> str:
        """As the cookie has it."""
        return f"{self.language[:2]}.{'large' if self.elder else 'usual'}"


def display_of(request: Request) -> Display:
    """What the cookie says; without one the language that the browser prefers."""
    language, _, size = request.cookies.get(COOKIE, "").partition(".")
    chosen = _LANGUAGES.get(language)
    if chosen is None:
        wanted = wanted_language(request.headers.get("accept-language", "zh"))
        chosen = _LANGUAGES[wanted[:2]]
    return Display(chosen, size == "large")


def chosen_display(language: str, size: str, before: Display) -> Display:
    """The look after somebody has followed a link that changes one thing of it."""
    return Display(
        _LANGUAGES.get(language, before.language), size == "large" if size else before.elder
    )
