import subprocess
import sys

import pytest

from runtime.local.programs import ROOT

PROGRAM = """
import sys
from runtime.leaving import run_and_leave
def main():
    print("done")
    {deed}
run_and_leave(main)
"""


def leaving(deed: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(deed=deed)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize(
    ("deed", "code", "said"),
    [
        ("pass", 0, ""),
        ("sys.exit()", 0, ""),
        ("sys.exit(3)", 3, ""),
        ("sys.exit('no such file')", 1, "no such file"),
        ("raise RuntimeError('broken')", 1, "RuntimeError: broken"),
    ],
)
def test_the_exit_code_is_the_interpreters_and_nothing_is_lost(
    deed: str, code: int, said: str
) -> None:
    ended = leaving(deed)
    assert (ended.returncode, ended.stdout) == (code, "done\n")
    assert said in ended.stderr


def test_a_thread_that_never_ends_does_not_keep_the_process() -> None:
    ended = leaving("import threading; threading.Thread(target=threading.Event().wait).start()")
    assert ended.returncode == 0
