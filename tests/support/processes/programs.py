"""Programs of the machine that the tests want and Python does not bring: `make programs` gets them where it can."""

import os
import shutil
from pathlib import Path

import pytest

PROGRAMS = {
    "Chromium": ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    "nginx": ("nginx",),
}
"""Each by the names of its command; `tools/programs.sh` knows the same ones."""
ADMINISTRATORS = ("/usr/sbin", "/usr/local/sbin")
"""Where a server's command lies, which is not in everybody's path."""


def program(called: str) -> Path:
    """Where it is. Without it a test is skipped and says so; where CI is set it fails."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), *ADMINISTRATORS))
    for each in PROGRAMS[called]:
        if found := shutil.which(each, path=path):
            return Path(found)
    assert "CI" not in os.environ, f"no {called}"
    pytest.skip(f"no {called} on this machine: make programs")
