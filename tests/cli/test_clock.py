"""`gongjian clock` beside servers that run: what a committee types, and what it is told."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from models.values.refusal import Problem
from models.values.waits import Consequence
from runtime.language.sentences import sentence
from runtime.local.programs import ROOT
from runtime.settings import LocalSettings, environment_names

EXAMPLE = ROOT / "docs" / "examples" / "estate.yaml"


def gongjian(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    foreign = set(environment_names(LocalSettings).values())
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *words, "--data", str(data)],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in foreign},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A stack of its own, started and stopped as a committee does it."""
    folder = tmp_path_factory.mktemp("stack")
    up = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "up", "--data", str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert up.stdout is not None
        for line in up.stdout:
            if "Ctrl-C" in line:
                break
        yield folder
    finally:
        up.terminate()
        up.communicate(timeout=60)


@pytest.fixture(scope="module")
def case(data: Path) -> str:
    opened = gongjian(data, "start", str(EXAMPLE), "--json")
    assert opened.returncode == 0, opened.stderr
    found: dict[str, Any] = json.loads(opened.stdout)
    return str(found["renovation_id"])


def told(data: Path, *words: str) -> dict[str, Any]:
    answer = gongjian(data, "clock", *words, "--json")
    assert answer.returncode == 0, answer.stderr
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


@pytest.mark.slow
def test_a_committee_trains_with_the_example(data: Path, case: str) -> None:
    assert told(data, case)["clock"] == "told"
    done = gongjian(data, "act", case, "open_vote", "--as", "committee-1")
    assert done.returncode == 0, done.stderr
    opens = told(data, case, "next")
    assert [wait["what"] for wait in opens["moves"][0]["due"]] == ["ballots"]
    text = gongjian(data, "clock", case).stdout
    assert "clock told (training case)" in text
    assert "the box closes and is counted" in text
    held = gongjian(data, "clock", case, "hold", "paper")
    assert held.returncode == 0, held.stderr
    refused = gongjian(data, "clock", case, "next")
    assert refused.returncode == 1
    assert "paper" in refused.stderr
    assert gongjian(data, "clock", case, "release", "paper").returncode == 0
    checked = told(data, case, "next")
    assert [wait["what"] for wait in checked["moves"][0]["due"]] == ["turnout"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("to", "soon"), "is no date"),
        (("to", "2001-01-01"), "forward only"),
        (("to",), "needs one more word"),
        (("days", "many"), "days"),
        (("next", "3"), "takes nothing more"),
        (("backwards",), "knows no"),
        (("release", "nothing"), "Nobody holds"),
        (("next", "--as", "nobody"), "signed in"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(
    data: Path, case: str, words: tuple[str, ...], said: str
) -> None:
    refused = gongjian(data, "clock", case, *words)
    assert refused.returncode == 1, refused.stdout
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("consequence", [each for each in Consequence if each])
def test_every_consequence_has_a_sentence(consequence: Consequence, language: str) -> None:
    assert sentence(Problem(code=f"then.{consequence}"), language) != f"then.{consequence}"
