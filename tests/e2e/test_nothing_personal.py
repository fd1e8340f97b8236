"""After a whole demo, the bytes of everything that is on the disk: no owner's name, and nobody's in Temporal's."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cli.demo.town.people import SYNTHETIC, officials
from runtime.local.programs import ROOT
from runtime.settings import LocalSettings, environment_names

LIMIT_S = 400
OWNER = re.compile(f"{SYNTHETIC}[0-9]+".encode())
"""Stands in the name of every owner of the demo, and in nobody else's."""


@pytest.mark.slow
def test_no_table_log_or_history_on_the_disk_names_an_owner(tmp_path: Path) -> None:
    """Names are sealed before they reach the database, so its files and its log never had them in clear."""
    foreign = set(environment_names(LocalSettings).values())
    home = tmp_path / "data"
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "demo", "--units", "60", "--json", "--data", str(home)],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in foreign},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    files = {each: each.read_bytes() for each in home.rglob("*") if each.is_file()}
    assert sum(map(len, files.values())) > 10**7, "the database is among them"
    named = {str(path.relative_to(home)): OWNER.findall(data)[:3] for path, data in files.items()}
    assert {path: found for path, found in named.items() if found} == {}
    labels = [each.label.encode() for each in officials()]
    engine = {path: data for path, data in files.items() if "temporal" in path.name}
    assert engine
    assert not [path for path, data in engine.items() if any(label in data for label in labels)]
