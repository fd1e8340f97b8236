"""A bar on standard error for commands that take a while; for people only, nothing where there is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress

T = TypeVar("T")


def waiting(what: str, total: int | None = None) -> Progress:
    """What is done now, how far it is, and the seconds; `with` shows it and takes it away."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f}"),
        TimeElapsedColumn(),
    )
    console = Console(file=sys.stderr)
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    bar.add_task(what, total=total)
    return bar


def counted(each: Iterable[T], bar: Progress) -> Iterator[T]:
    """The same, one after the other, with the bar going on."""
    (task,) = bar.task_ids
    for one in each:
        yield one
        bar.advance(task)


def moving(bar: Progress) -> Callable[[int, int], None]:
    """The bar as something tells it: so many are done, of so many."""
    (task,) = bar.task_ids
    return lambda done, of: bar.update(task, completed=done, total=of)
