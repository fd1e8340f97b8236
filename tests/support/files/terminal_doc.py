"""The examples of docs/terminal.md: what is typed, and the keys of what is printed."""

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from runtime.local.programs import ROOT

PAGE = ROOT / "docs" / "terminal.md"
_EXAMPLE = re.compile(r"^\$ gongjian (.+)\n(.+)$", re.MULTILINE)
_KEY = re.compile(r'"([a-z_]+)": ')


class Example(NamedTuple):
    """A command of the page, whether it prints a list, and the keys that stand there."""

    words: tuple[str, ...]
    of_list: bool
    keys: tuple[str, ...]

    def missing_in(self, printed: Any) -> set[str]:
        """The keys that the page tells of and that were not printed."""
        found = printed[0] if self.of_list and printed else printed
        return set(self.keys) - set(found if isinstance(found, Mapping) else ())


def examples() -> Iterator[Example]:
    """All of them, in their order."""
    for typed, printed in _EXAMPLE.findall(PAGE.read_text(encoding="utf-8")):
        keys = tuple(dict.fromkeys(_KEY.findall(printed)))
        yield Example(tuple(shlex.split(typed)), printed.startswith("["), keys)
