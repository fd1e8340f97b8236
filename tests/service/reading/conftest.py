"""A case that has come far, written as rows, and everybody who may ask for it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from models.values.scheme import SchemeContent
from runtime.database import Database
from tests.service.conftest import KEY
from tests.support.estate import make_renovation, scheme_content
from tests.support.people import bearer, sign_in
from tests.support.votes.tickets import unit_ticket

RID = "rreading"
CASE = f"/v1/renovations/{RID}"
UNIT, OTHER = "1-101", "1-102"
ROLES = (
    *("street_office", "owners_committee", "auditor", "grid_worker", "evaluator"),
    *("contractor", "payment_provider", "supervisor"),
)
Ask = Callable[..., Awaitable[Any]]


def unit(number: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {unit_ticket(SecretStr(KEY), RID, number)}"}


def who(name: str) -> Mapping[str, str]:
    """The header of a role, of a unit by its number, or of nobody."""
    if name == "nobody":
        return {}
    return unit(name) if "-" in name and name[0].isdigit() else bearer(f"read-{name}")


def occupied() -> SchemeContent:
    """The roof takes part of the unit; the pipes are paid by two units that are named."""
    content = scheme_content()
    roof = content.works[0].model_copy(update={"occupies": (UNIT,)})
    listed = content.items[1].payers.model_copy(update={"scope": "listed", "units": (UNIT, OTHER)})
    pipes = content.items[1].model_copy(update={"payers": listed})
    return content.model_copy(
        update={"works": (roof, *content.works[1:]), "items": (content.items[0], pipes)}
    )


@pytest.fixture(scope="module")
async def case(database: Database, sql: asyncpg.Connection) -> str:
    rid = await make_renovation(database, rid=RID, content=occupied())
    for role in ROLES:
        await sign_in(sql, f"read-{role}")
        await sql.execute(
            "INSERT INTO role_grant (actor_id, label, role, place_id) VALUES ($1::text, $1::text, $2, 'd')",
            f"read-{role}",
            role,
        )
    await sign_in(sql, "read-stranger")
    return rid


@pytest.fixture(scope="module")
def ask(http: httpx.AsyncClient, case: str) -> Ask:
    """What a door of the case answers to somebody; the status where it refuses."""

    async def ask(path: str, by: str = "nobody", **query: str) -> Any:
        answer = await http.get(f"{CASE}{path}", headers=who(by), params=query)
        return answer.json() if answer.is_success else answer.status_code

    return ask
