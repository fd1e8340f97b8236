"""The address that people are given is the configured one, whatever a request claims to have called."""

import io
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import segno

from runtime.settings import Settings
from service.app import create_app

ROOT = Path(__file__).resolve().parents[2]
PUBLIC = "https://vote.example.org/gongjian"
QR = "/v1/renovations/r1/ballots/4F7K-9QX2-M0AD/qr.svg"
EVIL = {
    "Host": "evil.example:666",
    "Forwarded": "host=evil.example;proto=ftp",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "ftp",
    "X-Forwarded-Prefix": "/evil.example",
}
TAKEN_FROM_A_REQUEST = re.compile(
    r"\b(base_url|url_for|HTTPSRedirect\w*)\b|\brequest\.url\b(?!\.path)"
)


@pytest.fixture
async def public(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(settings.model_copy(update={"public_url": PUBLIC}))
    api = app.api
    async with (
        api.router.lifespan_context(api),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://inside") as client,
    ):
        yield client


def qr_of(address: str) -> bytes:
    image = io.BytesIO()
    segno.make(address, error="m").save(image, kind="svg", scale=4, xmldecl=False)
    return image.getvalue()


async def test_a_qr_code_leads_to_the_public_address(public: httpx.AsyncClient) -> None:
    answer = await public.get(QR, headers=EVIL)
    assert answer.content == qr_of(f"{PUBLIC}/v1/renovations/r1/ballots/4F7K-9QX2-M0AD")


async def test_without_one_it_leads_to_where_the_service_listens(http: httpx.AsyncClient) -> None:
    answer = await http.get(QR, headers=EVIL)
    path = "/v1/renovations/r1/ballots/4F7K-9QX2-M0AD"
    assert answer.content == qr_of(f"http://127.0.0.1:8000{path}")


async def test_an_id_that_would_leave_its_place_in_the_path_makes_no_code(
    public: httpx.AsyncClient,
) -> None:
    for strange in ("a%3Fb", "a%23b", "a%2Fb", "..%2F..", "%40evil.example"):
        answer = await public.get(f"/v1/renovations/{strange}/ballots/4F7K-9QX2-M0AD/qr.svg")
        assert answer.is_client_error, strange


async def test_the_document_of_the_api_names_it(public: httpx.AsyncClient) -> None:
    assert (await public.get("/openapi.json", headers=EVIL)).json()["servers"] == [{"url": PUBLIC}]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
async def test_no_answer_repeats_the_host_of_its_request(
    public: httpx.AsyncClient, method: str
) -> None:
    """A slash too many was a redirect to that host."""
    document = (await public.get("/openapi.json")).json()
    paths = [re.sub(r"\{\w+\}", "4F7K-9QX2-M0AD", path) for path in document["paths"]]
    assert len(paths) > 30
    for path in (*paths, "/nowhere", "/openapi.json"):
        for wanted in (path, f"{path}/"):
            answer = await public.request(method, wanted, headers=EVIL)
            said = answer.text + repr(answer.headers)
            assert "evil" not in said, wanted
            assert not answer.is_redirect, wanted


def test_no_code_of_the_service_takes_an_address_from_a_request() -> None:
    for path in sorted((ROOT / "service").rglob("*.py")):
        found = TAKEN_FROM_A_REQUEST.search(path.read_text(encoding="utf-8"))
        assert found is None, (path.name, found)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://127.0.0.1:8000"),
        ("10.1.2.3", "http://10.1.2.3:8000"),
        ("fd00::1", "http://[fd00::1]:8000"),
    ],
)
def test_the_address_of_a_service_is_where_it_listens(
    settings: Settings, host: str, address: str
) -> None:
    assert settings.model_copy(update={"service_host": host}).address == address


@pytest.mark.parametrize(
    "url",
    [
        *("vote.example.org", "ftp://vote.example.org", "https://", "https://u:p@vote.example.org"),
        *(
            "https://vote.example.org/?a=b",
            "https://vote.example.org/#a",
            "https://a:b",
            "https://a b",
        ),
        "https://例.example",
    ],
)
def test_what_is_no_address_is_no_setting(settings: Settings, url: str) -> None:
    given = settings.model_dump(exclude_none=True) | {"public_url": url}
    with pytest.raises(ValueError, match="public_url"):
        Settings.model_validate(given)


def test_a_slash_at_the_end_is_no_part_of_it(settings: Settings) -> None:
    given = settings.model_dump(exclude_none=True) | {"public_url": f"{PUBLIC}/"}
    assert Settings.model_validate(given).address == PUBLIC
