"""Errors as a log may have them: where and of which kind, and nothing that a person wrote.

PostgreSQL repeats values in its messages and their details ("Failing row contains …"), the driver and
pydantic repeat the value that they refused. Of these only the kind is told, with code and names of the schema.
"""

import traceback
from collections.abc import Iterator

from pydantic import ValidationError

NAMES = ("sqlstate", "schema_name", "table_name", "column_name", "constraint_name")
BECAUSE = "\nThe above exception was the direct cause of the following exception:\n\n"
MEANWHILE = "\nDuring handling of the above exception, another exception occurred:\n\n"


def told_error(error: BaseException) -> str:
    """The traceback of an error and of what led to it, as Python writes it but for its words."""
    return "".join(_pieces(error, set())).rstrip("\n")


def told_line(error: BaseException) -> str:
    """The last line of a traceback: the kind of an error, and its words where they hold no values."""
    kind = type(error)
    name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    words = _words(error)
    return f"{name}: {words}" if words else name


def _words(error: BaseException) -> str:
    # The command line needs neither to say what it cannot do.
    import asyncpg  # noqa: PLC0415
    from sqlalchemy.exc import StatementError  # noqa: PLC0415

    if isinstance(error, ValidationError):
        return f"{error.title}, " + ", ".join(
            f"{'.'.join(map(str, each['loc']))} {each['type']}"
            for each in error.errors(include_url=False, include_input=False, include_context=False)
        )
    if isinstance(error, StatementError):
        return error.statement or ""
    if isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError) or _is_adapted(error):
        found = ((name, getattr(error, name, None)) for name in NAMES)
        return " ".join(f"{name}={value}" for name, value in found if value)
    return str(error)


def _is_adapted(error: BaseException) -> bool:
    """Whether it is the driver's error in the clothes of SQLAlchemy's adapter, with the same words."""
    return type(error).__module__.startswith("sqlalchemy.dialects")


def _pieces(error: BaseException, seen: set[int]) -> Iterator[str]:
    if id(error) in seen:
        return
    seen.add(id(error))
    if error.__cause__ is not None:
        yield from _pieces(error.__cause__, seen)
        yield BECAUSE
    elif error.__context__ is not None and not error.__suppress_context__:
        yield from _pieces(error.__context__, seen)
        yield MEANWHILE
    if error.__traceback__ is not None:
        yield "Traceback (most recent call last):\n"
        yield from traceback.format_tb(error.__traceback__)
    yield f"{told_line(error)}\n"
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield "\nOne of the group:\n\n"
            yield from _pieces(each, seen)
