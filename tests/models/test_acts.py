"""An act that was sent before it had more fields is the same act when it is sent again."""

import hashlib
import json

import pytest

from models.messages.acts import ACTS
from models.values.actor import ENGINE
from proof.commands import act_hash

OLD = {
    "publish_tender": {"preparation_days": None},
    "record_evaluation": {"technical_milli": {"b1": 5}, "report": "r"},
    "withdraw_candidate": {"bidder_id": "b1", "reason": "r"},
    "sign_contract": {"value_fen": 5, "performance_bond_fen": 0},
}
"""What these acts asked in the release before, as it hashed them: every field that it had."""
SAID = {
    "publish_tender": {"causes": "too few"},
    "record_evaluation": {"lots": ("b1",)},
    "withdraw_candidate": {"ground": "unlawful"},
    "sign_contract": {"retention_permille": 0},
}


@pytest.mark.parametrize("name", OLD)
def test_fields_that_came_later_and_say_nothing_change_no_hash(name: str) -> None:
    sender = {"command_id": "c", "actor": ENGINE}
    act = ACTS[name].model_validate({**OLD[name], **sender})
    asked = json.dumps({"act": name, "fields": OLD[name]}, sort_keys=True, separators=(",", ":"))
    assert act_hash(act) == hashlib.sha256(asked.encode()).hexdigest()
    more = ACTS[name].model_validate({**OLD[name], **SAID[name], **sender})
    assert act_hash(more) != act_hash(act)


@pytest.mark.parametrize("name", ACTS)
def test_later_fields_are_fields_with_a_default(name: str) -> None:
    fields = ACTS[name].model_fields
    assert all(not fields[each].is_required() for each in ACTS[name].later)
