"""An option that would not be looked at beside another one is refused, and nothing is asked of any service."""

import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from models.values.refusal import Refused

TOGETHER = {
    "list --counts --overdue": ("--counts", "--overdue"),
    "list --counts --place d/s --rule-pack CN-2021": ("--counts", "--rule-pack"),
    "list --counts --view mine": ("--counts", "--view"),
    "list --counts --out a.csv": ("--counts", "--out"),
    "list --out a.csv --after x": ("--out", "--after"),
    "show r1 tenders --as li --credential unit.txt": ("--as", "--credential"),
    "show r1 tenders --as li --service http://x": ("--as", "--service"),
    "why r1 --as li --service http://x": ("--as", "--service"),
    "call GET /v1/places --as li --service http://x": ("--as", "--service"),
    "call POST /v1/x --as li --credential unit.txt": ("--as", "--credential"),
    "suggestions list --as li --service http://x": ("--as", "--service"),
    "suggestions list r1 --place d/s": ("RENOVATION", "--place"),
}
ALONE = {
    "call POST /v1/renovations/r1/bids --service http://x": ("--service", "--credential"),
    "explain r1 1-101 --service http://x": ("--service", "--credential"),
    "suggestions list --estate": ("--estate", "RENOVATION"),
    "access r1 --until 2026-01-31": ("--until", "--report"),
}


def refused(line: str, folder: Path) -> tuple[str, str, str]:
    """The code of the refusal, the option that it is about, and the one that it names beside."""
    result = CliRunner().invoke(app, [*shlex.split(line), "--data", str(folder)])
    assert isinstance(result.exception, Refused), result.output
    (found,) = result.exception.problems
    return found.code, found.where, str(found.params["other"])


@pytest.mark.parametrize("line", TOGETHER)
def test_of_two_that_do_not_go_together_none_is_passed_over(line: str, tmp_path: Path) -> None:
    assert refused(line, tmp_path) == ("cases.not_together", *TOGETHER[line])


@pytest.mark.parametrize("line", ALONE)
def test_what_needs_another_one_is_refused_without_it(line: str, tmp_path: Path) -> None:
    assert refused(line, tmp_path) == ("cases.only_with", *ALONE[line])
