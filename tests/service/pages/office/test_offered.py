"""Which acts the page of a case leads to, and what their forms let one choose instead of typing."""

import pytest

from models.messages.act_bodies import BODIES
from models.messages.acts import ACTS
from models.values.states import ENDING_STATES
from rules.authority import ROLES_OF_ACT, WARRANTY
from service.pages.office.act_form import questions
from service.pages.office.fields import Known, Option
from service.pages.office.words import told
from service.pages.office.work import ASKED_BY, BEFORE_ITS_END, is_offered

OF_COMPLAINTS = {"resolve_ticket", "confirm_ticket"}


def offered(state: str, *awaited: str, at_rest: bool = False) -> set[str]:
    return {each for each in ROLES_OF_ACT if is_offered(each, state, awaited, at_rest=at_rest)}


def test_what_is_asked_for_is_led_to_and_what_is_not_is_not() -> None:
    now = offered("running")
    assert "suspend_renovation" in now
    assert "resume_renovation" not in now
    for act, what in ASKED_BY.items():
        assert act not in now
        assert act in offered("running", what)
    assert "answer_objection" in offered("running", "answers.result")


def test_a_renovation_that_stands_still_is_resumed_or_ended_and_complaints_go_on() -> None:
    expected = {"resume_renovation", "cancel_renovation", "correct_renovation"}
    expected |= {"order_correction", "block_payments"} | OF_COMPLAINTS
    assert offered("running", "resume_renovation", at_rest=True) == expected
    with_order = offered("running", "report_corrected", at_rest=True)
    assert with_order == expected | {"report_corrected", "lift_correction"}


@pytest.mark.parametrize("state", ENDING_STATES)
def test_in_the_warranty_every_act_of_it_is_led_to_and_none_that_halts_or_ends(state: str) -> None:
    of_warranty = {name for name, act in ACTS.items() if WARRANTY in (act.stage, *act.also)}
    assert of_warranty | OF_COMPLAINTS | {"order_correction"} <= offered(state)
    assert offered(state) & BEFORE_ITS_END == set()
    assert "answer_objection" in offered(state, "answers.refunds")


@pytest.mark.parametrize("state", ["completed", "cancelled", "shelved"])
def test_of_what_is_over_only_complaints_are_answered(state: str) -> None:
    assert offered(state) == OF_COMPLAINTS


def test_ids_are_chosen_and_where_there_is_no_choice_they_are_not_asked() -> None:
    known: Known = {
        "awaited": (Option("answers"), Option("rectification")),
        "orders": (Option("o1", "to the contractor"),),
    }
    extend = {each.word for each in questions("extend_period", known)}
    assert extend == {"what", "days", "reason"}
    several = {**known, "subjects": (Option("roof", "Roof"), Option("risers", "Risers"))}
    chosen = {each.word: each for each in questions("extend_period", several)}
    assert chosen["subject"].kind == "choice"
    assert not chosen["subject"].required
    (order, _) = questions("lift_correction", known)
    assert (order.kind, order.unset) == ("choice", "o1")
    assert "contract_id" not in {each.word for each in questions("release_retention", known)}
    contracts = {"contracts": (Option("k1", "Firm"), Option("k2", "Other"))}
    assert "contract_id" in {each.word for each in questions("release_retention", contracts)}
    assert {"subject", "contract_id", "order_id"} <= {
        name for body in BODIES.values() for name in body.model_fields
    }


def test_whoever_confirms_reads_what_an_id_stands_for() -> None:
    content = {"order_id": "o1", "reason": "it was lawful"}
    assert told(content, "en", {"o1": "to the contractor"}) == [
        ("order_id", "to the contractor"),
        ("reason", "it was lawful"),
    ]
