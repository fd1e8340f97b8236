"""Properties of the rule of the second person."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.values.actor import Actor, Role
from models.values.refusal import Refused
from rules.authority import ROLES_OF_ACT, ROLES_OF_WRITE
from rules.four_eyes import (
    ACTS_OF_TWO,
    ProposalState,
    Proposed,
    refuse_confirming,
    refuse_decided,
    refuse_withdrawing,
    state_of,
)

AT = datetime(2026, 3, 2, tzinfo=UTC)
PEOPLE = st.sampled_from(["a", "b", "c"])
HASHES = st.sampled_from(["0" * 64, "1" * 64])
PROPOSALS = st.builds(
    Proposed,
    id=st.just("p"),
    proposed_by=PEOPLE,
    content_sha256=HASHES,
    stage=st.sampled_from(["s1", "s2"]),
    expires_at=st.integers(-2, 2).map(lambda days: AT + timedelta(days=days)),
    decision=st.sampled_from(["", "confirmed", "withdrawn"]),
)


@given(PROPOSALS, PEOPLE, HASHES, st.booleans())
def test_exactly_another_person_confirms_exactly_what_was_read(
    proposal: Proposed, person: str, read: str, plays_all: bool
) -> None:
    may = read == proposal.content_sha256 and (plays_all or person != proposal.proposed_by)
    if may:
        refuse_confirming(proposal, person, read, plays_all=plays_all)
    else:
        with pytest.raises(Refused):
            refuse_confirming(proposal, person, read, plays_all=plays_all)


@given(PROPOSALS, PEOPLE, st.sampled_from(Role))
def test_whoever_proposed_takes_it_back_and_only_who_confirms_turns_down_anothers(
    proposal: Proposed, person: str, role: Role
) -> None:
    actor = Actor(id=person, role=role, label=person, place="d/s")
    confirms = role in {Role.OWNERS_COMMITTEE, Role.RESIDENTS_COMMITTEE, Role.STREET_OFFICE}
    if confirms or person == proposal.proposed_by:
        refuse_withdrawing(proposal, actor)
    else:
        with pytest.raises(Refused, match=r"authority\.wrong_role"):
            refuse_withdrawing(proposal, actor)


def test_every_role_that_proposes_may_take_its_proposal_back() -> None:
    proposes = [name for name in ACTS_OF_TWO if name in ROLES_OF_ACT]
    may = ROLES_OF_WRITE["withdraw_proposal"].roles
    assert proposes
    assert all(ROLES_OF_ACT[name].roles <= may for name in proposes)


@given(PROPOSALS, st.sampled_from(["s1", "s2"]), st.integers(-3, 3))
def test_only_what_is_undecided_in_time_and_of_this_stage_is_open(
    proposal: Proposed, stage: str, days: int
) -> None:
    now = AT + timedelta(days=days)
    is_open = not proposal.decision and proposal.stage == stage and now < proposal.expires_at
    assert (state_of(proposal, stage, now) is ProposalState.OPEN) == is_open
    if is_open:
        refuse_decided(proposal, stage, now)
    else:
        with pytest.raises(Refused):
            refuse_decided(proposal, stage, now)
