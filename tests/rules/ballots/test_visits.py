from typing import get_args

import pytest

from models.values.channels import Visit
from rules.ballots.visits import Door, visit_problems


@pytest.mark.parametrize("outcome", get_args(Visit))
@pytest.mark.parametrize("envelope", ["", "0017"])
def test_an_envelope_is_named_exactly_where_one_was_handed_over(
    outcome: Visit, envelope: str
) -> None:
    problems = visit_problems([Door("1", outcome, envelope)], {"1"})
    assert (not problems) is ((outcome == "handed_over") == bool(envelope))


def test_every_wrong_door_of_a_round_is_named() -> None:
    doors = [Door("1", "refused", ""), Door("9", "visited", ""), Door("8", "handed_over", "")]
    assert [(p.where, p.code) for p in visit_problems(doors, {"1"})] == [
        ("visits.2", "voting.unit_not_on_roll"),
        ("visits.3", "voting.unit_not_on_roll"),
        ("visits.3", "door.envelope"),
    ]
