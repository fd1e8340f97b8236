"""Programs of the machine that the tests want and Python does not bring: `make programs` gets them where it can."""

import os
import shutil
from pathlib import Path

import pytest

PROGRAMS = {
    "Chromium": ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    "nginx": ("nginx",),
    "hledger": ("hledger",),
}
"""Each by the names of its command; `tools/programs.sh` knows the same ones."""
NEEDED = frozenset({"Chromium"})
"""Without these a test fails, wherever it runs: pages that nobody has opened are not proved."""
ADMINISTRATORS = ("/usr/sbin", "/usr/local/sbin")
"""Where a server's command lies, which is not in everybody's path."""


def program(called: str) -> Path:
    """Where it is. Without it a test is skipped and says so; where CI is set it fails, and without Chromium always."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), *ADMINISTRATORS))
    for each in PROGRAMS[called]:
        if found := shutil.which(each, path=path):
            return Path(found)
    assert called not in NEEDED, f"no {called} on this machine: make programs"
    assert "CI" not in os.environ, f"no {called}"
    pytest.skip(f"no {called} on this machine: make programs")
