import json
import re
from collections.abc import Iterator

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from pydantic import TypeAdapter

from models.messages.acts import ACTS
from models.values.states import MessageState, RenovationState
from service.app import create_app
from service.http.statuses import CODES, STATUS_OF_CODE
from service.routes.document import BALLOT_ROUTE
from tests.support.channels import official
from tests.support.fields.doors import doors
from tests.support.people import sign_in

CASE = "/v1/renovations/{renovation_id}"


@pytest.fixture(scope="module")
async def document(http: httpx.AsyncClient) -> dict:
    return (await http.get("/openapi.json")).json()


def operations(document: dict) -> Iterator[tuple[str, str, dict]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_every_reference_of_the_document_leads_somewhere(document: dict) -> None:
    named = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))

    assert named == document["components"]["schemas"].keys()


def test_every_official_act_is_documented_with_its_own_fields(document: dict) -> None:
    for name, act in ACTS.items():
        operation = document["paths"][f"{CASE}/acts/{name}"]["post"]
        body = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        schema = document["components"]["schemas"][body.rpartition("/")[2]]

        assert schema["properties"].keys() == act.model_fields.keys() - {"actor", "seal"}
        assert schema["additionalProperties"] is False
        assert operation["security"] == [{"official": []}]


def test_every_refusal_is_documented_with_the_status_it_is_answered_with(document: dict) -> None:
    for path, method, operation in operations(document):
        for status, answer in operation["responses"].items():
            codes = re.findall(r"\b[a-z_]+\.[a-z_]+\b", answer["description"])
            assert {STATUS_OF_CODE[code] for code in codes} <= {int(status)}, (path, method)
            if int(status) >= 400:
                assert codes, (path, method)
                assert list(answer["content"]) == ["application/problem+json"]


def test_what_wants_a_credential_may_be_refused_without_one(document: dict) -> None:
    for path, method, operation in operations(document):
        assert ("security" in operation) == ("401" in operation["responses"]), (path, method)


def test_ballots_have_one_way_in_and_it_is_documented(document: dict, settings) -> None:
    api = create_app(settings).api

    assert document["paths"][BALLOT_ROUTE]["post"]["security"] == [{"voter": []}]
    assert BALLOT_ROUTE not in FastAPI.openapi(api)["paths"]


def test_no_code_has_two_statuses() -> None:
    words = [word for text in CODES.values() for word in text.split()]

    assert len(words) == len(STATUS_OF_CODE)


async def test_an_act_nobody_has_named_is_not_found(
    http: httpx.AsyncClient, renovation, sql: asyncpg.Connection
) -> None:
    rid = await renovation()
    await sign_in(sql, "committee-1")
    path = f"/v1/renovations/{rid}/acts/open_the_champagne"

    answer = await http.post(path, json={"command_id": "c1"}, headers=official("committee-1"))

    assert (answer.status_code, answer.json()["code"]) == (404, "authority.unknown_act")


async def test_a_wrong_field_of_an_act_is_named(
    http: httpx.AsyncClient, renovation, sql: asyncpg.Connection
) -> None:
    rid = await renovation()
    await sign_in(sql, "office-1")
    body = {"command_id": "a command", "amount_fen": 0, "actor": {}}

    answer = await http.post(
        f"/v1/renovations/{rid}/acts/grant_subsidy", json=body, headers=official("office-1")
    )

    assert answer.status_code == 422
    problems = {each["where"]: each for each in answer.json()["problems"]}
    assert problems["actor"]["code"] == "service.field_unknown"
    assert problems["reason"]["code"] == "service.field_missing"
    assert problems["amount_fen"]["code"] == "service.field_wrong"
    assert "without spaces" in problems["command_id"]["sentence"]


@pytest.mark.parametrize(
    ("method", "path", "content", "status", "code"),
    [
        ("GET", "/v1/nothing", b"", 404, "service.not_found"),
        ("DELETE", "/v1/renovations", b"", 405, "service.method_not_allowed"),
        ("POST", "/v1/renovations/r-none/bids", b"{", 422, "service.json_invalid"),
        ("POST", "/v1/renovations/r-none/bids", b"{}", 404, "renovation.unknown"),
        ("POST", "/v1/renovations/r-none/acts/open_vote", b"{}", 401, "credential.missing"),
    ],
)
async def test_what_the_framework_refuses_is_a_problem_document_too(
    http: httpx.AsyncClient, method: str, path: str, content: bytes, status: int, code: str
) -> None:
    headers = {"Content-Type": "application/json"}

    answer = await http.request(method, path, content=content, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert STATUS_OF_CODE[code] == status == answer.json()["status"]


BOUNDED = {
    "/v1/renovations/{renovation_id}/roles": "at most one of each role",
    "/v1/renovations/{renovation_id}/ballot-papers": "the boxes of one vote in which one home votes",
    "/v1/renovations/{renovation_id}/contacts": "six of a household",
    "/v1/contacts": "six of a person",
    "/v1/saved-views": "fifty of a person",
    "/v1/passkeys": "those of one account",
    "/v1/retention": "the kinds of data that there are",
    "/v1/renovations/{renovation_id}/people": "the owners of one unit",
    "/v1/renovations/{renovation_id}/sensitive": "what one home has said",
}
"""Lists that are no longer than this, so that they have no pages."""


def is_list(operation: dict) -> bool:
    content = operation["responses"].get("200", {}).get("content", {})
    return content.get("application/json", {}).get("schema", {}).get("type") == "array"


def test_every_list_has_pages_or_is_short(document: dict) -> None:
    lists = {
        path: {each["name"] for each in operation["parameters"]}
        for path, method, operation in operations(document)
        if method == "get" and is_list(operation)
    }
    unpaged = {path for path, names in lists.items() if not {"after", "limit"} <= names}
    assert unpaged == BOUNDED.keys()
    for path in lists.keys() - unpaged:
        assert "Link" in document["paths"][path]["get"]["responses"]["200"]["headers"]


def test_what_every_route_has_alike_is_in_the_document(document: dict) -> None:
    for path, method, operation in operations(document):
        names = {each["name"] for each in operation["parameters"]}
        answers = operation["responses"]
        assert all("X-Request-Id" in each["headers"] for each in answers.values()), path
        for status in ("429", "503"):
            assert "Retry-After" in answers.get(status, {"headers": ["Retry-After"]})["headers"]
        if method == "get" and "application/json" in answers.get("200", {}).get("content", {}):
            assert "If-None-Match" in names, path
            assert {"ETag"} <= answers["200"]["headers"].keys() & answers["304"]["headers"].keys()
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        schema = body.get("schema", {}).get("$ref", "").rpartition("/")[2]
        fields = document["components"]["schemas"].get(schema, {})
        command = "command_id" in fields.get("properties", {}) or "command_id" in names
        assert command == ("Idempotency-Key" in names), path
        assert not command or "command_id" not in fields.get("required", ())
    for answer in ("Accepted", "ProposalMade"):
        assert "command_id" in document["components"]["schemas"][answer]["required"]


def test_every_body_has_an_example_that_its_route_reads(document: dict) -> None:
    read = 0
    for door in doors():
        operation = document["paths"].get(door.path, {}).get(door.method.lower())
        if door.body is None or operation is None:
            continue
        content = operation["requestBody"]["content"]["application/json"]
        TypeAdapter(door.body).validate_json(json.dumps(content["example"]))
        read += 1
    assert read > 80


OPEN_WORDS = {
    ("FoundBallot", "state"),  # what `states_of` says of a ballot, or "taken"
}


def test_a_state_and_a_stage_name_all_their_values(document: dict) -> None:
    schemas = document["components"]["schemas"]

    def values(part: dict) -> list | None:
        for each in part.get("anyOf", [part]):
            named = schemas[each["$ref"].rpartition("/")[2]] if "$ref" in each else each
            if found := named.get("enum") or ([named["const"]] if "const" in named else None):
                return found
        return None

    unnamed = {
        (name, field)
        for name, schema in schemas.items()
        for field, part in schema.get("properties", {}).items()
        if field in ("state", "stage", "actor_role", "role") and values(part) is None
    }
    assert unnamed == OPEN_WORDS
    assert values(schemas["RenovationView"]["properties"]["state"]) == [*RenovationState]
    assert values(schemas["MessageView"]["properties"]["state"]) == [*MessageState]
