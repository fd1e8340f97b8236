"""Every update of every workflow of a case, sent straight to Temporal: without the gateway's signature none is taken."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.service import RPCError

from models.messages import acts as a
from models.messages.act_bodies import BODIES
from models.messages.acts import ACTS, Act, Done
from models.values.actor import Role
from proof.commands import act_hash
from runtime.database import Database
from runtime.record.audit import audit
from runtime.seals import ActSigner
from service.delivery import refusal_in
from tests.support.fields.samples import good_body
from tests.support.journey import BUREAU, actor, complain
from tests.support.signed.driver import SignedDriver
from tests.support.signed.keys import GATEWAY_KEYS, SIGNER
from tests.workflows.attacks.test_means import MAYOR
from tests.workflows.money.test_instalments import pay_first
from tests.workflows.works.test_settling import settled
from workflows.registry import WORKFLOWS

MOMENTS = (
    "open_vote",
    "objections.vote_result",
    "payments",
    "publish_tender",
    "works",
    "survey",
    "retention",
)
"""In one case, one after the other: at each of them other workflows run."""
WORDS = re.compile(r"[a-z_]+\.[a-z_]+")
"""A code of a refusal; nothing else is said where something broke."""


def updates() -> Iterator[tuple[str, str]]:
    """The types of workflows with their updates."""
    for each in WORKFLOWS:
        definition = workflow._Definition.must_from_class(each)
        yield from ((str(definition.name), str(name)) for name in definition.updates)


def forged(name: str, command_id: str) -> Act:
    """An act with good fields, in the name of somebody invented."""
    fields = good_body(BODIES[name]) if name in BODIES else {"ticket_id": "t", "satisfied": True}
    return ACTS[name].model_validate({**fields, "command_id": command_id, "actor": MAYOR})


def signed_by(signer: ActSigner, act: Act, rid: str) -> Act:
    seal = signer.seal(rid, act.name, act_hash(act), act.actor, act.command_id)
    return act.model_copy(update={"seal": seal})


async def told(handle: WorkflowHandle[Any, Any], act: Act) -> str:
    """The code by which an update is refused, "" where it is done."""
    try:
        await handle.execute_update(act.name, act, id=act.command_id, result_type=Done)
    except WorkflowUpdateFailedError as error:
        refused = refusal_in(error.cause)
        return refused.problems[0].code if refused else repr(error.cause)
    return ""


async def running(j: SignedDriver) -> list[tuple[str, WorkflowHandle[Any, Any]]]:
    """The workflows of the case that run now, with their types."""
    rows = await j.db.fetch("SELECT workflow_id FROM case_wait WHERE renovation_id = $1", j.rid)
    names = {row["workflow_id"] for row in rows} | {j.handle.id}
    names.add(str((await j.row())["stage_workflow_id"]))
    found = []
    for name in sorted(names):
        handle = j.client.get_workflow_handle(name)
        try:
            seen = await handle.describe()
        except RPCError:
            continue  # a line of the agenda that no workflow stands for
        if seen.status is WorkflowExecutionStatus.RUNNING:
            found.append((seen.workflow_type, handle))
    return found


async def refused_however_signed(
    j: SignedDriver, handle: WorkflowHandle[Any, Any], name: str
) -> None:
    act = forged(name, f"{j.rid}-{handle.id}-{name}"[-100:])
    assert await told(handle, act) == "act.unsigned", (handle.id, name)
    own = signed_by(ActSigner(j.key()), act, j.rid)
    assert own.seal is not None
    feigned = own.model_copy(update={"seal": own.seal.model_copy(update={"key_id": SIGNER.key_id})})
    assert await told(handle, feigned) == "act.signature_wrong", (handle.id, name)
    # A key that the workflow does not know may be a later one of ours: what the rules let pass, the activity refuses.
    code = await told(handle, own.model_copy(update={"command_id": f"{act.command_id}-later"}))
    assert WORDS.fullmatch(code), (handle.id, name, code)


@pytest.mark.slow
async def test_no_workflow_takes_an_act_that_the_gateway_has_not_signed(
    journey: Any, database: Database
) -> None:
    j: SignedDriver = await journey(SignedDriver)
    wanted, tried = set(updates()), set[tuple[str, str]]()
    ticket = await complain(j)
    for word in MOMENTS:
        if word == "publish_tender":
            j.on("payments", pay_first)
        await j.until(word)
        await j.parts.clocks.settle(j.rid)
        before = await j.seq()
        for kind, handle in await running(j):
            for each, name in sorted(wanted - tried):
                if each != kind:
                    continue
                await refused_however_signed(j, handle, name)
                tried.add((each, name))
        assert await j.seq() == before
    assert tried == wanted
    await j.act(a.ResolveTicket, BUREAU, ticket_id=ticket, answer="a lamp was mounted")
    resident = actor(Role.OWNER, "unit:101")
    await j.act(a.ConfirmTicket, resident, ticket_id=ticket, satisfied=True)
    await settled(j, database, "completed")
    assert (await audit(database, j.rid, gateway=GATEWAY_KEYS)).ok
