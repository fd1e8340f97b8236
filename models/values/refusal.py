"""How the product says no everywhere: a stable code, parameters, and where; sentences live in the catalogues."""

from collections.abc import Iterable

from pydantic import Field

from models.values.base import Carried


class Problem(Carried):
    """One thing that is wrong, in the words of the code that found it.

    `where` names the place ("roll.csv row 17, column area"); `params` fill the sentence that the
    message catalogue has for `code`. Never personal data.
    """

    code: str
    where: str = ""
    params: dict[str, str | int] = Field(default_factory=dict)


class Refused(Exception):  # noqa: N818 - it is a refusal, not a malfunction
    """An act or an input was refused; nothing was changed. Carries every problem found."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(
            "; ".join(f"{p.code} {p.where} {dict(p.params)}".strip() for p in problems)
        )
        self.problems = problems


def problem(code: str, /, where: str = "", **params: str | int) -> Problem:
    """One thing that is wrong, in one line; `params` are what its sentence names."""
    return Problem(code=code, where=where, params=params)


def refusal(code: str, /, where: str = "", **params: str | int) -> Refused:
    """To be raised where there is one problem."""
    return Refused(problem(code, where, **params))


def refuse_if_any(problems: Iterable[Problem]) -> None:
    """Go on where there is none; otherwise refuse with all of them, so that one sees them at once."""
    if found := tuple(problems):
        raise Refused(*found)
