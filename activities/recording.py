"""How an activity writes: by the tick, through the journal, with refusals that reach the person."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Concatenate, ParamSpec, TypeVar

from pydantic import BaseModel, JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity

from activities.beating import beating
from activities.failures import told_to_workflow
from activities.healing.following import refuse_unfounded
from activities.sealed import refuse_impostor, refuse_late, refuse_unsigned, refuse_without_grant
from models.messages.acts import ACTS
from models.messages.command import Command
from models.messages.journey import Answer, Ticked
from models.tables import CaseClock, Renovation, Scheme
from models.values.ledger import Transfer
from models.values.refusal import refusal
from models.values.scheme import SchemeContent
from models.values.timetable import Period, Timetable, WorkCalendar
from models.values.waits import ENGINE, Consequence, NotYetError, Wait, at_work
from proof.seals import GatewayKeys
from rules.authority import ROLES_OF_ACT
from rules.oversight import rested
from rules.time import lateness
from rules.time.deadlines import deadline, is_provisional, last_day
from runtime.anchors.keys import Anchors
from runtime.ballots.sealing import BoxKeys
from runtime.bidding.envelopes import Envelopes
from runtime.database import Database
from runtime.ledger.booking import book
from runtime.outbox import notice_of
from runtime.record.agenda import load_next_reminder, replace_waits
from runtime.record.authority import load_signed_since
from runtime.record.heads import Heads
from runtime.record.journal import Journal, Recorded

T = TypeVar("T", bound=BaseModel)
TERMS_KEPT = 1_000


@dataclass(frozen=True, kw_only=True)
class Case:
    """One renovation while it is being written to: the locked row, its time and its law."""

    session: AsyncSession
    renovation: Renovation
    command: Command
    now: datetime
    """The tick: case time, UTC. Every period starts here."""
    timetable: Timetable
    calendar: WorkCalendar
    agenda: dict[str, tuple[Wait, ...]] = field(default_factory=dict)
    """What workflows wait for after this write, by their ids; the others' waits stay as they are."""
    notices: set[str] = field(default_factory=set)
    """Ids of the notices of this write."""
    transfers: list[Transfer] = field(default_factory=list)
    """What this write moves in the ledger; its activity never books by itself."""

    def ends(self, start: datetime, period: Period) -> datetime:
        """When a period that starts at `start` is over, in case time; it rests while the case stands still."""
        end = deadline(start, period, self.calendar, self.timetable.zone)
        return rested(end, start, self.renovation.rests)

    def due(self, what: str, start: datetime) -> datetime | None:
        """Until when an act is done that is awaited from `start` on, by the timetable."""
        end = lateness.due(what, start, self.timetable, self.calendar)
        return end and rested(end, start, self.renovation.rests)

    def is_provisional(self, end: datetime) -> bool:
        """Whether a holiday that is not announced yet may still move the end of a period."""
        return is_provisional(last_day(end, self.timetable.zone), self.calendar)

    def not_before(self, moment: datetime) -> None:
        """Leave a step of the engine undone that comes before its moment.

        Raises:
            NotYetError: with the time left by the tick.
        """
        if self.now < moment:
            raise NotYetError(moment - self.now)

    def wait_for(
        self,
        what: str,
        due_at: datetime | None = None,
        *,
        since: datetime | None = None,
        who: str | None = None,
        then: Consequence = Consequence.NONE,
    ) -> None:
        """Say what this workflow waits for now, and show it on the renovation's row.

        `who` is known for an official act; `then` is what the engine does at `due_at`. What the
        timetable gives people a period for is due when it is over: then they are reminded.
        """
        wait = self.wait(what, due_at, since=since, who=who, then=then)
        self.renovation.waiting_for = what
        self.renovation.due_at = None if what == ENGINE else wait.due_at
        self.await_only(wait)

    def wait(
        self,
        what: str,
        due_at: datetime | None = None,
        *,
        subject: str = "",
        since: datetime | None = None,
        who: str | None = None,
        then: Consequence = Consequence.NONE,
    ) -> Wait:
        """One line of the agenda; see `wait_for`."""
        if what == ENGINE:
            return at_work(ENGINE, self.now)
        if due_at is None and then is Consequence.NONE:
            due_at = self.due(what, since or self.now)
        awaited = who_does(what) if who is None else who
        if due_at is not None and awaited and then is Consequence.NONE:
            then = Consequence.REMINDED
        wait = Wait(what=what, subject=subject, due_at=due_at, since=since, who=awaited)
        return wait.model_copy(update={"consequence": then})

    def goes_on(self) -> None:
        """The workflow goes on by itself: nobody is awaited."""
        self.wait_for(ENGINE)

    def await_only(self, *waits: Wait) -> None:
        """These and nothing else are what this workflow waits for."""
        self.agenda[self.command.workflow_id] = waits

    def await_too(self, *waits: Wait) -> None:
        """These as well."""
        self.await_only(*self.agenda.get(self.command.workflow_id, ()), *waits)

    def parent_awaits(self, what: str, subject: str) -> None:
        """The workflow that started this one waits for its end."""
        if self.command.parent_id:
            self.agenda[self.command.parent_id] = (Wait(what=what, subject=subject),)

    def is_last_word(self, next_of_parent: Wait | None = None) -> None:
        """This workflow writes nothing any more; whoever started it goes on, or waits for the next."""
        self.agenda[self.command.workflow_id] = ()
        if self.command.parent_id:
            self.agenda[self.command.parent_id] = (next_of_parent or at_work(ENGINE, self.now),)

    async def scheme(self) -> tuple[int, SchemeContent]:
        """The latest version of the scheme, with its number."""
        row = await self.session.scalar(
            select(Scheme)
            .where(Scheme.renovation_id == self.renovation.id)
            .order_by(Scheme.version.desc())
            .limit(1)
        )
        if row is None:
            raise refusal("renovation.scheme_missing", where=self.renovation.id)
        return row.version, SchemeContent.model_validate(row.content)

    def notify(
        self,
        audience: str,
        template: str,
        only: Sequence[str] = (),
        /,
        **params: str | int | datetime,
    ) -> None:
        """Put a notice into the outbox, in this transaction; the same one goes out once a write.

        Where one of its dates is provisional, it says so. `only` are the units it is for, where
        they do not follow from the audience.
        """
        said: dict[str, JsonValue] = {}
        for name, value in params.items():
            said[name] = value.isoformat() if isinstance(value, datetime) else value
            if isinstance(value, datetime) and self.is_provisional(value):
                said["provisional"] = True
        if only:
            said["only"] = [*sorted(only)]
        notice = notice_of(self.command, audience, template, said, self.now)
        if notice.id not in self.notices:
            self.notices.add(notice.id)
            self.session.add(notice)


@dataclass(frozen=True)
class CaseTerms:
    """The law under which a renovation was opened, and whether its clock is a told one."""

    told: bool
    timetable: Timetable
    signed: bool = False
    """Whether every act of it is signed; not in a case of before."""


Change = Callable[[Case], Awaitable[Recorded[T]]]


class Recorder:
    """Writes steps: one transaction each, idempotent by the step's command id."""

    def __init__(
        self,
        database: Database,
        calendar: WorkCalendar,
        keys: BoxKeys,
        gateway: GatewayKeys = GatewayKeys({}),  # noqa: B008 - it does not change
        heads: Heads | None = None,
        envelopes: Envelopes | None = None,
        anchors: Anchors | None = None,
    ) -> None:
        self.envelopes = envelopes
        self.anchors = anchors
        self.gateway = gateway
        self.database = database
        self.journal = Journal(database, heads)
        self.calendar = calendar
        self.keys = keys
        self.terms: dict[str, CaseTerms] = {}

    async def write(
        self,
        command: Command,
        kind: str,
        request: BaseModel | None,
        change: Change[T],
        into: type[T],
        args: Sequence[object] = (),
    ) -> T:
        """Record one change, by `args`, with its event, its receipt and what is waited for after it.

        Raises:
            ApplicationError: as `told_to_workflow` says.
        """
        with told_to_workflow(command):
            async with beating():
                return await self._record(command, kind, request, change, into, args)

    async def _record(
        self,
        command: Command,
        kind: str,
        request: BaseModel | None,
        change: Change[T],
        into: type[T],
        args: Sequence[object],
    ) -> T:
        terms = await self.terms_of(command.renovation_id)
        refuse_impostor(command, signed=terms.signed)
        refuse_unsigned(command, request, self.gateway, signed=terms.signed)

        async def inside(session: AsyncSession, now: datetime) -> Recorded[T]:
            # The journal has locked it in this session: no query.
            row = await session.get_one(Renovation, command.renovation_id)
            refuse_late(command, row, kind)
            await refuse_without_grant(session, command, row, told=terms.told)
            await refuse_unfounded(session, command, kind, args, signed=terms.signed)
            case = Case(
                session=session,
                renovation=row,
                command=command,
                now=now,
                timetable=terms.timetable,
                calendar=self.calendar,
            )
            recorded = await change(case)
            booked = await book(session, row.id, command.command_id, now, case.transfers)
            recorded = replace(recorded, details={**recorded.details, **booked})
            await _write_agenda(case)
            remind_at = await load_next_reminder(session, _hearer(case))
            return _with_position(
                recorded, row.head_seq + 1, now if terms.told else None, remind_at
            )

        return await self.journal.record(command, kind, request, inside, into)

    async def terms_of(self, renovation_id: str) -> CaseTerms:
        """What a renovation carries from its opening to its end; read once, it never changes."""
        terms = self.terms.get(renovation_id)
        if terms is not None:
            return terms
        async with self.database.session() as session:
            row = await session.get(Renovation, renovation_id)
            told = await session.get(CaseClock, renovation_id) is not None
            signed = await load_signed_since(session, renovation_id)
        if row is None:
            raise refusal("renovation.unknown", where=renovation_id)
        terms = CaseTerms(told, Timetable.model_validate(row.timetable), bool(signed))
        if len(self.terms) >= TERMS_KEPT:
            self.terms.clear()
        self.terms[renovation_id] = terms
        return terms


class Writer:
    """The parent of every class of activities: they write through one recorder."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder


W = TypeVar("W", bound=Writer)
P = ParamSpec("P")


def last_model(*args: object) -> BaseModel | None:
    """What is asked, as a retry must ask it again: the last argument, if it is a model."""
    last = args[-1] if args else None
    return last if isinstance(last, BaseModel) else None


def writes(
    name: str,
    *,
    event: str,
    into: type[T],
    request: Callable[..., BaseModel | None] = last_model,
    bulk: bool = False,
) -> Callable[
    [Callable[Concatenate[W, Case, P], Awaitable[Recorded[T]]]],
    Callable[Concatenate[W, Command, P], Awaitable[T]],
]:
    """Make an activity of a method that changes a case.

    The method is written for a `Case`; workflows call it with a `Command`, and get the result `into`.
    The recorder opens the case and writes the `event` and the receipt with what the method changes.

    Args:
        name: Of the activity; it stands in every history and is never changed.
        event: The kind of the event, unless the method says another in `Recorded.kind`.
        into: The type of the result.
        request: What of the arguments makes two uses of a command id the same request.
        bulk: It reads or writes a row per resident and may take minutes.
    """

    def activity_of(
        change: Callable[Concatenate[W, Case, P], Awaitable[Recorded[T]]],
    ) -> Callable[Concatenate[W, Command, P], Awaitable[T]]:
        @wraps(change)
        async def write(self: W, command: Command, /, *args: P.args, **named: P.kwargs) -> T:
            return await self.recorder.write(
                command,
                event,
                request(*args, **named),
                lambda case: change(self, case, *args, **named),
                into,
                args,
            )

        _say_types(write, into)
        vars(write).update(event=event, into=into, bulk=bulk)
        return activity.defn(name=name)(write)

    return activity_of


def _say_types(write: Callable[..., object], into: type[BaseModel]) -> None:
    """Temporal reads the types of arguments and result from the function's signature."""
    own, _case, *others = signature(write, eval_str=True).parameters.values()
    command = Parameter("command", Parameter.POSITIONAL_OR_KEYWORD, annotation=Command)
    parameters = [own, command, *others]
    types = {each.name: each.annotation for each in parameters[1:]}
    write.__annotations__ = {**types, "return": into}
    vars(write)["__signature__"] = Signature(parameters, return_annotation=into)
    del vars(write)["__wrapped__"]


def who_does(*acts: str) -> str:
    """The roles that may do one of these official acts; "" for what is no act."""
    roles = {role.value for act in acts if act in ACTS for role in ROLES_OF_ACT[act].roles}
    return ", ".join(sorted(roles))


async def _write_agenda(case: Case) -> None:
    for workflow_id, waits in case.agenda.items():
        if workflow_id:
            await replace_waits(case.session, case.renovation.id, workflow_id, waits, case.now)


def _hearer(case: Case) -> str:
    """The workflow that goes on from the answer: this one, or after its last word the one above."""
    own = case.command.workflow_id
    return case.command.parent_id if case.agenda.get(own) == () and case.command.parent_id else own


def _with_position(
    recorded: Recorded[T], seq: int, tick: datetime | None, remind_at: datetime | None
) -> Recorded[T]:
    """The answer says which event it is of, when whoever is late is reminded, and the told tick."""
    filled: dict[str, object] = {}
    if isinstance(recorded.result, Answer):
        filled.update(seq=seq, remind_at=remind_at)
    if isinstance(recorded.result, Ticked) and tick is not None:
        filled["tick"] = tick
    return replace(recorded, result=recorded.result.model_copy(update=filled))
