"""What a workflow, and the activity that writes, ask of whoever stands behind a command.

The workflow asks first, so that what came past the gateway leaves no history. The activity asks again,
in whatever way it was reached: a workflow that was started with an invented input writes nothing.
"""

from collections.abc import Mapping

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from models.messages.act_bodies import BODIES
from models.messages.acts import ACTS, Act
from models.messages.command import Command
from models.messages.ids import COLLECTION, renovation_workflow_id
from models.messages.journey_progress import COLLECTED_BESIDE
from models.tables import Event, Proposal, Renovation
from models.values.actor import ENGINE
from models.values.refusal import Refused, refusal
from models.values.states import RenovationState, Stage
from proof.canonical import utc_text
from proof.commands import act_hash, command_key
from proof.seals import BROKE_GLASS, GatewayKeys, signature_wrong
from rules.authority import WARRANTY, check_again, part_of_case
from rules.four_eyes import ACTS_OF_TWO
from rules.oversight import rests
from runtime.record.grants import load_grants

CARRIED_BY: Mapping[str, str] = {
    "": "RenovationWorkflow",
    Stage.VOTING: "VotingWorkflow",
    Stage.COST_SHARING: "CostSharingWorkflow",
    Stage.BIDDING: "BiddingWorkflow",
    Stage.INSPECTION: "InspectionWorkflow",
    Stage.FEEDBACK: "FeedbackWorkflow",
    WARRANTY: "WarrantyWorkflow",
    COLLECTION: "CollectionWorkflow",
    "publication": "PublicationWorkflow",
    "ticket": "TicketWorkflow",
}
"""The type of a workflow by the word after the case in its id."""
ALONE = ("", "ticket")
"""These nobody has started but the service or reconciliation; the others a workflow of the case."""


def kind_of(workflow_id: str, renovation_id: str) -> str | None:
    """The word after the case in the id of one of its workflows, "" for its own; None for a stranger's."""
    own = renovation_workflow_id(renovation_id)
    if workflow_id == own:
        return ""
    word = workflow_id.removeprefix(f"{own}/").partition("/")[0]
    known = workflow_id.startswith(f"{own}/") and word in CARRIED_BY
    return word if known else None


def is_carried(workflow_id: str, renovation_id: str, kind: str, parent_id: str) -> bool:
    """Whether a workflow of this type, started by that one, carries what its id says."""
    word = kind_of(workflow_id, renovation_id)
    if word is None or CARRIED_BY[word] != kind:
        return False
    if word in ALONE:
        return not parent_id
    above = kind_of(parent_id, renovation_id)
    return above == "" or (word == "publication" and above in (*Stage, WARRANTY))


def refuse_impostor(command: Command, *, signed: bool) -> None:
    """A command comes from the workflow that it names, which was started as the procedure starts it.

    In a case of before (not `signed`), and outside of Temporal, nobody is to be told apart.

    Raises:
        Refused: `act.impostor`.
    """
    if not (signed and activity.in_activity()):
        return
    info = activity.info()
    same = info.workflow_id == command.workflow_id
    given = (command.workflow_id, command.renovation_id, info.workflow_type, command.parent_id)
    if not same or not is_carried(*[each or "" for each in given]):
        raise refusal("act.impostor", where=command.workflow_id, workflow=command.workflow_id)


def refuse_unsigned(
    command: Command, request: BaseModel | None, keys: GatewayKeys, *, signed: bool
) -> None:
    """What a person does is written as the gateway has signed it; how long ago is not asked.

    A step of the engine needs no signature; in a case of before (not `signed`), nor does an act.

    Raises:
        Refused: `act.unsigned`, `act.signature_wrong`.
    """
    own = command.command_id.startswith(f"{command.workflow_id}#") and not command.request_hash
    if (own and command.actor == ENGINE) or not (signed or command.seal):
        return
    fault = keys.fault(
        command.seal,
        command.renovation_id,
        command.request_hash,
        command.actor,
        command.command_id,
    )
    if fault is None and command.seal is not None and not _is_asked(command, request):
        fault = signature_wrong(command.seal)
    if fault is not None:
        raise Refused(fault)


def _is_asked(command: Command, request: BaseModel | None) -> bool:
    """Whether what is about to be written is the act that was signed, as far as it is told."""
    return not isinstance(request, Act) or act_hash(request) == command.request_hash


async def refuse_without_grant(
    session: AsyncSession, command: Command, renovation: Renovation, *, told: bool
) -> None:
    """Whoever was let in must still hold the role when the act is written, and the second person's word.

    Raises:
        Refused: `authority.not_granted` and what `check_act` refuses; `act.no_second`.
    """
    if command.seal is None:
        return
    grants = await load_grants(session, command.actor.id, renovation.id)
    part, place = part_of_case(renovation.stage, renovation.state), renovation.place_path
    check_again(command.seal.act, part, command.actor, grants, place)
    if command.seal.act in ACTS_OF_TWO:
        await _refuse_without_second(session, command, command.seal.act, told=told)


async def _refuse_without_second(
    session: AsyncSession, command: Command, act: str, *, told: bool
) -> None:
    """What nobody does alone is written when another person has confirmed exactly this.

    Whoever passes the service's door with a good signature is stopped here. In a training case (`told`)
    the convener plays both. An operator's break-glass is an act of its own kind, which the record names.
    """
    actor, rid = command.actor, command.renovation_id
    rows = await session.scalars(
        select(Proposal).where(
            Proposal.renovation_id == rid,
            Proposal.act == act,
            Proposal.proposed_by == actor.id,
            Proposal.decision == "confirmed",
        )
    )
    for row in rows:
        same = command.command_id == command_key(actor.id, rid, row.id)
        other = told or row.decided_by != actor.id
        if same and other and _content_hash(row) == command.request_hash:
            return
    broken = await session.scalar(
        select(Event.seq)
        .where(
            Event.renovation_id == rid,
            Event.kind == BROKE_GLASS,
            Event.actor_id == actor.id,
            Event.details["act"].astext == act,
        )
        .limit(1)
    )
    if broken is None:
        raise refusal("act.no_second", act=act)


def _content_hash(row: Proposal) -> str:
    """The hash of the act that was confirmed, as the gateway signs it."""
    body = BODIES[row.act].model_validate(row.content["fields"]).model_dump(exclude_unset=True)
    return act_hash(ACTS[row.act].model_validate({**body, "command_id": row.id, "actor": ENGINE}))


def refuse_late(command: Command, renovation: Renovation, kind: str) -> None:
    """A stage that was left, by its end or by a cancellation, writes nothing any more.

    Nor does a publication that such a stage has started: what it would wait for, nobody ends; nor a
    collection of shares that are made anew or refunded. While the renovation stands still, nothing of its
    procedure is written (`rules.oversight`).

    Raises:
        Refused: `renovation.stage_over`; a write that was on its way when the stage ended comes too late.
            `renovation.suspended`; it is written when the renovation was resumed.
    """
    for workflow_id in (command.workflow_id, command.parent_id):
        parts = workflow_id.split("/")
        of_a_stage = len(parts) > 2 and parts[2] in tuple(Stage)  # noqa: PLR2004 - renovation/<id>/<stage>/<n>
        if of_a_stage and workflow_id != renovation.stage_workflow_id:
            raise refusal("renovation.stage_over", stage="/".join(parts[2:]))
    own = kind_of(command.workflow_id, renovation.id)
    if own == COLLECTION and not _is_collected_beside(renovation):
        raise refusal("renovation.stage_over", stage=own)
    since = renovation.suspended_at
    if since is not None and rests(kind, own):
        raise refusal("renovation.suspended", where=renovation.id, since=utc_text(since))


def _is_collected_beside(renovation: Renovation) -> bool:
    """Whether instalments are collected beside what goes on: until what was asked for is undone."""
    open_ = renovation.state in (RenovationState.RUNNING, RenovationState.IN_WARRANTY)
    return open_ and bool(renovation.stage_workflow_id) and renovation.stage in COLLECTED_BESIDE
