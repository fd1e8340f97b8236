"""What the client reads of an answer is what the document says of it."""

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import BaseModel

from client import answers, errors
from runtime.settings import Settings
from service.app import create_app

SCHEMAS: Mapping[type[BaseModel], tuple[str, ...]] = {
    answers.Awaited: ("AwaitedLine",),
    answers.Case: ("ListedRenovation",),
    answers.Progress: ("PublicProgress",),
    answers.Turnout: ("Turnout",),
    answers.Paper: ("BoxView",),
    answers.Batch: ("ReceiptBatch",),
    answers.Receipt: ("BallotReceipt",),
    answers.FoundBallot: ("FoundBallot",),
    answers.Entered: ("Entered",),
    answers.Accepted: ("Accepted",),
    answers.Done: ("Done", "ProposalMade"),
    answers.Instalment: ("OwedLine",),
    answers.Complaint: ("OwnTicket",),
    answers.Household: ("HouseholdView",),
    answers.Event: ("EventView",),
    answers.FeedEvent: ("FeedEvent",),
    answers.FeedPage: ("Feed",),
    answers.Webhook: ("WebhookView",),
    answers.WebhookSecret: ("WebhookSecret",),
    answers.Delivery: ("DeliveryView",),
    answers.PlaceSetUp: ("PlaceSetUp",),
    answers.ImportedRoll: ("RollAnswer",),
    answers.CalendarStep: ("StepView",),
    answers.OpenedCase: ("OpeningAnswer",),
    errors.Problem: ("SpokenProblem",),
}


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    settings = Settings(
        database_url="postgresql://nobody@127.0.0.1:9/none",
        credential_key="0f" * 32,
        receipt_key="1e" * 32,
        gateway_key="5c" * 32,
    )
    api = create_app(settings).api
    found: dict[str, Any] = api.openapi()["components"]["schemas"]
    return found


def shape(part: Mapping[str, Any], defs: Mapping[str, Any]) -> Any:
    """What a schema allows, without words: a text of a few values is a text to the client."""
    if "$ref" in part:
        return shape(defs[part["$ref"].rpartition("/")[2]], defs)
    if "anyOf" in part:
        return frozenset(map(str, (shape(each, defs) for each in part["anyOf"])))
    if part.get("type") == "array":
        return ("array", shape(part.get("items", {}), defs))
    if part.get("type") == "object":
        return "object"
    return (part.get("type", "anything"), part.get("format", ""))


def test_every_answer_of_the_client_is_compared() -> None:
    own = {
        each
        for module in (answers, errors)
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, answers.Answer)
        if each not in (answers.Answer, errors._Document)
    }
    assert own == SCHEMAS.keys()


@pytest.mark.parametrize("kind", SCHEMAS, ids=lambda kind: kind.__name__)
def test_what_is_read_is_what_is_sent(kind: type[BaseModel], schemas: dict[str, Any]) -> None:
    own = kind.model_json_schema(mode="serialization")
    for name in SCHEMAS[kind]:
        sent = schemas[name]["properties"]
        for field, said in own["properties"].items():
            if field not in sent:
                assert field not in own.get("required", ()), (name, field)
                continue
            assert shape(said, own.get("$defs", {})) == shape(sent[field], schemas), (name, field)
        # What the client cannot do without is sent: an answer has all of its fields.
        needed = {each for each, info in kind.model_fields.items() if info.is_required()}
        assert needed <= sent.keys(), name
