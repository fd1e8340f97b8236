import pytest

from models.values.actor import RESIDENTS, Role
from models.values.states import Stage
from models.values.waits import LackKind
from rules.authority import ROLES_OF_ACT, ROLES_OF_WRITE
from rules.granting import FIRM_ROLES, MAY_GIVE
from rules.lacking import lacking

WHOLE = {role: {f"{role}-{each}" for each in range(3)} for role in Role}
NO_WAY_IN = {Role.ENGINE, Role.OPERATOR}
"""The engine itself, and breaking the glass: nobody is given these."""


def without(*roles: Role) -> dict[Role, set[str]]:
    return {role: ids for role, ids in WHOLE.items() if role not in roles}


def test_every_role_has_a_way_in() -> None:
    """By a letter of a unit, by registering as a firm and being confirmed, or from whoever may give it."""
    assert RESIDENTS | FIRM_ROLES | set(MAY_GIVE) | NO_WAY_IN == set(Role)
    assert set(MAY_GIVE) >= FIRM_ROLES
    asked = {
        role for each in (*ROLES_OF_ACT.values(), *ROLES_OF_WRITE.values()) for role in each.roles
    }
    assert not asked & NO_WAY_IN


def test_with_everybody_there_nothing_is_lacking() -> None:
    assert lacking(WHOLE, *Stage) == ()


@pytest.mark.parametrize(
    ("stage", "role", "act"),
    [
        (Stage.COST_SHARING, Role.PAYMENT_PROVIDER, "payments"),
        (Stage.BIDDING, Role.EVALUATOR, "record_evaluation"),
        (Stage.INSPECTION, Role.CONTRACTOR, "report_item"),
        (Stage.INSPECTION, Role.CHIEF_SUPERVISOR, "accept_works"),
    ],
)
def test_a_stage_lacks_whoever_does_its_acts_and_no_other_stage_does(stage, role, act) -> None:
    found = [lack for lack in lacking(without(role), *Stage) if act in lack.acts]
    assert [(lack.stage, lack.kind, lack.roles) for lack in found] == [
        (stage, LackKind.NOBODY, (role,))
    ]
    assert all(act not in lack.acts for each in set(Stage) - {stage} for lack in lacking({}, each))


@pytest.mark.parametrize("have", [0, 1, 2])
def test_fewer_than_three_contractors_are_told(have: int) -> None:
    people = {**WHOLE, Role.CONTRACTOR: {f"c{each}" for each in range(have)}}
    found = lacking(people, Stage.BIDDING)
    (few,) = (lack for lack in found if lack.kind is LackKind.FEW_BIDDERS)
    assert (few.have, few.need) == (have, 3)


def test_one_person_in_two_roles_is_one_person() -> None:
    conveners = {Role.OWNERS_COMMITTEE, Role.RESIDENTS_COMMITTEE, Role.STREET_OFFICE}
    alone = {**without(*conveners), Role.OWNERS_COMMITTEE: {"a"}, Role.STREET_OFFICE: {"a"}}
    (lack,) = lacking(alone, Stage.VOTING)
    assert (lack.kind, lack.have, lack.need) == (LackKind.ONE_ALONE, 1, 2)
    assert lacking({**alone, Role.STREET_OFFICE: {"a", "b"}}, Stage.VOTING) == ()
