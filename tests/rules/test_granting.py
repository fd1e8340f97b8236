import pytest

from models.values.actor import Role
from models.values.refusal import Refused
from rules.authority import ROLES_OF_ACT, ROLES_OF_WRITE, Grant
from rules.granting import MAY_GIVE, check_client, check_giving

PLACE = "d/s/c/g"
NEVER_GIVEN = {Role.ENGINE, Role.OPERATOR, Role.OWNER, Role.RESIDENT}


def grant(role: Role, place: str = "d", actor_id: str = "giver") -> Grant:
    return Grant(actor_id=actor_id, label=actor_id, role=role, place=place)


def refused(role: Role, place: str, to: str, *grants: Grant) -> str:
    with pytest.raises(Refused) as error:
        check_giving(role, place, to, grants)
    (problem,) = error.value.problems
    return problem.code


def test_every_role_that_acts_is_given_by_somebody_and_says_by_which_text() -> None:
    acting = {
        role for each in (*ROLES_OF_ACT.values(), *ROLES_OF_WRITE.values()) for role in each.roles
    }
    assert acting - NEVER_GIVEN <= MAY_GIVE.keys()
    assert not NEVER_GIVEN & MAY_GIVE.keys()
    for giving in MAY_GIVE.values():
        assert giving.by
        assert "art. " in giving.article or "[D]" in giving.article


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("giver", list(Role))
def test_a_role_is_given_by_those_of_the_table_and_by_nobody_else(role: Role, giver: Role) -> None:
    if role not in MAY_GIVE:
        assert refused(role, PLACE, "other", grant(giver)) == "granting.not_given"
    elif giver in MAY_GIVE[role].by:
        actor = check_giving(role, PLACE, "other", (grant(giver),))
        assert (actor.id, actor.role) == ("giver", giver)
    else:
        assert refused(role, PLACE, "other", grant(giver)) == "granting.wrong_role"


@pytest.mark.parametrize("role", sorted(MAY_GIVE))
def test_nobody_gives_a_role_to_themselves(role: Role) -> None:
    giver = grant(min(MAY_GIVE[role].by))
    assert refused(role, PLACE, "giver", giver) == "granting.to_oneself"


@pytest.mark.parametrize("place", ["e", "d2", "d/s2/c/g", ""])
def test_an_office_gives_nothing_for_a_place_that_is_not_its_own(place: str) -> None:
    office = grant(Role.STREET_OFFICE, "d/s")
    assert refused(Role.OWNERS_COMMITTEE, place, "other", office) == "granting.outside_place"


def test_no_chain_of_grants_leads_up_again() -> None:
    """Whoever starts with a role below the government never comes to give an office of it."""
    reach = {Role.OWNERS_COMMITTEE, Role.RESIDENTS_COMMITTEE, Role.GRID_WORKER, Role.CONTRACTOR}
    while True:
        more = {role for role, giving in MAY_GIVE.items() if giving.by & reach} | reach
        if more == reach:
            break
        reach = more
    assert not reach & {Role.STREET_OFFICE, Role.DISTRICT_BUREAU, Role.ADMINISTRATOR}


def test_an_actor_and_an_administrator_keep_the_programs_of_an_actor() -> None:
    own = grant(Role.PAYMENT_PROVIDER, "d/s", "bank")
    admin = grant(Role.ADMINISTRATOR, "", "admin")
    assert check_client("bank", "bank", (own,)).role is Role.PAYMENT_PROVIDER
    assert check_client("bank", "admin", (admin,)).role is Role.ADMINISTRATOR
    for of_actor, sender, grants, code in (
        ("bank", "street", (grant(Role.STREET_OFFICE, "d/s", "street"),), "client.not_yours"),
        ("bank", "bank", (), "client.no_role"),
        ("bank", "nobody", (), "client.not_yours"),
    ):
        with pytest.raises(Refused) as refused:
            check_client(of_actor, sender, grants)
        assert [each.code for each in refused.value.problems] == [code]
