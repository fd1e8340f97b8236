"""A service without its servers: it lives, says that it is not ready, and acknowledges nothing."""

from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import SecretStr

from runtime.settings import Settings
from service.app import create_app
from tests.support.votes.tickets import unit_ticket

KEY = "0f" * 32


@pytest.fixture(scope="module")
async def alone() -> AsyncIterator[httpx.AsyncClient]:
    """Nobody listens at port 9 of this machine."""
    app = create_app(
        Settings(
            database_url="postgresql+asyncpg://nobody@127.0.0.1:9/none",
            credential_key=KEY,
            receipt_key="1e" * 32,
            gateway_key="5c" * 32,
            temporal_address="127.0.0.1:9",
        )
    )
    api = app.api
    async with (
        api.router.lifespan_context(api),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
    ):
        yield client


async def test_it_lives_and_names_what_is_missing(alone: httpx.AsyncClient) -> None:
    assert (await alone.get("/health/live")).status_code == 200
    ready = await alone.get("/health/ready")
    assert ready.status_code == 503
    assert [problem["where"] for problem in ready.json()["problems"]] == ["database", "temporal"]


async def test_a_ballot_is_not_acknowledged_without_the_database(alone: httpx.AsyncClient) -> None:
    answer = await alone.post(
        "/v1/renovations/r1/ballots",
        json={"command_id": "c1", "unit_number": "1-101", "choices": {"works": "yes"}},
        headers={"Authorization": f"Bearer {unit_ticket(SecretStr(KEY), 'r1', '1-101')}"},
    )
    assert (answer.status_code, answer.json()["code"]) == (503, "service.database_away")
    assert answer.headers["retry-after"] == "1"


async def test_reading_says_that_the_database_is_away(alone: httpx.AsyncClient) -> None:
    answer = await alone.get("/v1/renovations/r1")
    assert (answer.status_code, answer.json()["code"]) == (503, "service.database_away")


async def test_an_unknown_address_is_a_problem_too(alone: httpx.AsyncClient) -> None:
    answer = await alone.get("/nowhere")
    assert (answer.status_code, answer.json()["code"]) == (404, "service.not_found")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_document_describes_the_ballot_route(alone: httpx.AsyncClient) -> None:
    paths = (await alone.get("/openapi.json")).json()["paths"]
    assert "post" in paths["/v1/renovations/{renovation_id}/ballots"]


@pytest.mark.parametrize(
    "path", ["/health/live", "/health/ready", "/openapi.json", "/v1/renovations/r1", "/nowhere"]
)
async def test_head_is_the_answer_to_get_without_its_body(
    alone: httpx.AsyncClient, path: str
) -> None:
    get, head = await alone.get(path), await alone.head(path)
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers["content-length"] == get.headers["content-length"]


async def test_head_is_no_way_to_write(alone: httpx.AsyncClient) -> None:
    assert (await alone.head("/v1/renovations/r1/withdrawals")).status_code == 405
