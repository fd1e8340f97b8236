"""The files of an earlier commit beside today's, so that one run measures both."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
BEFORE = "8287647"
"""The last commit whose sandbox time was an affine image of real time."""


@contextmanager
def before_tree(commit: str) -> Iterator[Path]:
    """The files of a commit in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="gongjian-before-") as folder:
        tree = Path(folder) / "tree"
        git("worktree", "add", "--detach", str(tree), commit)
        try:
            yield tree
        finally:
            git("worktree", "remove", "--force", str(tree))


def git(*words: str) -> str:
    """Run git here.

    Raises:
        SystemExit: it failed; a shallow clone, for example, does not have the commit.
    """
    done = subprocess.run(
        ("git", "-C", str(ROOT), *words), check=False, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise SystemExit(f"git {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout
