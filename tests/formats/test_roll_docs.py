"""What docs/roll.md shows of each kind is what is said of it, in both languages."""

from pathlib import Path

import pytest

from tests.support.files.examples import LANGUAGES, Example, examples, sentences

PAGE = (Path(__file__).parents[2] / "docs" / "roll.md").read_text(encoding="utf-8")
EXAMPLES = tuple(examples(PAGE))


def test_the_page_has_an_example_of_every_kind() -> None:
    assert len(EXAMPLES) >= 60


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_what_the_page_shows_is_what_is_said(example: Example) -> None:
    report = example.report()
    for language, said in zip(LANGUAGES, example.said, strict=True):
        assert sentences(report, language) == said
