"""The menu of an input of `gongjian decide`: what each work costs and who supports it.

    "menu": {"budget": 90, "approval": "each", "works": {"lamp": {"cost": 50, "head": 40, "area": 4000}}}

Beside it stand the numbers of everybody who answered: `participating`, `abstain`; under "whole" `yes`
and `no` are those of the question whether the owners approve whatever the method chooses.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from models.values.decisions.menu import Approval, BallotForm, Menu, MenuBallot, MenuItem
from models.values.decisions.rules import DIMENSIONS, Amounts, Facts
from models.values.refusal import Problem, problem, refuse_if_any
from rules.voting.inputs.facts import amounts_from, unknown_field, whole_number, wrong_value

FIELDS = ("approval", "budget", "works")
EXPECTED = '{"budget": …, "approval": "each" | "whole", "works": {"id": {"cost": …, "head": …}}}'


class MenuNumbers(NamedTuple):
    """A menu whose ballots somebody has added up."""

    menu: Menu
    approval: Approval
    support: dict[str, Amounts]
    """The weight of each work's supporters."""

    def ballots(self) -> dict[MenuBallot, int]:
        """Ballots that give each work its number of supporters, for the greedy method."""
        return {MenuBallot((name,)): each.head or 0 for name, each in self.support.items()}


def menu_from(value: object, name: str) -> MenuNumbers:
    """The menu in an object.

    Raises:
        Refused: `decide.value_wrong`, `decide.field_unknown`, `decide.number_*`, each with its field.
    """
    if not isinstance(value, dict):
        refuse_if_any([wrong_value(name, "menu", value, EXPECTED)])
    assert isinstance(value, dict)
    problems = [unknown_field(name, f"menu.{key}", FIELDS) for key in value if key not in FIELDS]
    budget, wrong = whole_number(value.get("budget"), "menu.budget", name)
    problems += wrong
    given = value.get("approval", Approval.EACH.value)
    if given not in tuple(Approval):
        problems.append(wrong_value(name, "menu.approval", given, " | ".join(Approval)))
    works = value.get("works")
    if budget is None or not isinstance(works, dict) or not works:
        problems.append(wrong_value(name, "menu", value, EXPECTED))
    refuse_if_any(problems)
    assert isinstance(works, dict)
    costs: dict[str, int] = {}
    support: dict[str, Amounts] = {}
    for work, numbers in works.items():
        costs[work], support[work], wrong = _work(numbers, f"menu.works.{work[:80]}", name)
        problems += wrong
    refuse_if_any(problems)
    items = tuple(MenuItem.model_construct(id=work, cost=cost) for work, cost in costs.items())
    menu = Menu(items=items, budget=budget or 0, form=BallotForm.APPROVAL)
    return MenuNumbers(menu, Approval(str(given)), support)


def _work(value: object, field: str, name: str) -> tuple[int, Amounts, list[Problem]]:
    if not isinstance(value, dict):
        return 0, Amounts(), [wrong_value(name, field, value, '{"cost": …, "head": …, "area": …}')]
    numbers: Mapping[str, object] = {key: each for key, each in value.items() if key != "cost"}
    cost, problems = whole_number(value.get("cost"), f"{field}.cost", name)
    if cost is None and not problems:
        problems = [wrong_value(name, f"{field}.cost", value.get("cost"), "expected.whole")]
    amounts, wrong = amounts_from(numbers, field, name)
    return cost or 0, amounts or Amounts(), [*problems, *wrong]


def disagreements_of(numbers: MenuNumbers, facts: Facts, name: str) -> Iterator[Problem]:
    """More supporters than those who answered otherwise than by abstaining."""
    for work, amounts in numbers.support.items():
        for dimension in DIMENSIONS:
            own, part = amounts.of(dimension), facts.participating.of(dimension)
            most = None if part is None else part - (facts.abstain.of(dimension) or 0)
            if own is not None and most is not None and own > most:
                field = f"menu.works.{work[:80]}.{dimension}"
                whole = f"participating.{dimension} - abstain"
                where = f"{name}: {field}"
                yield problem(
                    "decide.more_than", where=where, field=field, value=own, whole=whole, most=most
                )
