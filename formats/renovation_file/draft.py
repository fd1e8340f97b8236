"""A renovation's file as far as it could be read, and what in it no column holds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from pydantic import BaseModel

from formats.file_mapping import Path
from models.fields import LARGEST
from models.values.refusal import Problem, problem
from models.values.scheme import SchemeContent

MAX_ROW_WORD = 64
"""Characters of a word that a ballot says or a row is found by: the column has no more."""


@dataclass(frozen=True)
class Draft:
    """The readable fields of a file, and how to name the place of one."""

    fields: dict[str, object]
    where: Callable[[Path], str]

    def problem(self, code: str, *path: str | int, **params: str | int) -> Problem:
        """A problem at a path of the file."""
        return problem(code, where=self.where(path), **params)


def size_problems(draft: Draft, scheme: SchemeContent) -> Iterator[Problem]:
    """Numbers and words that no column holds."""
    for path, value in _numbers(scheme, ("scheme",)):
        if isinstance(value, int) and abs(value) > LARGEST:
            yield draft.problem("opening.number_too_large", *path, most=LARGEST)
        elif max(abs(value.numerator), value.denominator) > LARGEST:
            yield draft.problem("opening.number_too_long", *path, most=LARGEST)
    for path, word in _words_of_rows(scheme):
        if len(word) > MAX_ROW_WORD:
            field = str(path[-1])
            yield draft.problem("opening.text_too_long", *path, field=field, bound=MAX_ROW_WORD)


def _words_of_rows(scheme: SchemeContent) -> Iterator[tuple[Path, str]]:
    """Words that become keys of ballots or of rows, beside the ids that `_ids` looks at."""
    for number, motion in enumerate(scheme.motions):
        at = ("scheme", "motions", number)
        for place, option in enumerate(motion.options):
            yield (*at, "options", place, "id"), option.id
        for place, item in enumerate(motion.menu.items if motion.menu else ()):
            yield (*at, "menu", "items", place, "id"), item.id


def _numbers(value: object, path: Path) -> Iterator[tuple[Path, int | Fraction]]:
    """Every number of a model, with its path."""
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _numbers(getattr(value, name), (*path, name))
    elif isinstance(value, tuple):
        for number, each in enumerate(value):
            yield from _numbers(each, (*path, number))
    elif isinstance(value, int | Fraction):
        yield path, value
