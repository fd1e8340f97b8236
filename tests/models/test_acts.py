"""An act that was sent before it had more fields is the same act when it is sent again."""

import hashlib
import json
from typing import Any

import pytest

from models.messages.acts import ACTS
from models.values.actor import ENGINE
from proof.commands import act_hash
from tests.replay import guard

SENDER = {"command_id": "c", "actor": ENGINE}
OLD: dict[str, dict[str, Any]] = {
    "publish_tender": {"preparation_days": None},
    "record_evaluation": {"technical_milli": {"b1": 5}, "report": "r"},
    "withdraw_candidate": {"bidder_id": "b1", "reason": "r"},
    "sign_contract": {"value_fen": 5, "performance_bond_fen": 0},
    "revise_scheme": {"drop_items": [], "title": "t", "reason": "r"},
}
"""What these acts asked in the release before, as it hashed them: every field that it had."""
SAID: dict[str, dict[str, Any]] = {
    "publish_tender": {"causes": "too few"},
    "record_evaluation": {"lots": ("b1",)},
    "withdraw_candidate": {"ground": "unlawful"},
    "sign_contract": {"retention_permille": 0},
    "revise_scheme": {"owners_limit_fen": 5},
}
BEFORE: dict[str, list[dict[str, Any]]] = json.loads(
    (guard.HERE / "acts_before_limits.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", OLD)
def test_fields_that_came_later_and_say_nothing_change_no_hash(name: str) -> None:
    act = ACTS[name].model_validate({**OLD[name], **SENDER})
    asked = json.dumps({"act": name, "fields": OLD[name]}, sort_keys=True, separators=(",", ":"))
    assert act_hash(act) == hashlib.sha256(asked.encode()).hexdigest()
    more = ACTS[name].model_validate({**OLD[name], **SAID[name], **SENDER})
    assert act_hash(more) != act_hash(act)
    assert ACTS[name].model_validate_json(more.model_dump_json()) == more


@pytest.mark.parametrize("name", BEFORE)
def test_every_field_that_came_later_says_so(name: str) -> None:
    assert ACTS[name].model_fields.keys() - ACTS[name].LATER == BEFORE[name][0].keys()
