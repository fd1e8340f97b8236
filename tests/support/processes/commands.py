"""A command of `gongjian` in this process, and what it prints."""

import re
from pathlib import Path

from typer.testing import CliRunner

from cli.main import application
from models.values.refusal import Refused

RUNNER = CliRunner()
LOGGED = re.compile(r"\d{4}-\d\d-\d\d .*\[(?:info|warning)")


def printed(output: str) -> str:
    """What a command has printed, without the log of a service in this process."""
    lines = output.splitlines(keepends=True)
    return "".join(line for line in lines if not LOGGED.match(line))


def gongjian(data: Path, *words: str) -> list[str]:
    """What a command prints, line by line."""
    result = RUNNER.invoke(application(words[0]), [*words, "--data", str(data)])
    if isinstance(result.exception, Refused):
        raise result.exception
    assert result.exit_code == 0, result.output
    return printed(result.output).splitlines()
