"""The options that narrow a list of cases are the same wherever there are any, and are all a list can be narrowed by."""

import pytest
from typer.main import get_command

from cli.main import application
from cli.reading.narrowing import OPTIONS
from runtime.record.cases import CaseFilter


def options(*names: str) -> dict[str, object]:
    """The options of a command by the names of its parameters."""
    found = get_command(application(names[0]))
    for name in names:
        found = found.commands[name]  # type: ignore[attr-defined]
    return {f"{each.name}": vars(each)["help"] for each in found.params if "help" in vars(each)}


def test_a_list_is_narrowed_by_whatever_cases_are_found_by() -> None:
    assert set(OPTIONS) == set(CaseFilter.model_fields)


@pytest.mark.parametrize("name", OPTIONS)
def test_list_and_saved_view_take_each_option_alike(name: str) -> None:
    assert options("list")[name] == options("view", "save")[name]
