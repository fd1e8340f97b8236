"""The files of the project that the checks read: any folder may be the project, a test makes small ones."""

import ast
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PRODUCT = (
    "rules",
    "formats",
    "proof",
    "models",
    "workflows",
    "activities",
    "service",
    "runtime",
    "cli",
)
"""The packages that are shipped, beside `worker.py`."""
STAGES = ("voting", "cost_sharing", "bidding", "inspection", "feedback")
SKIPPED_FOLDERS = {"__pycache__", "build", "dist", "data", "node_modules"}


class Project:
    """The project in the folder `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def name(self, path: Path) -> str:
        """The path as people write it, from the root on."""
        return path.relative_to(self.root).as_posix()

    def text(self, path: Path) -> str:
        """The text of a file; what is no UTF-8 is replaced."""
        return path.read_text(encoding="utf-8", errors="replace")

    def files(self, *endings: str) -> Iterator[Path]:
        """The files whose names end so, without what tools made."""
        for folder, folders, names in os.walk(self.root):
            folders[:] = sorted(name for name in folders if _is_ours(name))
            for name in sorted(names):
                if name.endswith(endings):
                    yield Path(folder) / name

    def product_modules(self) -> Iterator[Path]:
        """The modules that are shipped; migrations are history and stay as they were."""
        migrations = self.root / "models" / "migrations"
        for path in self.files(".py"):
            room = path.relative_to(self.root).parts[0]
            if (room in PRODUCT or room == "worker.py") and migrations not in path.parents:
                yield path

    def product_trees(self) -> Iterator[tuple[Path, ast.Module]]:
        """Each module that is shipped with its syntax tree."""
        for path in self.product_modules():
            yield path, tree(path)


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def called_name(call: ast.Call) -> str:
    """The last part of what is called: `f` of `f()` and of `a.b.f()`."""
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def _is_ours(folder: str) -> bool:
    if folder in SKIPPED_FOLDERS or folder.endswith(".egg-info"):
        return False
    return not folder.startswith(".") or folder in {".ci", ".github"}
