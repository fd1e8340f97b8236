"""docs/terminal.md tells the keys that programs read; those of a running case are asked by tests/e2e/test_newcomer.py."""

import json
import sys

import pytest

from cli.main import main
from tests.cli.test_help import COMMANDS
from tests.support.files.terminal_doc import Example, examples

EXAMPLES = tuple(examples())
OF_CASE = ("letters list", "act", "clock")
"""They need a case with its engine."""


def name_of(example: Example) -> str:
    return next(
        name for name in (" ".join(example.words[:2]), example.words[0]) if name in COMMANDS
    )


def test_every_example_is_of_a_command_that_there_is_and_tells_keys() -> None:
    assert [name_of(each) for each in EXAMPLES] == [*OF_CASE, "packs"]
    for each in EXAMPLES:
        assert each.words[-1] == "--json"
        assert len(each.keys) > 4


def test_a_key_that_is_not_printed_would_be_found() -> None:
    of_list = next(each for each in EXAMPLES if each.of_list)
    assert of_list.missing_in([dict.fromkeys(of_list.keys[1:])]) == {of_list.keys[0]}
    assert of_list.missing_in([]) == set(of_list.keys)


@pytest.mark.parametrize(
    "example", [each for each in EXAMPLES if name_of(each) not in OF_CASE], ids=str
)
def test_what_needs_no_case_prints_the_keys_of_the_page(
    example: Example, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["gongjian", *example.words])
    with pytest.raises(SystemExit):
        main()
    printed, told = capsys.readouterr()
    assert example.missing_in(json.loads(printed or told)) == set()
