"""The OpenAPI document: what FastAPI makes of the routes, the ballot route, and every refusal.

The refusals of an operation come from the same table as the answers: the rooms of its tag, and those
of its credential and its command id where it has them.
"""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI

from service.http.problems import MEDIA_TYPE, ProblemDocument
from service.http.statuses import STATUS_OF_CODE
from service.routes.dependencies import VOTER
from service.routes.describing.examples import example_of
from service.routes.describing.headers import (
    commands_of,
    describe_headers,
    headers_of_all,
    let_header_name_command,
    let_header_name_query,
)

Json = dict[str, Any]
SCHEMAS = "#/components/schemas/"
HEALTH = "health"
ROOMS_OF_TAG: Mapping[str, str] = {
    HEALTH: "",
    "identity": "sign_in invitation granting account client passkey",
    "renovations": "",
    "access": "access feedback mandate",
    "voting": "voting menu receipt quota",
    "channels": "voting menu proposal paper ruling mandate roll reminder door assertion quota",
    "feed": "feed webhook anchor",
    "notices": "notice contact posted",
    "evidence": "evidence voting anchor",
    "privacy": "erasure sensitive",
    "engine": "engine temporal",
    "proposals": "proposal mandate roll voting act authority renovation settlement cost_sharing statement",
    "cost sharing": "cost_sharing statement spreadsheet file ledger",
    "bidding": "bidding quota",
    "inspection": "",
    "estates": "estate",
    "opening": "opening roll file spreadsheet form granting cost_sharing",
    "feedback": "feedback quota",
    "pictures": "picture feedback",
    "publications": "publication quota",
    "suggestions": "suggestion feedback renovation quota proposal assertion",
    "clock": "clock",
    "official acts": "act authority bidding cost_sharing feedback inspection official publication"
    " renovation settlement voting",
}
"""Whose refusals a route may answer, beside the service's own."""
OF_COMMAND = {"service.command_id_differs"}
NOT_HERE = {"service.not_found", "service.method_not_allowed", "service.not_ready", *OF_COMMAND}
OF_SERVICE = {code for code in STATUS_OF_CODE if code.startswith("service.")} - NOT_HERE
BALLOT_ROUTE = "/v1/renovations/{renovation_id}/ballots"
PORTAL_ROUTE = "/v1/renovations/{renovation_id}/portal-ballots"


class DocumentedApi(FastAPI):
    """FastAPI with what it cannot know: the route that answers before it, and the refusals."""

    def openapi(self) -> Json:
        """The document, made once."""
        if self.openapi_schema is None:
            made = super().openapi()
            schemas = made["components"]["schemas"]
            portal = made["paths"][PORTAL_ROUTE]["post"]
            made["paths"][BALLOT_ROUTE] = {"post": ballot_operation(portal)}
            bodies = {_body_of(each) for _, each in _operations(made)} - {""}
            commands = commands_of(schemas, bodies)
            for method, operation in _operations(made):
                command = _body_of(operation) in commands or let_header_name_query(operation)
                operation["responses"].update(refusals(operation, command=command))
                quota = method == "post" and "quota" in _rooms(operation)
                describe_headers(method, operation, command=command, quota=quota)
                if body := _json_body(operation):
                    body["example"] = example_of(body["schema"], schemas)
            let_header_name_command(schemas, commands)
            made["components"]["headers"] = headers_of_all()
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)  # what FastAPI itself would answer
            problem = ProblemDocument.model_json_schema(ref_template=SCHEMAS + "{model}")
            schemas.update(problem.pop("$defs"), ProblemDocument=problem)
        return self.openapi_schema or {}


def refusals(operation: Json, *, command: bool) -> dict[str, Json]:
    """The problem documents that an operation may answer, by status, with their codes."""
    if HEALTH in operation["tags"]:
        codes = {"service.not_ready"} if "ready" in operation["operationId"] else set[str]()
    else:
        rooms = _rooms(operation)
        rooms = rooms | {"credential"} if operation.get("security") else rooms - {"assertion"}
        rooms |= {"journal"} if operation.get("requestBody") else set()
        codes = OF_SERVICE | {code for code in STATUS_OF_CODE if code.partition(".")[0] in rooms}
        codes |= {"renovation.unknown"} if _in_path(operation) else set()
        codes |= OF_COMMAND if command else set()
    by_status: dict[int, list[str]] = {}
    for code in sorted(codes):
        by_status.setdefault(STATUS_OF_CODE[code], []).append(code)
    schema = {"schema": {"$ref": f"{SCHEMAS}{ProblemDocument.__name__}"}}
    return {
        str(status): {
            "description": f"{HTTPStatus(status).phrase}: {', '.join(names)}.",
            "content": {MEDIA_TYPE: schema},
        }
        for status, names in sorted(by_status.items())
    }


def ballot_operation(portal: Json) -> Json:
    """The route of `service.ballots.endpoint`; body and receipt are those of a portal's ballots."""
    return {
        **portal,
        "parameters": list(portal["parameters"]),
        "responses": {status: dict(each) for status, each in portal["responses"].items()},
        "tags": ["voting"],
        "summary": "Cast Ballot",
        "description": "Cast or change a ballot: 201 with a receipt after it is committed, 200 for the"
        " same again.",
        "operationId": "cast_ballot_v1_renovations__renovation_id__ballots_post",
        "security": [{VOTER.scheme_name: []}],
    }


def _rooms(operation: Json) -> set[str]:
    return {room for tag in operation["tags"] for room in ROOMS_OF_TAG[tag].split()}


def _body_of(operation: Json) -> str:
    """The name of the schema of its body, "" where it has none."""
    return str(_json_body(operation).get("schema", {}).get("$ref", "")).rpartition("/")[2]


def _json_body(operation: Json) -> Json:
    found: Json = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return found


def _in_path(operation: Json) -> bool:
    return any(each["name"] == "renovation_id" for each in operation.get("parameters", ()))


def _operations(document: Json) -> Iterator[tuple[str, Json]]:
    for path in document["paths"].values():
        yield from path.items()
