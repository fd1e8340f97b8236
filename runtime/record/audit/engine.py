"""The audit against the engine: what Temporal's history of a case has, beside what the record has.

Acts are updates whose argument names who acted and carries the gateway's signature; steps are activities
with a command. What the engine forgets after its retention is said, and is no fault.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from pydantic import JsonValue

from models.values.base import Value

if TYPE_CHECKING:
    import asyncpg

CLOSED = "renovation.closed"
ACTOR = ("id", "role", "label", "place", "on_behalf_of")
Object = Mapping[str, JsonValue]
_EVENTS = """
SELECT e.seq, e.command_id, e.kind, e.actor_id, e.actor_role, e.actor_label, e.actor_place,
  e.on_behalf_of, e.workflow_id, e.run_id, e.signature::text AS signature, e.details::text AS details,
  r.result::text AS result, r.request_hash
FROM event e LEFT JOIN receipt r ON r.command_id = e.command_id
WHERE e.renovation_id = $1 ORDER BY e.seq
"""


class BadInEngine(Value):
    """Where the record and the engine's history do not agree.

    `reason`: "not_in_log" (the engine has done it, and the record does not have it), "not_in_engine" (the
    record says that a run wrote it which has no such step), "other_actor" (the record names somebody
    else than the act, or another signature), or "other_result" (the record says something else than
    the engine was answered). `seq` is the event's, None where there is none.
    """

    renovation_id: str
    workflow_id: str
    command_id: str
    seq: int | None
    reason: str


class EngineAudit(Value):
    """What was looked at in the engine, and what is wrong."""

    workflows: int
    """Runs whose history was read."""
    acts: int
    steps: int
    gone: int
    """Runs that the record names and the engine has no more."""
    principals: bool
    """Whether the engine itself says who sent what; only with an authorizer of its own."""
    bad: tuple[BadInEngine, ...] = ()


class EngineDeed(NamedTuple):
    """What a history says was done: an act, a step, or the end of a renovation.

    `asked` is the act or the command, `answer` what the engine was answered; None where it was not, or
    not in a form that the record keeps.
    """

    what: Literal["act", "step", "end"]
    workflow_id: str
    run_id: str
    asked: Object
    answer: Object | None

    @property
    def command_id(self) -> str:
        """The key under which the record has it."""
        return str(self.asked.get("command_id", ""))


class EventSaid(NamedTuple):
    """An event, as far as the engine knows of it."""

    seq: int
    command_id: str
    kind: str
    actor: Object
    workflow_id: str
    run_id: str
    signature: Object | None
    details: Object
    result: JsonValue
    request_hash: str | None


class Found(NamedTuple):
    """What the engine has of a case."""

    done: Sequence[EngineDeed]
    runs: frozenset[tuple[str, str]]
    """The runs whose history was read."""
    gone: int
    principals: bool


async def recorded_of(connection: asyncpg.Connection, renovation_id: str) -> list[EventSaid]:
    """The events of a case."""
    return [_recorded(row) for row in await connection.fetch(_EVENTS, renovation_id)]


def _recorded(row: asyncpg.Record) -> EventSaid:
    named = ("actor_id", "actor_role", "actor_label", "actor_place", "on_behalf_of")
    return EventSaid(
        seq=row["seq"],
        command_id=row["command_id"],
        kind=row["kind"],
        actor=dict(zip(ACTOR, (row[name] for name in named), strict=True)),
        workflow_id=row["workflow_id"],
        run_id=row["run_id"],
        signature=None if row["signature"] is None else json.loads(row["signature"]),
        details=json.loads(row["details"]),
        result=None if row["result"] is None else json.loads(row["result"]),
        request_hash=row["request_hash"],
    )


def compare(
    renovation_id: str, recorded: Iterable[EventSaid], found: Found
) -> Iterator[BadInEngine]:
    """Each thing of which the engine and the record say something else."""
    events = {each.command_id: each for each in recorded}
    closed = next((each for each in events.values() if each.kind == CLOSED), None)
    known: set[str] = set()
    for done in found.done:
        known.add(done.command_id)
        event = closed if done.what == "end" else events.get(done.command_id)
        reason = _fault(done, event)
        if reason:
            seq = None if event is None else event.seq
            yield BadInEngine(
                renovation_id=renovation_id,
                workflow_id=done.workflow_id,
                command_id=done.command_id,
                seq=seq,
                reason=reason,
            )
    for each in events.values():
        if (each.workflow_id, each.run_id) in found.runs and each.command_id not in known:
            yield BadInEngine(
                renovation_id=renovation_id,
                workflow_id=each.workflow_id,
                command_id=each.command_id,
                seq=each.seq,
                reason="not_in_engine",
            )


def _fault(done: EngineDeed, event: EventSaid | None) -> str:
    """What does not agree; "" where everything does, or the engine was not answered."""
    if done.answer is None:
        return ""
    if event is None:
        return "not_in_log"
    if done.what == "end":
        return "" if _agree(done.answer, event.details) else "other_result"
    if not _same_person(done.asked, event):
        return "other_actor"
    if done.what == "step":
        return "" if _agree(done.answer, event.result) else "other_result"
    said = {"seq": event.seq, "request_hash": event.request_hash}
    # What an act was answered names its place in the record, and the hash of what was asked.
    return "" if _agree(said, done.answer) else "other_result"


def _same_person(asked: Object, event: EventSaid) -> bool:
    actor, seal = asked.get("actor"), asked.get("seal")
    if not isinstance(actor, Mapping):
        return True
    same = all(actor.get(name) == event.actor.get(name) for name in ACTOR)
    signed = isinstance(seal, Mapping) and seal.get("signature")
    return same and (not signed or signed == (event.signature or {}).get("signature"))


def _agree(one: JsonValue | Object, other: JsonValue | Object) -> bool:
    """Whether two answers say the same, where both say something: a release may add a field."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return all(one[name] == other[name] for name in one.keys() & other.keys())
    return one == other
