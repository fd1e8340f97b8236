import pytest

from models.messages.acts import ACTS
from models.values.actor import Role
from models.values.refusal import Refused
from rules.authority import (
    ROLES_OF_ACT,
    ROLES_OF_WRITE,
    Grant,
    check_act,
    covers,
)
from rules.duties import Duty, refuse_same_person

PLACE = "weicheng/dongguan/c7/g2"


def grant(role: Role, place: str = "weicheng/dongguan", actor: str = "p1") -> Grant:
    return Grant(actor_id=actor, label="王主任", role=role, place=place)


def code_of(error: pytest.ExceptionInfo[Refused]) -> str:
    (problem,) = error.value.problems
    return problem.code


def test_every_official_act_names_its_roles_and_where_they_come_from() -> None:
    assert set(ROLES_OF_ACT) == set(ACTS)
    for authority in ROLES_OF_ACT.values():
        assert authority.roles
        assert "art. " in authority.article or "[D]" in authority.article
        assert Role.ENGINE not in authority.roles


@pytest.mark.parametrize("act", sorted(ACTS))
@pytest.mark.parametrize("role", list(Role))
def test_an_act_is_open_to_its_roles_and_to_nobody_else(act: str, role: Role) -> None:
    stage = ACTS[act].stage or "voting"
    if role in ROLES_OF_ACT[act].roles:
        actor = check_act(act, stage, (grant(role),), PLACE)
        assert (actor.id, actor.role, actor.place) == ("p1", role, "weicheng/dongguan")
    else:
        with pytest.raises(Refused) as error:
            check_act(act, stage, (grant(role),), PLACE)
        assert code_of(error) == "authority.wrong_role"


def test_every_write_into_an_open_vote_names_its_roles_and_where_they_come_from() -> None:
    for authority in ROLES_OF_WRITE.values():
        assert authority.roles
        assert "art. " in authority.article or "[D]" in authority.article
        assert Role.ENGINE not in authority.roles


def test_a_grid_worker_writes_down_visits_and_suggestions_and_nothing_else() -> None:
    mine = {name for name, each in ROLES_OF_WRITE.items() if Role.GRID_WORKER in each.roles}
    assert mine == {"record_visits", "write_down_suggestion"}


def test_only_the_chief_supervising_engineer_accepts_works() -> None:
    assert ROLES_OF_ACT["accept_works"].roles == {Role.CHIEF_SUPERVISOR}


def test_who_accepts_cannot_release_the_money() -> None:
    both = ROLES_OF_ACT["accept_works"].roles & ROLES_OF_ACT["approve_payment"].roles
    assert both == frozenset()


def test_who_builds_does_not_inspect() -> None:
    assert Role.CONTRACTOR not in ROLES_OF_ACT["record_inspection"].roles


@pytest.mark.parametrize(
    ("place", "inside"),
    [
        (PLACE, True),
        ("weicheng", True),
        ("weicheng/dongguan/c7", True),
        ("weicheng/dongguan/c", False),
        ("weicheng/dong", False),
        ("weicheng/dongguan/c7/g2/b1", False),
        ("kuiwen", False),
        ("dongguan", False),
        ("", False),
        ("weicheng/", False),
        ("/", False),
    ],
)
def test_a_place_covers_what_is_below_it_segment_by_segment(place: str, inside: bool) -> None:
    assert covers(place, PLACE) is inside


def test_an_act_outside_of_the_own_place_is_refused_with_both_places() -> None:
    with pytest.raises(Refused) as error:
        check_act("open_vote", "voting", (grant(Role.STREET_OFFICE, "weicheng/dong"),), PLACE)
    assert code_of(error) == "authority.outside_place"
    params = error.value.problems[0].params
    assert (params["places"], params["place"]) == ("weicheng/dong", PLACE)


def test_an_act_of_another_stage_is_refused() -> None:
    with pytest.raises(Refused) as error:
        check_act("publish_tender", "voting", (grant(Role.STREET_OFFICE),), PLACE)
    assert code_of(error) == "authority.wrong_stage"


@pytest.mark.parametrize("stage", ["voting", "cost_sharing", "bidding", "inspection", "feedback"])
def test_an_act_without_a_stage_may_be_done_at_every_stage(stage: str) -> None:
    actor = check_act("cancel_renovation", stage, (grant(Role.DISTRICT_BUREAU),), PLACE)
    assert actor.role is Role.DISTRICT_BUREAU


def test_an_act_that_does_not_exist_is_nobodys() -> None:
    with pytest.raises(Refused) as error:
        check_act("delete_history", "voting", (grant(Role.DISTRICT_BUREAU),), PLACE)
    assert code_of(error) == "authority.unknown_act"


def test_without_any_grant_nothing_may_be_done() -> None:
    with pytest.raises(Refused) as error:
        check_act("open_vote", "voting", (), PLACE)
    assert code_of(error) == "authority.wrong_role"


def test_a_role_in_one_place_and_another_role_here_do_not_add_up() -> None:
    grants = (grant(Role.STREET_OFFICE, "kuiwen"), grant(Role.GRID_WORKER, PLACE))
    with pytest.raises(Refused) as error:
        check_act("open_vote", "voting", grants, PLACE)
    assert code_of(error) == "authority.outside_place"


def test_of_several_grants_the_narrowest_acts() -> None:
    grants = (grant(Role.DISTRICT_BUREAU, "weicheng"), grant(Role.STREET_OFFICE))
    assert check_act("grant_subsidy", "cost_sharing", grants, PLACE).role is Role.STREET_OFFICE


def test_nobody_passes_the_own_work() -> None:
    with pytest.raises(Refused) as error:
        refuse_same_person(Duty.ANSWER_OBJECTION, "p1", "p1")
    assert code_of(error) == "publication.own_objection"
    assert error.value.problems[0].params == {"actor": "p1"}


@pytest.mark.parametrize("previous", ["p2", None])
def test_another_persons_work_may_be_passed(previous: str | None) -> None:
    refuse_same_person(Duty.ANSWER_OBJECTION, previous, "p1")  # is not refused
