"""The OpenAPI document is what the service does: `schemathesis` makes requests from it, as everybody in turn.

No 500, no status and no body that the document does not have; 503 where it says so, with `Retry-After`.
"""

import re
import threading
from collections.abc import Callable, Iterator, Mapping

import asyncpg
import httpx
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from pydantic import SecretStr
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from models.values.actor import Role
from runtime.database import Database
from runtime.settings import Settings
from service.app import create_app
from tests.support.box import open_box
from tests.support.channels import KEY
from tests.support.estate import make_renovation
from tests.support.fields.doors import IN_PATH
from tests.support.people import bearer, sign_in
from tests.support.slow import examples
from tests.support.votes.portal import portal_settings
from tests.support.votes.tickets import unit_ticket
from tests.support.waiting import PATIENCE_S

Check = Callable[..., bool | None]
RID = "rdoc"
OF_THE_DOCUMENT: list[Check] = [
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
CHECKS: list[Check] = [not_a_server_error, *OF_THE_DOCUMENT]
FIELDS = {
    f"service.{name}" for name in ("field_wrong", "field_missing", "field_unknown", "json_invalid")
}
EACH = 12
"""Requests for each operation as each sender in the slow suite; a third of them in CI (`make test-document`)."""
NOBODYS = {Role.ENGINE, Role.OPERATOR, Role.OWNER, Role.RESIDENT}
"""Nobody signs in as these: a unit comes with its ticket."""
ROLES = tuple(role.value for role in Role if role not in NOBODYS)
SENDERS = ("nobody", "unit", *ROLES)


@pytest.fixture(scope="module")
async def case(database: Database, owner: str) -> str:
    sql = await asyncpg.connect(owner)
    await make_renovation(database, rid=RID)
    for role in ROLES:
        await sign_in(sql, role)
        await sql.execute(
            "INSERT INTO role_grant (actor_id, label, role, place_id) VALUES ($1::text, $1::text, $1, $2)",
            *(role, None if role == Role.ADMINISTRATOR else "d"),
        )
    await open_box(sql, RID)
    await sql.close()
    return RID


@pytest.fixture(scope="module")
def service(database: Database, case: str) -> Iterator[str]:
    own = Settings(
        database_url=database.url,
        credential_key=KEY,
        receipt_key="1e" * 32,
        gateway_key="5c" * 32,
        person_key="7e" * 32,
        counts_age_s=0,
        temporal_address="127.0.0.1:9",
        update_timeout_s=1,
        **portal_settings(),
    )
    server = uvicorn.Server(uvicorn.Config(create_app(own), port=0, log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def headers_of(sender: str) -> Mapping[str, str]:
    if sender == "nobody":
        return {}
    if sender == "unit":
        return {"Authorization": f"Bearer {unit_ticket(SecretStr(KEY), RID, '1-101')}"}
    return bearer(sender)


def hold(service: str, sender: str, requests: int) -> int:
    """Send so many requests for each operation of the document; how many operations there were."""
    document = schemathesis.openapi.from_url(f"{service}/openapi.json", timeout=PATIENCE_S)
    operations = [each.ok() for each in document.get_all_operations() if isinstance(each, Ok)]
    # Whoever signs out does so in the end.
    operations.sort(key=lambda each: each.path == "/v1/sign-out")
    for operation in operations:

        @settings(
            max_examples=requests,
            phases=[Phase.explicit, Phase.generate],
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: schemathesis.Case) -> None:
            if "renovation_id" in case.path_parameters:
                case.path_parameters["renovation_id"] = RID
            # Who sends is the sender's, not made up.
            for name in [each for each in case.headers if each.lower() == "authorization"]:
                del case.headers[name]
            answer = case.call(base_url=service, headers=dict(headers_of(sender)))
            away = answer.status_code == 503  # the engine's: nobody listens at its address here
            assert not away or "retry-after" in answer.headers
            case.validate_response(answer, checks=OF_THE_DOCUMENT if away else CHECKS)

        ask()
    return len(operations)


@pytest.mark.slow
def test_every_example_is_taken_by_whom_the_door_opens_to(service: str) -> None:
    """Whatever else is said against it, as things stand: its fields are right."""
    document = httpx.get(f"{service}/openapi.json", timeout=PATIENCE_S).json()
    sent, opened = 0, set[str]()
    with httpx.Client(base_url=service, timeout=PATIENCE_S) as http:
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                bodies = operation.get("requestBody", {}).get("content", {})
                if "application/json" not in bodies:
                    continue
                content = bodies["application/json"]
                address = re.sub(r"{(\w+)}", lambda found: IN_PATH[found[1]].format(rid=RID), path)
                for sender in SENDERS:
                    headers = dict(headers_of(sender))
                    answer = http.request(method, address, json=content["example"], headers=headers)
                    sent += 1
                    assert str(answer.status_code) in operation["responses"], path
                    if answer.status_code in (401, 403):
                        continue
                    opened.add(path)
                    if not answer.is_success:
                        codes = {each["code"] for each in answer.json()["problems"]}
                        assert not codes & FIELDS, (path, sender, answer.text)
    assert sent > 800
    assert len(opened) > 80


@pytest.mark.slow
@pytest.mark.parametrize("sender", SENDERS)
def test_the_document_is_what_the_service_does_for_everybody(service: str, sender: str) -> None:
    assert hold(service, sender, examples(EACH)) > 60
