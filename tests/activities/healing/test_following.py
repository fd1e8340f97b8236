"""Whether a step of the engine follows from the record: each has its turn, and no other moment."""

import ast
from pathlib import Path

import pytest
from pydantic import JsonValue

from activities.healing.following import SETTLED_BY, TURNS, Memory
from activities.healing.remembering import Recalled
from activities.registry import CLASSES
from models.messages.cost_sharing import CostSharingOutcome, CostSharingResult
from models.messages.journey import JourneyOutcome
from models.values.states import RenovationState, Stage

WORKFLOWS = Path(__file__).parents[3] / "workflows"
EVENT_OF = {
    f"{kind.__name__}.{name}": str(vars(method)["event"])
    for kind in CLASSES
    for name, method in vars(kind).items()
    if "event" in getattr(method, "__dict__", {})
}


def steps_of_the_engine() -> set[str]:
    """The events of the activities that workflows call by themselves (`own`, `own_unless`)."""
    found = set[str]()
    for path in WORKFLOWS.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
                continue
            if call.func.attr in ("own", "own_unless"):
                found |= {
                    ast.unparse(each) for each in call.args if isinstance(each, ast.Attribute)
                }
    return {EVENT_OF[name] for name in found if name in EVENT_OF}


def test_every_step_of_the_engine_has_its_turn_and_no_other_has() -> None:
    assert steps_of_the_engine() == TURNS.keys()


Row = tuple[str, dict[str, JsonValue]]


def journey(*rows: Row, of: str = "renovation/r") -> Memory:
    """A journey of which so much is on the record."""
    numbered = enumerate(rows, 1)
    return Memory(of, [Recalled(seq, kind, of, {}, said) for seq, (kind, said) in numbered])


def entered(stage: Stage, number: int) -> tuple[str, dict[str, JsonValue]]:
    name = f"renovation/r/{stage}/{number}"
    return "renovation.stage_entered", {"stage": stage, "workflow_id": name}


@pytest.mark.parametrize("stage", Stage)
def test_a_journey_begins_with_the_vote_and_with_nothing_else(stage: Stage) -> None:
    named = f"renovation/r/{stage}/1"
    may = TURNS["renovation.stage_entered"](journey(), (stage, named))
    assert may == (stage is Stage.VOTING)
    assert not TURNS["renovation.stage_entered"](journey(), (stage, "renovation/r/voting/2"))


@pytest.mark.parametrize("stage", Stage)
def test_no_stage_is_entered_while_one_is_under_way(stage: Stage) -> None:
    under_way = journey(entered(Stage.VOTING, 1))
    for number in (1, 2):
        named = f"renovation/r/{stage}/{number}"
        assert not TURNS["renovation.stage_entered"](under_way, (stage, named))


@pytest.mark.parametrize("state", RenovationState)
def test_nothing_that_is_under_way_is_closed(state: RenovationState) -> None:
    under_way = journey(entered(Stage.VOTING, 1))
    assert not TURNS["renovation.closed"](under_way, (JourneyOutcome(state=state),))


def test_a_cancelled_case_is_settled_step_by_step_and_then_closed() -> None:
    cancelled: dict[str, JsonValue] = {"command_id": "c", "kind": "k"}
    rows = [entered(Stage.VOTING, 1), ("renovation.cancelled", cancelled)]
    outcome = JourneyOutcome(state=RenovationState.CANCELLED, reason="cancelled")
    steps = [step for each in SETTLED_BY.values() for step in each]
    assert not any(TURNS[step](journey(rows[0]), ()) for step in steps)
    (first,) = [step for step in steps if TURNS[step](journey(*rows), ())]
    assert first == "settlement.vote_voided"
    assert not TURNS["renovation.closed"](journey(*rows), (outcome,))
    rows.append((first, {"command_id": "v", "kind": "k"}))
    assert TURNS["renovation.closed"](journey(*rows), (outcome,))
    completed = JourneyOutcome(state=RenovationState.COMPLETED)
    assert not TURNS["renovation.closed"](journey(*rows), (completed,))


Told = tuple[str, str, dict[str, JsonValue]]


def stage_of(name: Stage, number: int, end: str, **said: JsonValue) -> list[Told]:
    """A stage from its beginning to the event with which it ends."""
    kind, entry = entered(name, number)
    return [(kind, "renovation/r", entry), (end, str(entry["workflow_id"]), said)]


@pytest.mark.parametrize("again", [False, True], ids=["voted down", "adopted and no contractor"])
def test_a_case_that_is_shelved_after_money_came_in_gives_it_back_first(again: bool) -> None:
    """Also where the owners were asked once more since, and it is shelved in a stage in which nothing was paid."""

    vote, share = "voting.result_declared", "cost_sharing.finished"
    rows = [
        *stage_of(Stage.VOTING, 1, vote, outcome="adopted", box_id="b1"),
        *stage_of(Stage.COST_SHARING, 2, share, outcome="funded"),
        *stage_of(Stage.BIDDING, 3, "bidding.failed", outcome="new_vote"),
    ]
    asked: Told = ("renovation.revision_asked", "renovation/r", {"attempts": 1, "wanted": True})
    over: Told = ("renovation.revision_asked", "renovation/r", {"attempts": 2, "wanted": False})
    revised: Told = ("voting.scheme_revised", "renovation/r", {"command_id": "c", "kind": "k"})
    rows += [asked, revised]
    if again:
        rows += stage_of(Stage.VOTING, 4, vote, outcome="adopted", box_id="b2")
        rows += stage_of(Stage.COST_SHARING, 5, share, outcome="new_vote")
    else:
        rows += stage_of(Stage.VOTING, 4, vote, outcome="rejected", box_id="b2")
    rows.append(over)
    shelved = JourneyOutcome(state=RenovationState.SHELVED, reason="vote_limit_reached")
    recalled = [Recalled(seq, kind, of, said, said) for seq, (kind, of, said) in enumerate(rows, 1)]
    memory = Memory("renovation/r", recalled)
    assert memory.progress.ending == shelved
    assert not TURNS["renovation.closed"](memory, (shelved,))
    steps = [step for step in TURNS if step.startswith("settlement.") and TURNS[step](memory, ())]
    assert len(steps) == 1


@pytest.mark.parametrize("outcome", CostSharingResult)
def test_a_collection_that_was_not_counted_has_no_end(outcome: CostSharingResult) -> None:
    planned: dict[str, JsonValue] = {"gap_fen": 0, "next_step": "none"}
    sharing = journey(("cost_sharing.planned", planned), of="renovation/r/cost_sharing/2")
    assert not TURNS["cost_sharing.finished"](sharing, (CostSharingOutcome(outcome=outcome),))


def test_a_later_instalment_is_called_when_it_was_awaited_and_counted_in_its_round() -> None:
    at = "2026-03-01T00:00:00Z"
    awaited: Row = ("cost_sharing.instalment_awaited", {"over": False, "next_at": at})
    arrears: Row = ("cost_sharing.instalment_awaited", {"over": False, "next_at": None})
    called: Row = ("cost_sharing.payments_called", {"at": at, "last": False, "reminder": 0})
    reminded: Row = ("cost_sharing.reminder_ordered", {"at": at, "last": True, "reminder": 1})
    counted: Row = (
        "cost_sharing.collection_counted",
        {"enough": False, "collected_fen": 1, "due_fen": 2},
    )
    ended: Row = ("cost_sharing.collection_ended", {"over": True})

    def may(step: str, args: tuple[int, ...], *rows: Row) -> bool:
        return TURNS[step](journey(*rows, of="renovation/r/collection/1"), args)

    look, remind, count = (
        f"cost_sharing.{word}"
        for word in ("collection_ended", "reminder_sent", "collection_counted")
    )
    assert may(look, (1,))
    assert not may(remind, (1, 0)), "nothing is called that was not awaited"
    assert may(remind, (1, 0), awaited)
    assert not may(remind, (2, 0), awaited)
    assert not may(remind, (1, 0), arrears), "no instalment is left to be called"
    assert may(remind, (1, 1), awaited, called)
    assert not may(remind, (2, 0), awaited, called)
    assert not may(look, (2,), awaited, called)
    assert may(count, (), awaited, called, reminded)
    assert not may(count, (), awaited, called, counted)
    assert may(look, (2,), awaited, called, counted)
    assert may(remind, (2, 0), awaited, called, counted, awaited)
    assert not may(look, (3,), awaited, called, counted, ended)


@pytest.mark.parametrize("stage", Stage)
def test_a_collection_goes_on_beside_every_stage_but_those_that_make_shares_anew(
    stage: Stage,
) -> None:
    def begun(number: int, stage: Stage, collection: str) -> tuple[str, dict[str, JsonValue]]:
        kind, said = entered(stage, number)
        return kind, {**said, "collection_id": collection}

    first = begun(1, Stage.BIDDING, "renovation/r/collection/1")
    goes_on = stage not in (Stage.VOTING, Stage.COST_SHARING)
    after = journey(first, begun(2, stage, "")).progress
    assert after.collection_id == ("renovation/r/collection/1" if goes_on else "")
