"""Where a case stood after some of its events: computed from the record alone, so it can be asked for any moment."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from pydantic import JsonValue

from models.values.base import Carried
from models.values.states import RenovationState, Stage
from rules.history.periods import TURNING, Open, opened
from rules.history.recorded import RecordedEvent

Details = Mapping[str, JsonValue]


class CaseStanding(Carried):
    """A case after the event `seq` (0: before its first one). Sums are fen; None and "" are not known yet.

    `open` names the periods that ran (`rules.history.periods`), each since the event of that number.
    """

    seq: int = 0
    state: RenovationState | Literal["", "cancelling"] = ""
    suspended: bool = False
    stage: Stage | Literal[""] = ""
    scheme_version: int | None = None
    vote_outcome: str = ""
    owners_pay_fen: int | None = None
    received_fen: int | None = None
    cost_sharing_outcome: str = ""
    tender_round: int | None = None
    bids_opened: int | None = None
    contractor: str = ""
    contract_fen: int | None = None
    items_passed: int = 0
    open_complaints: int = 0
    open_objections: int = 0
    works_accepted: bool = False
    targets_met: int | None = None
    open: Mapping[str, int] = {}


class Difference(NamedTuple):
    """One field of a standing at two moments."""

    field: str
    before: JsonValue
    after: JsonValue


class Window(NamedTuple):
    """What is asked for: what had happened by `as_of` (case time), as far as it was on the record by `known`."""

    as_of: datetime | None = None
    known: datetime | None = None

    def holds(self, event: RecordedEvent) -> bool:
        """Whether an event lies within."""
        happened = self.as_of is None or event.happened_at <= self.as_of
        return happened and (self.known is None or event.recorded_at <= self.known)


def standing(events: Iterable[RecordedEvent]) -> CaseStanding:
    """Where a case stood after these events, which come in the order of the record."""
    found: dict[str, object] = {}
    ongoing: Open = {}
    passed: set[str] = set()
    objections: set[str] = set()
    complaints: set[str] = set()
    for event in events:
        details = event.given
        found["seq"] = event.seq
        ongoing = opened(ongoing, event)
        for field, whose in GONE.get(event.kind, ()):
            if not whose or found.get(field) == details.get(whose):
                found.pop(field, None)
        for field, told in TOLD.get(event.kind, ()):
            if (value := told(details)) is not None:
                found[field] = value
        _move(complaints, event.kind, details.get("ticket"), OF_COMPLAINTS)
        _move(objections, event.kind, details.get("objection"), OF_OBJECTIONS)
        if event.kind == "inspection.inspection_recorded":
            # A look before the cover passes as well, and the item is not done with it.
            change = passed.update if details.get("state") == "passed" else passed.difference_update
            change(_ids(details.get("item")))
    return CaseStanding.model_validate(
        {
            **found,
            "open": ongoing,
            "items_passed": len(passed),
            "open_objections": len(objections),
            "open_complaints": len(complaints),
        }
    )


def differences(before: CaseStanding, after: CaseStanding) -> tuple[Difference, ...]:
    """What is not the same any more, field by field; the place in the record is no difference."""
    then, now = before.model_dump(mode="json"), after.model_dump(mode="json")
    return tuple(
        Difference(name, then[name], now[name])
        for name in type(after).model_fields
        if name != "seq" and then[name] != now[name]
    )


class Moves(NamedTuple):
    """The events that add an id to a set, and those that take it out."""

    add: frozenset[str]
    take: frozenset[str]


OF_COMPLAINTS = Moves(
    frozenset({"feedback.ticket_opened", "feedback.ticket_taken_in", "feedback.ticket_reopened"}),
    frozenset({"feedback.ticket_closed"}),
)
OF_OBJECTIONS = Moves(
    frozenset({"publication.objection_filed"}), frozenset({"publication.objection_answered"})
)


def _move(held: set[str], kind: str, subject: JsonValue, by: Moves) -> None:
    if kind in by.add:
        held.update(_ids(subject))
    elif kind in by.take:
        held.difference_update(_ids(subject))


def _ids(subject: JsonValue) -> Sequence[str]:
    return (subject,) if isinstance(subject, str) else ()


Told = Callable[[Details], JsonValue]


def _at(name: str) -> Told:
    return lambda details: details.get(name)


def _word(value: JsonValue) -> Told:
    return lambda _details: value


def _if(name: str, word: str) -> Told:
    return lambda details: word if details.get(name) is True else None


def _count(name: str) -> Told:
    def told(details: Details) -> JsonValue:
        found = details.get(name)
        return len(found) if isinstance(found, list) else found

    return told


def _under(name: str, inner: str) -> Told:
    def told(details: Details) -> JsonValue:
        found = details.get(name)
        return found.get(inner) if isinstance(found, dict) else None

    return told


TOLD: Mapping[str, Sequence[tuple[str, Told]]] = {
    "renovation.opened": (("state", _word("running")), ("scheme_version", _word(1))),
    "renovation.stage_entered": (("stage", _at("stage")),),
    "renovation.cancelled": (("state", _word("cancelling")), ("suspended", _word(False))),
    "renovation.suspended": (("suspended", _word(True)),),
    "renovation.resumed": (("suspended", _word(False)),),
    "renovation.vote_annulled": (
        ("state", _if("ends", "cancelling")),
        ("suspended", _word(False)),
        ("vote_outcome", _word("annulled")),
        ("contractor", _word("")),
        ("scheme_version", _at("scheme_version")),
    ),
    "renovation.warranty_begun": (("state", _word("in_warranty")),),
    "renovation.settling_begun": (("state", _word("settling")),),
    "renovation.accounts_awaited": (("state", _at("state")),),
    "renovation.closed": (("state", _at("state")),),
    "voting.scheme_revised": (("scheme_version", _at("version")),),
    "voting.result_declared": (
        ("vote_outcome", _at("outcome")),
        ("scheme_version", _under("scheme", "version")),
    ),
    "cost_sharing.planned": (
        ("owners_pay_fen", _at("owners_gap_fen")),
        ("scheme_version", _at("scheme_version")),
    ),
    "cost_sharing.subsidy_cut": (
        ("owners_pay_fen", _at("total_fen")),
        ("scheme_version", _at("scheme_version")),
    ),
    "cost_sharing.joined_late": (
        ("owners_pay_fen", _at("total_fen")),
        ("scheme_version", _at("scheme_version")),
    ),
    "cost_sharing.subsidy_granted": (
        ("owners_pay_fen", _at("owners_gap_fen")),
        ("scheme_version", _at("scheme_version")),
    ),
    "cost_sharing.shares_computed": (("owners_pay_fen", _at("total_fen")),),
    "cost_sharing.collection_counted": (("received_fen", _at("received_fen")),),
    "cost_sharing.finished": (("cost_sharing_outcome", _at("outcome")),),
    "bidding.tender_published": (("tender_round", _at("round")),),
    "bidding.bids_opened": (("bids_opened", _count("bids")),),
    "bidding.contract_awarded": (("contractor", _at("bidder")),),
    "bidding.contract_signed": (
        ("contractor", _at("bidder")),
        ("contract_fen", _at("value_fen")),
    ),
    "inspection.works_accepted": (("works_accepted", _word(True)),),
    "feedback.evaluated": (("targets_met", _at("targets_met")),),
}
"""By the kind of an event the fields that it tells, each with how."""
GONE: Mapping[str, Sequence[tuple[str, str]]] = {
    "bidding.tender_published": (("bids_opened", ""),),
    "bidding.candidate_withdrawn": (("contractor", "bidder"),),
    "bidding.candidate_struck": (("contractor", "bidder"),),
    "bidding.signature_missed": (("contractor", "bidder"),),
    "inspection.contract_terminated": (("contractor", ""),),
}
"""By the kind of an event the fields that are not known any more: always, or where they are what this detail names."""
OF_CASE = frozenset(
    {"inspection.inspection_recorded", *TOLD, *GONE, *TURNING}.union(*OF_COMPLAINTS, *OF_OBJECTIONS)
)
"""The kinds of events that a standing is computed from; the rest changes none."""
