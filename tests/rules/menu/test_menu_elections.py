"""The published elections of the Pabulib collection come out exactly as they were published.

They are test input only, kept beside the checkout and not redistributed.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from formats.pabulib import read_pabulib, write_pabulib
from models.values.decisions.menu import Completion
from rules.menu import counted, equal_shares, greedy

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted((ROOT.parent / "shared" / "data" / "pabulib").glob("*.pb"))
ORACLE = Path(
    os.environ.get("GONGJIAN_PABUTOOLS_PYTHON") or ROOT / ".venv-pabutools" / "bin" / "python"
)
BESIDE = pytest.mark.skipif(not FILES, reason="no ../shared/data/pabulib beside the checkout")
ELECTIONS = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
HELPER = Path(__file__).with_name("pabutools_oracle.py")


@BESIDE
@ELECTIONS
def test_the_published_tally_and_winners_come_out(file: Path) -> None:
    election = read_pabulib(file.read_bytes(), file.name)
    outcome = greedy(election.menu, counted(election.ballots))
    assert outcome.tally == election.published_tally()
    assert set(outcome.winners) == election.published_winners()


@BESIDE
@ELECTIONS
def test_an_election_is_written_without_loss(file: Path) -> None:
    election = read_pabulib(file.read_bytes(), file.name)
    assert read_pabulib(write_pabulib(election), file.name) == election


@BESIDE
@ELECTIONS
def test_equal_shares_stays_within_the_budget_and_chooses_something(file: Path) -> None:
    election = read_pabulib(file.read_bytes(), file.name)
    outcome = equal_shares(election.menu, counted(election.ballots))
    assert 0 < outcome.cost <= outcome.budget


@pytest.mark.slow
@pytest.mark.skipif(
    not ORACLE.exists(), reason="no .venv-pabutools beside .venv: `make test-slow` makes it"
)
@BESIDE
@pytest.mark.parametrize("completion", Completion)
@ELECTIONS
def test_pabutools_chooses_the_same_works_by_equal_shares(
    file: Path, completion: Completion
) -> None:
    election = read_pabulib(file.read_bytes(), file.name)
    outcome = equal_shares(election.menu, counted(election.ballots), completion=completion)
    job = {
        "file": str(file),
        "order": list(election.menu.costs),
        "completion": completion.value,
        "step": 1,
    }
    found = subprocess.run(
        [str(ORACLE), str(HELPER)],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(outcome.winners) == set(json.loads(found.stdout))
