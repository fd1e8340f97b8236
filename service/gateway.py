"""The only way from the service to the workflows: official acts as updates, residents' facts as signals.

The key of the command is the id of the update, so the same command sent again gets the first answer. The
gateway waits `update_timeout_s` seconds at most; then it says what may be done, and the same command
may be sent again. Whoever sends sees the own command id, never the key.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

import structlog
from pydantic import JsonValue
from sqlalchemy import select
from temporalio.client import (
    Client,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.service import RPCError

from models.messages.act_bodies import BODIES
from models.messages.acts import ACTS, Act, ConfirmTicket, Done
from models.messages.feedback import TicketInput
from models.tables import Event
from models.values.actor import ENGINE, Actor
from models.values.refusal import problem, refusal, refuse_if_any
from proof.commands import act_hash
from rules.authority import Grant, acts_as, check_act
from runtime.database import Database
from runtime.engine.starting import start_ticket
from runtime.privacy.keys import PersonKeys
from runtime.record.authority import load_signed_since
from runtime.record.journal import Journal
from runtime.seals import signer_of
from runtime.settings import Settings
from service.access.own_household import refuse_own_household
from service.bodies import CommandBody
from service.delivery import AWAY, Delivery, command_reused, done_before, target_of
from service.http.problems import read_fields
from service.situation import Situation, load_grants, load_situation

log = structlog.get_logger("gateway")


class Gateway:
    """Sends official acts in the name of a verified actor."""

    def __init__(self, client: Client, database: Database, settings: Settings) -> None:
        self._client = client
        self._database = database
        self._signer = signer_of(settings)
        self._people = PersonKeys.of(settings)
        self._journal = Journal(database)
        self._patience = timedelta(seconds=settings.update_timeout_s)
        self._delivery = Delivery(client, database, self._patience)
        self._task_queue = settings.task_queue
        self._acts = Counter[str]()

    async def send(
        self,
        renovation_id: str,
        act_name: str,
        body: Mapping[str, JsonValue],
        actor_id: str,
        command_id: str,
        *,
        resident: Actor | None = None,
        caller: str = "",
    ) -> Done:
        """Do an official act; `body` are its own fields. Sent twice, it is done once.

        `resident` is the actor where it is no official, whose roles are on the record. `caller` is the
        sender where the record names the actor by less (`Journal.key_of`).

        Raises:
            Refused: `renovation.unknown`, `authority.…`, `service.field_…`, `journal.command_reused`,
                `act.broken`, what the rules say, or `service.target_closed` (409) and
                `service.full`, `service.not_confirmed`, `service.not_running`,
                `service.too_many_acts` (503).
        """
        read_fields(CommandBody, {"command_id": command_id})
        situation = await load_situation(self._database, renovation_id)
        if act_name not in ACTS:
            raise refusal("authority.unknown_act", act=act_name)
        key = await self._journal.key_of(command_id, renovation_id, actor_id, caller)
        # Whoever does it: what is asked is looked at before who asks.
        act = build_act(act_name, body, ENGINE, key)
        done = await self._done_before(situation, act, bare=key == command_id)
        if done is None:
            grants = await self._grants(renovation_id, actor_id, resident)
            actor = check_act(act_name, situation.part, grants, situation.place_path)
            await refuse_own_household(
                self._database, self._people, situation, act, actor, acts_as(grants)
            )
            seal = self._signer.seal(situation.id, act_name, act_hash(act), actor, key)
            signed = act.model_copy(update={"actor": actor, "seal": seal})
            done = await self._deliver(situation, signed)
        return done.model_copy(update={"command_id": command_id})

    async def _grants(
        self, renovation_id: str, actor_id: str, resident: Actor | None
    ) -> tuple[Grant, ...]:
        """The roles of the sender; a resident has one, and it is on no list."""
        if resident is None:
            return await load_grants(self._database, actor_id, renovation_id)
        role, place = resident.role, resident.place
        return (Grant(actor_id=actor_id, label=resident.label, role=role, place=place),)

    def under_way(self, renovation_id: str) -> bool:
        """Whether this process is delivering an act to the case; a told clock waits until it is done."""
        return self._acts[renovation_id] > 0

    async def confirm_ticket(
        self,
        renovation_id: str,
        ticket_id: str,
        actor: Actor,
        command_id: str,
        *,
        satisfied: bool,
        caller: str = "",
    ) -> Done:
        """Send a resident's confirmation of an answer; it was checked that the ticket is theirs.

        Raises:
            Refused: as `send` does.
        """
        fields: dict[str, JsonValue] = {"ticket_id": ticket_id, "satisfied": satisfied}
        return await self.send(
            renovation_id,
            ConfirmTicket.name,
            fields,
            actor.id,
            command_id,
            resident=actor,
            caller=caller,
        )

    async def start_ticket(self, situation: Situation, ticket_id: str) -> None:
        """Start the workflow of a ticket whose row is committed; one that runs already is left alone.

        Raises:
            Refused: `service.not_confirmed`; the ticket stays written, and may be sent again.
        """
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                given = TicketInput(
                    renovation_id=situation.id,
                    ticket_id=ticket_id,
                    clock=situation.clock,
                    gateway_public=await self._key_of_case(situation.id),
                )
                await start_ticket(self._client, self._task_queue, situation, given)
        except (RPCError, TimeoutError, RuntimeError) as error:
            log.warning("ticket_not_started", ticket_id=ticket_id, reason=type(error).__name__)
            raise refusal("service.not_confirmed") from error

    async def _key_of_case(self, renovation_id: str) -> str:
        """The key that signs the acts of a case; "" where they were not signed from the beginning."""
        async with self._database.session() as session:
            signed = await load_signed_since(session, renovation_id)
        return self._signer.public_key if signed else ""

    async def signal(self, workflow_id: str, name: str, *args: object) -> bool:
        """Send a signal; False where Temporal did not take it, then the caller sends it again."""
        handle = self._client.get_workflow_handle(workflow_id)
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                await handle.signal(name, args=list(args), rpc_timeout=self._patience)
        except (RPCError, TimeoutError, RuntimeError) as error:
            log.info(
                "workflow_not_told", workflow_id=workflow_id, fact=name, reason=type(error).__name__
            )
            return False
        return True

    async def _done_before(self, situation: Situation, act: Act, *, bare: bool) -> Done | None:
        """The answer of an act that is on the record under this key; None for a new command.

        Under a `bare` command id releases before have written, without the hash of the act: there
        the subject must be the same.

        Raises:
            Refused: `journal.command_reused` when the sender used the id for another act;
                `act.broken`, `service.not_confirmed`.
        """
        receipt = await self._journal.answered(act.command_id)
        if receipt is None:
            return None
        async with self._database.session() as session:
            workflow_id = await session.scalar(
                select(Event.workflow_id).where(Event.command_id == act.command_id)
            )
        if bare:
            same = act.target in ("stage", "renovation") or workflow_id == target_of(situation, act)
        else:
            same = receipt.request_hash == act_hash(act)
        if not same:
            raise command_reused(receipt.kind)
        await self._await_workflow(workflow_id or "", act.command_id)
        return done_before(receipt)

    async def _await_workflow(self, workflow_id: str, key: str) -> None:
        """Return when the workflow has finished the update that is on the record already.

        A worker that dies after its commit leaves the workflow behind the database. An official who
        was answered "done" at that moment would be refused the next act.

        Raises:
            Refused: `service.not_confirmed`.
        """
        if not workflow_id:
            return
        update = self._client.get_workflow_handle(workflow_id).get_update_handle(key)
        try:
            async with asyncio.timeout(self._patience.total_seconds()):
                await update.result()
        except WorkflowUpdateFailedError:
            return
        except RPCError as error:
            if error.status in AWAY:
                raise refusal("service.not_confirmed") from error
            # Nobody waits for it any more: Temporal has forgotten the update or the workflow.
            return
        except (WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError, RuntimeError) as error:
            raise refusal("service.not_confirmed") from error

    async def _deliver(self, situation: Situation, act: Act) -> Done:
        self._acts[situation.id] += 1
        try:
            return await self._delivery.deliver(situation, act)
        finally:
            self._acts[situation.id] -= 1


def build_act(act_name: str, body: Mapping[str, JsonValue], actor: Actor, key: str) -> Act:
    """The act from its own fields, the verified actor and the key of the command.

    Raises:
        Refused: `service.field_…` for each field that is missing, unknown or wrong.
    """
    refuse_if_any(
        problem("service.field_unknown", where=name, field=name)
        for name in sorted({"actor", "command_id", "seal"} & body.keys())
    )
    fields = read_fields(BODIES[act_name], body).model_dump(exclude_unset=True)
    return ACTS[act_name].model_validate({**fields, "command_id": key, "actor": actor})
