"""One question of cost sharing as a file asks it, and its answer: each method of the rule book's cases.

A question has the fields of `input` in `cost_sharing.json`; money is in the smallest unit unless the
name of a field says otherwise, areas in 0.01 m². The answers are lists in the order of the question;
where a broken fen has to go to one of two equals, it goes to the one that stands first (rules.md 2.4).
"""

from collections.abc import Mapping, Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from models.fields import wrong_fields
from models.values.refusal import Refused, refusal
from rules.cost_sharing.questions.bills import ByShares, Instalments, Waterfall, WholeBill
from rules.cost_sharing.questions.later import (
    Cancelled,
    CollectionCurve,
    FeeForLateness,
    Hardship,
    LateJoiner,
)
from rules.cost_sharing.questions.question import Answer, Question
from rules.cost_sharing.questions.spreading import (
    ByArea,
    ByFloor,
    ByFloorAndArea,
    ByFloorPercent,
    ByHousehold,
    ByWeight,
    MinAreaUnitPrice,
    UndividedShares,
)

METHODS: Mapping[str, type[Question]] = {
    "rounding": ByWeight,
    "area": ByArea,
    "household": ByHousehold,
    "share": ByShares,
    "floor_coefficient": ByFloor,
    "coefficient_area": ByFloorAndArea,
    "floor_percent": ByFloorPercent,
    "undivided_share": UndividedShares,
    "hardship": Hardship,
    "late_fee": FeeForLateness,
    "collection_kpi": CollectionCurve,
    "min_area_unit_price": MinAreaUnitPrice,
    "late_joiner": LateJoiner,
    "refund": Cancelled,
    "instalments": Instalments,
    "waterfall": Waterfall,
    "bill": WholeBill,
}


def answer_to(method: object, given: Mapping[str, object]) -> Answer:
    """The answer to a question.

    Raises:
        Refused: `cost_sharing.method_unknown`; `service.field_…` for each field that is missing, unknown
            or wrong; what the rule itself refuses.
    """
    kind = METHODS.get(method) if isinstance(method, str) else None
    if kind is None:
        raise refusal("cost_sharing.method_unknown", where="method", known=", ".join(METHODS))
    try:
        return kind.model_validate(given, extra="forbid").answer()
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        raise Refused(*wrong_fields(_of_their_own(errors))) from None


def _of_their_own(errors: Sequence[ErrorDetails]) -> list[ErrorDetails]:
    """Without lists that are too short only because what is wrong in them was left out."""
    paths = [error["loc"] for error in errors]

    def inside(path: tuple[int | str, ...]) -> bool:
        return any(each[: len(path)] == path and each != path for each in paths)

    return [each for each in errors if each["type"] != "too_short" or not inside(each["loc"])]
