"""Each official act at the terminal, by everybody who may be signed in there: whom the policy table lets in, and nobody else."""

import json
from collections.abc import Callable

import pytest
from typer.main import get_command

from cli.main import application
from models.messages.act_bodies import BODIES
from models.values.refusal import Refused
from rules.authority import ROLES_OF_ACT
from tests.service.test_matrix import (
    CLOSED,
    OFFICIALS,
    RID,
    case,  # noqa: F401 - a fixture
    inside,
    outside,
)
from tests.support.fields.samples import good_body

pytestmark = pytest.mark.slow
COMMAND = get_command(application("act"))
ACTS = sorted(BODIES.keys() & ROLES_OF_ACT.keys())
EVERYBODY = (*map(inside, OFFICIALS), *map(outside, OFFICIALS), "stranger")


def told(act: str, actor: str) -> set[str]:
    """What is said against an act with a good body; nothing where it was done or proposed."""
    words = ["act", RID, act.replace("_", "-"), "--as", actor]
    words += ["--fields", json.dumps(good_body(BODIES[act])), "--command-id", f"{act}-{actor}"]
    try:
        # Not by typer's runner: it takes the standard output from the service, which is a thread of this process.
        COMMAND.main(words, prog_name="gongjian", standalone_mode=False)
    except Refused as refused:
        return {each.code for each in refused.problems}
    return set()


def test_every_act_of_the_table_is_one_of_the_terminal() -> None:
    """But the word on a complaint, which is a resident's: `gongjian letters enter` and the page are their way."""
    assert ROLES_OF_ACT.keys() - BODIES.keys() <= {"confirm_ticket"}
    assert len(ACTS) > 24


@pytest.mark.parametrize("act", ACTS)
def test_an_act_opens_at_the_terminal_to_its_roles_here_and_to_nobody_else(
    act: str,
    case: str,  # noqa: F811
    service: str,
    signed_in_here: Callable[..., None],
) -> None:
    signed_in_here(*EVERYBODY, service=service)
    opened = {actor for actor in EVERYBODY if not told(act, actor) & CLOSED}
    assert opened == {inside(role) for role in ROLES_OF_ACT[act].roles}


@pytest.mark.parametrize("act", ACTS)
def test_nobody_acts_at_the_terminal_whose_session_is_not_of_this_machine(
    act: str,
    case: str,  # noqa: F811
    service: str,
    signed_in_here: Callable[..., None],
) -> None:
    signed_in_here("stranger", service=service)
    for actor in map(inside, OFFICIALS):
        assert told(act, actor) == {"cases.not_signed_in"}
