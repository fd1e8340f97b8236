"""A renovation from a template: a few answers become the file that opens a case, checked like any other.

What nobody is asked has the default of the law or of this project; a case that needs more is described in a
file (`gongjian start`). Money is in fen, and every sum is made of what was answered, so that it adds up.
"""

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import NamedTuple

from pydantic import JsonValue

from formats.renovation_file.reading import read_renovation
from models.files.renovation import PlaceEntry, RenovationFile
from models.values.cost_sharing import Rounding
from models.values.refusal import Problem, Refused

NAME = "form.json"
LIFT_FLOORS: tuple[tuple[int, str], ...] = tuple(
    (floor, weight)
    for floor, weight in enumerate(
        ("0", "0.5", "1", *(f"{1 + 0.1 * n:.1f}" for n in range(1, 31))), start=1
    )
)
"""Guangzhou's published coefficients of the floors, art. 8: the first pays nothing."""
CONTINGENCY_PERCENT = 5
BOND_PERMILLE, OWNERS_PERMILLE, TENDER_PERMILLE = 10, (600, 400), (300, 400, 300)
SATISFIED = {"indicator": "satisfaction", "numerator": "85", "denominator": "100"}


class TemplateWork(NamedTuple):
    """A work of the template: what it is for, and how its cost is spread."""

    id: str
    category: str
    key: str


WORKS = (
    TemplateWork("roof", "basic", "area"),
    TemplateWork("pipes", "basic", "household"),
    TemplateWork("facade", "basic", "area"),
    TemplateWork("wiring", "basic", "household"),
    TemplateWork("roads", "basic", "area"),
    TemplateWork("lift", "improvement", "floor_coefficient"),
    TemplateWork("charging", "improvement", "area"),
)
TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "basic": ("roof", "pipes", "facade", "wiring", "roads"),
    "lift": ("lift",),
    "whole": tuple(work.id for work in WORKS),
}
"""Name of a template to the works that it asks about."""


class Setting(NamedTuple):
    """Where a case is opened and by whom, which is known before anything is asked."""

    places: tuple[PlaceEntry, ...]
    estate: str
    officials: tuple[Mapping[str, str], ...]
    starts_on: date
    synthetic: bool
    told: bool = False


class Drawn(NamedTuple):
    """The file that the answers make, or what is wrong with them at the fields of the form."""

    file: RenovationFile | None
    problems: tuple[Problem, ...]


def file_of(
    answers: Mapping[str, JsonValue], setting: Setting, titled: Callable[[str], str]
) -> Drawn:
    """The file of a renovation by answers that are there: "title", "ends_on", "cost.<work>" and "subsidy" in fen.

    `titled` gives works and motions their titles by their ids.
    """
    mapping = _mapping(answers, setting, titled)
    try:
        file = read_renovation(json.dumps(mapping, ensure_ascii=False).encode(), NAME)
    except Refused as refused:
        at = (
            each.model_copy(update={"where": _at(each.where, answers)}) for each in refused.problems
        )
        return Drawn(None, tuple(at))
    return Drawn(file, ())


def _mapping(
    answers: Mapping[str, JsonValue], setting: Setting, titled: Callable[[str], str]
) -> dict[str, JsonValue]:
    """The file as plain data, in which every scalar is a word, as files have them."""
    works = [(work, cost) for work in WORKS if (cost := cost_of(answers, work.id))]
    total = sum(cost for _, cost in works)
    most = total + total * CONTINGENCY_PERCENT // 100
    subsidy = answers.get("subsidy")
    return {
        "title": str(answers.get("title", "")),
        "places": [each.model_dump(mode="json") for each in setting.places],
        "estate": setting.estate,
        "roll": "roll.csv",
        "officials": [dict(each) for each in setting.officials],
        "starts_on": setting.starts_on.isoformat(),
        "ends_on": str(answers.get("ends_on", "")),
        "budget_fen": str(most),
        "synthetic": "true" if setting.synthetic else "false",
        **({"sandbox": {"clock": "told"}} if setting.told else {}),
        "scheme": {
            "items": [_item(work, cost, answers, titled) for work, cost in works],
            "funding": [_subsidy(subsidy, works)] if isinstance(subsidy, int) and subsidy else [],
            "motions": _motions(titled),
            "owner_instalments_permille": [str(each) for each in OWNERS_PERMILLE],
            "rounding": Rounding.WHOLE_BILL.value,
            "tender": {
                "estimate_fen": str(total),
                "ceiling_fen": str(most),
                "bid_bond_fen": str(total * BOND_PERMILLE // 1000),
                "instalments_permille": [str(each) for each in TENDER_PERMILLE],
            },
            "works": [_planned(work, cost, answers, titled) for work, cost in works],
            "targets": [dict(SATISFIED)],
        },
    }


def cost_of(answers: Mapping[str, JsonValue], name: str) -> int:
    """What was said of the cost of a work, in fen; 0 where nothing was."""
    cost = answers.get(name)
    return cost if isinstance(cost, int) else 0


def _item(
    work: TemplateWork, cost: int, answers: Mapping[str, JsonValue], titled: Callable[[str], str]
) -> dict[str, JsonValue]:
    item: dict[str, JsonValue] = {
        "id": work.id,
        "title": titled(work.id),
        "category": work.category,
        "cost_fen": str(cost),
        "key": work.key,
    }
    if work.key == "floor_coefficient":
        building = str(answers.get("lift_building", ""))
        item["payers"] = {"scope": "building", "building": building}
        item["floors"] = [{"floor": str(n), "weight": w} for n, w in LIFT_FLOORS]
    return item


def _planned(
    work: TemplateWork, cost: int, answers: Mapping[str, JsonValue], titled: Callable[[str], str]
) -> dict[str, JsonValue]:
    building = str(answers.get("lift_building", "")) if work.id == "lift" else ""
    return {
        "id": f"{work.id}-1",
        "building": building,
        "title": titled(work.id),
        "concealed": "true" if work.id in {"pipes", "wiring"} else "false",
        "value_fen": str(cost),
        "item": work.id,
    }


def _subsidy(amount: int, works: list[tuple[TemplateWork, int]]) -> JsonValue:
    """Public money for the basic works; where there are none, for all of them."""
    basic = any(work.category == "basic" for work, _ in works)
    return {
        "id": "subsidy",
        "source": "subsidy",
        "amount_fen": str(amount),
        **({"categories": ["basic"]} if basic else {}),
    }


def _motions(titled: Callable[[str], str]) -> list[JsonValue]:
    return [
        {"id": "works", "title": titled("motion_works"), "kind": "major", "matter": "rebuild"},
        {
            "id": "costs",
            "title": titled("motion_costs"),
            "kind": "major",
            "matter": "fund_raise",
            "depends_on": "works",
        },
    ]


def _at(where: str, answers: Mapping[str, JsonValue]) -> str:
    """The field of the form for a place of the file; "" for what no field asked."""
    path = where.rpartition(", ")[2]
    chosen = [work.id for work in WORKS if cost_of(answers, work.id)]
    for prefix in ("scheme.items[", "scheme.works["):
        if path.startswith(prefix):
            number = int(path.removeprefix(prefix).partition("]")[0])
            lift = "payers" in path or path.endswith("building")
            return "lift_building" if lift else f"cost.{chosen[number]}"
    if path.startswith("scheme.funding"):
        return "subsidy"
    if path in {"title", "ends_on"}:
        return path
    return f"cost.{WORKS[0].id}" if path.startswith(("scheme", "budget")) else ""
