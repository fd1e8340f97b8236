"""The journal: one transaction holds the change, its event and its receipt; a retry gets the receipt.

Every write goes through `Journal.record`. The renovation's row is locked first, which
orders the events of a renovation and makes the chain gapless; the tick, by which deadlines are
kept, is read under that lock.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

from pydantic import BaseModel, JsonValue
from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from models.messages.command import Command
from models.messages.healing import Breakage, GivenUp
from models.tables import CommandReceipt, Event, Renovation
from models.tables.base import table_of
from models.values.actor import ENGINE
from models.values.refusal import refusal
from proof.canonical import digest
from proof.commands import command_key
from runtime.database import Database, impatient, sqlstate
from runtime.record.heads import Heads, head_of
from runtime.record.trouble import add_trouble
from runtime.rows.appending import MOMENT, Answered, Moment, append_event, load_standing, next_event
from runtime.rows.digests import Written, row_hashes, watch
from runtime.seals import ActSigner

T = TypeVar("T", bound=BaseModel)
UNIQUE_VIOLATION = "23505"
BROKEN = "act.broken"
"""The kind of the event and the receipt of an act that is given up: nothing is done under its id any more."""


@dataclass(frozen=True)
class Recorded(Generic[T]):
    """What a change answers: the result for the caller and the details for the event log.

    `kind` replaces the kind given to `record`, where only the change knows what happened.
    """

    result: T
    details: Mapping[str, JsonValue]
    kind: str | None = None


@dataclass
class LastEvent:
    """The event of the last attempt at a transaction, None as long as it has written none."""

    event: Event | None = None


def id_from(key: str, digits: int = 24) -> str:
    """The part of a row's id that the key of its command gives: sent again, it names the same row."""
    return hashlib.sha256(key.encode()).hexdigest()[:digits]


Inside = Callable[[AsyncSession, datetime], Awaitable[Recorded[T]]]
"""Writes the rows, given the tick of the case: the moment at which what it does happens."""


class AskedCommand(NamedTuple, Generic[T]):
    """A command with what it does, sealed and bound to its content."""

    command: Command
    kind: str
    request_hash: str
    inside: Inside[T]
    into: type[T]


LOCKED = (
    select(Renovation)
    .where(Renovation.id == bindparam("renovation"))
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)
UNDER_BARE_ID = select(Event.seq).where(
    Event.command_id == bindparam("command"),
    Event.renovation_id == bindparam("renovation"),
    Event.actor_id == bindparam("actor"),
)
_RECEIPTS = table_of(CommandReceipt)
RECEIPT = select(_RECEIPTS).where(_RECEIPTS.c.command_id == bindparam("command"))


class Journal:
    """Writes commands into one database; those of the service are signed by its `signer`."""

    def __init__(
        self, database: Database, heads: Heads | None = None, signer: ActSigner | None = None
    ) -> None:
        """`heads` signs the head that each event makes; without it events have no signed head."""
        self._database, self._heads, self._signer = database, heads, signer

    async def record(
        self,
        command: Command,
        kind: str,
        request: BaseModel | None,
        inside: Inside[T],
        into: type[T],
        busy: str = "",
    ) -> T:
        """Do `inside` once for `command.command_id`; every later call returns the stored answer.

        The event happens at the tick that `inside` is given (of a case that it opens: when it was opened).

        `inside` may run more than once, each time after a transaction that was rolled back. It may also
        insert the renovation itself, for the event that opens it.

        `busy` is the code of the refusal when others hold the case, or what `inside` locks, for more
        than five seconds; without one they are waited for.

        Raises:
            Refused: `journal.command_reused` when the command id was used for another request;
                `act.broken` when it was given up; `renovation.unknown`; and whatever `inside` refuses. Nothing is changed.
        """
        return await self._record(self._asked(command, kind, request, inside, into), busy)

    async def _record(self, asked: AskedCommand[T], busy: str = "") -> T:
        command, written = asked.command, LastEvent()

        async def work(session: AsyncSession) -> T:
            locked = await lock_case(session, command.renovation_id)
            return await self._write(session, asked, locked, written)

        try:
            result = await self._database.transaction(impatient(work, busy) if busy else work)
        except IntegrityError as error:
            if sqlstate(error) != UNIQUE_VIOLATION:
                raise
            # Somebody else did it at the same moment: then there is a receipt.
            receipt = await self.answered(command.command_id)
            if receipt is None:
                raise  # not the command id, but something unique in what `inside` wrote
            return _answer_again(receipt, asked.request_hash, asked.into)
        self._keep(written)
        return result

    def _asked(
        self,
        command: Command,
        kind: str,
        request: BaseModel | None,
        inside: Inside[T],
        into: type[T],
    ) -> AskedCommand[T]:
        request_hash = command.request_hash or _hash_request(command, kind, request)
        command = self._sealed(command, kind, request_hash)
        return AskedCommand(command, kind, request_hash, inside, into)

    async def _write(
        self,
        session: AsyncSession,
        asked: AskedCommand[T],
        locked: Renovation | None,
        written: LastEvent,
    ) -> T:
        """Do one command under the lock of its case, or find what was answered before."""
        command = asked.command
        written.event, rows = None, watch(session)
        moment, before = await load_standing(session, command)
        if before is not None:
            return _answer_again(before, asked.request_hash, asked.into)
        recorded = await asked.inside(session, moment.tick)
        await session.flush()
        renovation = locked
        if renovation is None:
            renovation = await _just_inserted(session, command.renovation_id)
            moment = moment._replace(tick=renovation.opened_at)
        kind, answer = recorded.kind or asked.kind, (asked.request_hash, recorded.result)
        written.event = await self._append(
            session, renovation, command, kind, recorded.details, moment, rows, answer
        )
        return recorded.result

    async def give_up(self, command: Command, breakage: Breakage) -> GivenUp:
        """Make sure that nothing is done under this command id any more, unless it is done already.

        Under the lock of the renovation: an attempt that is still on its way commits before, and its
        result is found here, or comes after and is refused with `act.broken`.

        Raises:
            Refused: `renovation.unknown`.
        """
        written = LastEvent()

        async def work(session: AsyncSession) -> GivenUp:
            written.event, rows = None, watch(session)
            renovation = await lock_case(session, command.renovation_id)
            if renovation is None:
                raise refusal("renovation.unknown", where=command.renovation_id)
            moment, before = await load_standing(session, command)
            if before is not None:
                return GivenUp.model_validate(
                    {"found": None if before.kind == BROKEN else before.result}
                )
            details = breakage.model_dump(mode="json")
            answer = command.request_hash or _hash_request(command, BROKEN, breakage), breakage
            written.event = await self._append(
                session, renovation, command, BROKEN, details, moment, rows, answer
            )
            await add_trouble(session, command, breakage, by_act=True)
            return GivenUp()

        given_up = await self._database.transaction(work)
        self._keep(written)
        return given_up

    async def _append(
        self,
        session: AsyncSession,
        renovation: Renovation,
        command: Command,
        kind: str,
        details: Mapping[str, JsonValue],
        moment: Moment,
        rows: Written,
        answer: tuple[str, BaseModel],
    ) -> Event:
        """Add the event with the hashes of its rows at the end of the chain; move and sign the head.

        `answer` is the hash of what was asked, and what the receipt keeps of the answer.
        """
        hashes = await row_hashes(session, renovation.id, rows)
        event = next_event(renovation, command, kind, details, moment, hashes)
        if self._heads is not None:
            event.head_signature = self._heads.sign(head_of(renovation.id, event.seq, event.hash))
        await append_event(session, renovation, event, *answer)
        return event

    def _keep(self, written: LastEvent) -> None:
        """Keep the head of what was committed outside of the database."""
        event = written.event
        if self._heads is not None and event is not None and event.head_signature is not None:
            head = head_of(event.renovation_id, event.seq, event.hash)
            self._heads.keep(head, event.head_signature)

    def _sealed(self, command: Command, kind: str, request_hash: str) -> Command:
        """The command with the gateway's word for its actor, where the service writes."""
        if self._signer is None or command.seal is not None or command.actor == ENGINE:
            return command
        seal = self._signer.seal(
            command.renovation_id, kind, request_hash, command.actor, command.command_id
        )
        return command.model_copy(update={"seal": seal})

    async def key_of(
        self, command_id: str, renovation_id: str, actor_id: str, caller: str = ""
    ) -> str:
        """The key under which a sender's command is on the record of a case, or will be.

        It is a hash: two senders may use one command id. What releases before wrote under the bare
        id, in the name of the same actor, is found under it. `caller` names the sender where the
        record tells senders apart by less than that (a confidential complaint).
        """
        given = {"command": command_id, "renovation": renovation_id, "actor": actor_id}
        async with self._database.reading() as reading:
            earlier = (await reading.execute(UNDER_BARE_ID, given)).scalar()
        if earlier is not None:
            return command_id
        return command_key(caller or actor_id, renovation_id, command_id)

    async def answered(self, command_id: str) -> CommandReceipt | None:
        """The receipt of a command that was done or given up, None when it was not (yet)."""
        async with self._database.reading() as reading:
            found = (await reading.execute(RECEIPT, {"command": command_id})).mappings().first()
        return None if found is None else CommandReceipt(**found)


def _hash_request(command: Command, kind: str, request: BaseModel | None) -> str:
    """The hash of case, kind, actor and content; a repeated command id must come with the same one."""
    return digest(
        {
            "renovation_id": command.renovation_id,
            "kind": kind,
            "actor_id": command.actor.id,
            # An answer that is handed on says where it stands in the record; that is not what is asked.
            "request": None
            if request is None
            else request.model_dump(mode="json", exclude={"seq", "carried"}),
        }
    )


async def lock_case(session: AsyncSession, renovation_id: str) -> Renovation | None:
    """Lock the renovation's row until the end of the transaction.

    FOR NO KEY UPDATE keeps other journal writers out and lets rows in that only refer to the case.
    """
    return await session.scalar(LOCKED, {"renovation": renovation_id})


async def load_tick(session: AsyncSession, renovation_id: str) -> datetime:
    """Case time now, by the SQL function `tick_of`. A caller that locks the case asks after the lock."""
    tick: datetime = (await session.execute(MOMENT, {"renovation": renovation_id})).one().tick
    return tick


async def _just_inserted(session: AsyncSession, renovation_id: str) -> Renovation:
    """The renovation that the change itself has inserted, with the columns the server filled."""
    renovation = await session.get(Renovation, renovation_id, populate_existing=True)
    if renovation is None:
        raise refusal("renovation.unknown", where=renovation_id, renovation=renovation_id)
    return renovation


def refuse_given_up(receipt: CommandReceipt | Answered) -> None:
    """Whoever comes with the id of an act that was given up hears of it, and of its reference.

    Raises:
        Refused: `act.broken`.
    """
    if receipt.kind == BROKEN:
        reference = Breakage.model_validate(receipt.result).reference
        raise refusal("act.broken", reference=reference)


def _answer_again(receipt: CommandReceipt | Answered, request_hash: str, into: type[T]) -> T:
    refuse_given_up(receipt)
    if receipt.request_hash != request_hash:
        raise refusal("journal.command_reused", where="command_id", kind=receipt.kind)
    return into.model_validate(receipt.result)
