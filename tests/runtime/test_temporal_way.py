"""Temporal behind TLS: a certificate that is trusted, one that the client shows, and an API key."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography import x509
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from models.values.refusal import Refused
from runtime.settings import Settings, environment_names, read_settings
from runtime.temporal import connect_patiently, reach, way_of
from tests.support.processes.servers import dev_server
from tests.support.processes.tls import LOCAL, Authority, Seen, tls_proxy
from tests.support.waiting import PATIENCE_S

KEY = "0f" * 32
AT_ONCE_S = 1.0
"""How long one asks who is not let in; whoever is let in has the patience of every test."""


@pytest.fixture(scope="module")
async def target() -> AsyncIterator[str]:
    async with dev_server() as env:
        yield target_of(env)


def target_of(env: WorkflowEnvironment) -> str:
    return str(env.client.service_client.config.target_host)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ours"), "ours")


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("others"), "others")


def settings(address: str, **more: object) -> Settings:
    given = {
        "database_url": "postgresql://u:p@h/d",
        "credential_key": KEY,
        "receipt_key": KEY,
        "temporal_address": address,
        **more,
    }
    return Settings.model_validate(given)


async def reached(given: Settings) -> Client:
    return await reach(given, PATIENCE_S)


async def refused(given: Settings) -> str:
    with pytest.raises(Refused) as error:
        await reach(given, AT_ONCE_S)
    return error.value.problems[0].code


async def test_with_the_authority_that_signed_it_temporal_is_reached(
    target: str, ours: Authority, others: Authority
) -> None:
    async with tls_proxy(target, ours.certificate("temporal", LOCAL)) as address:
        client = await reached(settings(address, temporal_tls_ca=ours.file))
        assert [each async for each in client.list_workflows()] == []
        assert await refused(settings(address)) == "temporal.unreachable"
        assert await refused(settings(address, temporal_tls=True)) == "temporal.unreachable"
        stranger = settings(address, temporal_tls_ca=others.file)
        assert await refused(stranger) == "temporal.unreachable"


async def test_a_certificate_for_another_name_needs_that_name(target: str, ours: Authority) -> None:
    own = ours.certificate("other-name", x509.DNSName("temporal.example"))
    async with tls_proxy(target, own) as address:
        plain = settings(address, temporal_tls_ca=ours.file)
        assert await refused(plain) == "temporal.unreachable"
        await reached(plain.model_copy(update={"temporal_tls_name": "temporal.example"}))


async def test_where_a_client_certificate_is_required_only_who_has_one_gets_in(
    target: str, ours: Authority, others: Authority
) -> None:
    own, mine = ours.certificate("mtls", LOCAL), ours.certificate("service")
    foreign = others.certificate("service")
    async with tls_proxy(target, own, clients=ours.file) as address:
        trusting = settings(address, temporal_tls_ca=ours.file)
        assert await refused(trusting) == "temporal.unreachable"
        for shown, gets_in in ((foreign, False), (mine, True)):
            given = trusting.model_copy(
                update={"temporal_tls_cert": shown.cert, "temporal_tls_key": shown.key}
            )
            if gets_in:
                await reached(given)
            else:
                assert await refused(given) == "temporal.unreachable"


async def test_the_api_key_comes_with_every_call(target: str, ours: Authority) -> None:
    # A way of its own for each client: the one that is refused may try again after we gave up on it.
    own = ours.certificate("keyed", LOCAL)
    without, keyed = Seen("Bearer k-secret"), Seen("Bearer k-secret")
    async with tls_proxy(target, own, seen=without) as address:
        assert await refused(settings(address, temporal_tls_ca=ours.file)) == "temporal.unreachable"
        assert without.refused == without.calls > 0
    async with tls_proxy(target, own, seen=keyed) as address:
        given = settings(address, temporal_tls_ca=ours.file)
        await reached(given.model_copy(update={"temporal_api_key": _secret("k-secret")}))
        assert (keyed.refused, keyed.calls > 0) == (0, True)


def _secret(text: str):
    return settings("h:1", temporal_api_key=text).temporal_api_key


def test_half_a_client_certificate_names_the_setting_that_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "some.pem"
    file.write_text("x")
    for given, missing in (
        ("temporal_tls_cert", "TEMPORAL_TLS_CLIENT_KEY_PATH"),
        ("temporal_tls_key", "TEMPORAL_TLS_CLIENT_CERT_PATH"),
    ):
        with pytest.raises(Refused) as error:
            way_of(settings("h:1", **{given: file}))
        (problem,) = error.value.problems
        assert (problem.code, problem.where) == ("settings.missing", missing)


def test_the_settings_have_the_names_that_temporals_own_tools_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in environment_names(Settings).values():
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "DATABASE_URL": "postgresql://u:p@h/d",
        "GONGJIAN_CREDENTIAL_KEY": KEY,
        "GONGJIAN_RECEIPT_KEY": KEY,
        "TEMPORAL_TLS": "true",
        "TEMPORAL_TLS_SERVER_CA_CERT_PATH": str(tmp_path / "ca.pem"),
        "TEMPORAL_API_KEY": "k-secret",
    }.items():
        monkeypatch.setenv(name, value)
    read = read_settings(Settings)
    assert (read.temporal_tls, read.temporal_tls_ca) == (True, tmp_path / "ca.pem")
    assert read.temporal_api_key is not None
    assert "k-secret" not in repr(read)
    assert read.of_worker.to_environment()["TEMPORAL_API_KEY"] == "k-secret"


async def test_a_plain_way_does_not_speak_tls(target: str) -> None:
    await connect_patiently(target, "default", PATIENCE_S)
