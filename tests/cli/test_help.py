"""Every command says by an example how it is called, and the example is one; an act says who and what."""

import shlex
from collections.abc import Iterator

import pytest
from typer.main import get_command

from cli.acts.help import act_lines
from cli.main import whole_application
from models.messages.act_bodies import BODIES

EXAMPLE = "Example: gongjian "


def leaves(command: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, object]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield " ".join(path), command
        return
    for name, each in inner.items():
        yield from leaves(each, (*path, name))


COMMANDS = dict(leaves(get_command(whole_application())))


def test_there_are_commands() -> None:
    assert len(COMMANDS) > 50


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_has_an_example_that_is_one(
    name: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = COMMANDS[name]
    told = " ".join(f"{command.help} {command.epilog or ''}".split())  # type: ignore[attr-defined]
    assert EXAMPLE in told, f"`gongjian {name} --help` has no line `{EXAMPLE}{name} …`"
    words = shlex.split(told.partition(EXAMPLE)[2].partition(" >")[0])
    given = words[len(name.split()) :]
    assert words[: len(name.split())] == name.split()
    folder = tmp_path_factory.mktemp("files")
    monkeypatch.chdir(folder)
    for file in (each for each in given if "." in each and "/" not in each and " " not in each):
        (folder / file).write_text("")
    command.make_context(name, given)  # type: ignore[attr-defined]


@pytest.mark.parametrize("language", ["en_US.UTF-8", "zh_CN.UTF-8"])
def test_each_act_is_named_with_who_may_do_it_and_each_of_its_fields(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", language)
    lines = list(act_lines())
    text = "\n".join(lines)
    assert "act_title." not in text
    assert "expected." not in text
    for name, body in BODIES.items():
        (line,) = (each for each in lines if each.startswith(f"\n  {name.replace('_', '-')}  "))
        fields = lines[lines.index(line) + 2 :][: len(body.model_fields)]
        for field, told in zip(body.model_fields, fields, strict=True):
            assert told.startswith(f"    {field}  "), told
            assert len(told) > len(field) + 8
