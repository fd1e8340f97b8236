"""Whatever stands where a sentence has a figure, there is a sentence."""

import re
from collections.abc import Callable

import pytest

from runtime.language import sentences
from runtime.language.sentences import phrase
from service.notices.wording import text_of
from service.pages import wording
from service.pages.display import Language
from tests.support.slow import some

HOSTILE = (
    *("9999-12-31T23:59:59-12:00", "0001-01-01T00:00Z", "2026-01-01T00:00:00+99:99", "2026-13-01T00:00Z"),
    *("%(nothing)s", "%", "100 %", "{0}", "{x", "</b>", "\u202e", "\n", "", "²", "١", "a" * 5_000),
    *("Civil Code art. 10000", "Civil Code art. 0", "art. ", "《民法典》第二百七十八条", "[D]", "; "),
)  # fmt: skip
Say = Callable[[str, Language, dict[str, str | int]], object]
ROOMS: tuple[tuple[str, Say], ...] = (("product", phrase), ("pages", wording.text))


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize(("room", "say"), ROOMS)
def test_every_sentence_takes_every_word(room: str, say: Say, language: Language) -> None:
    catalogue = (
        sentences._catalogue(language) if room == "product" else wording._catalogue(language)
    )
    for code, forms in catalogue.items():
        names = {*re.findall(r"%\((\w+)\)", " ".join(forms)), "article", "expected"}
        for words in some(HOSTILE, of=code, most=1):
            said = dict.fromkeys(names, words)
            assert say(code, language, {**said}) is not None, code
            if code.startswith("notice."):
                template = code.removeprefix("notice.")
                assert text_of(template, {**said}, language, "Asia/Shanghai"), code
