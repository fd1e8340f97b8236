"""The connection to Temporal: every client is made here, so that all speak the same data format."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode, TLSConfig

from models.values.refusal import Refused, problem, refusal, refuse_if_any
from models.values.search_attributes import SEARCH_ATTRIBUTES, SearchAttribute, SearchAttributeKind
from runtime.keys.codec import data_converter
from runtime.settings import SharedSettings, WorkerSettings

INDEXED_AS: Mapping[SearchAttributeKind, IndexedValueType.ValueType] = {
    SearchAttributeKind.KEYWORD: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    SearchAttributeKind.DATETIME: IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
    SearchAttributeKind.BOOL: IndexedValueType.INDEXED_VALUE_TYPE_BOOL,
}
RETRY_S = 0.1
"""Pause between two looks at a server that is not there yet; a look costs it a few milliseconds."""


@dataclass(frozen=True)
class Way:
    """How Temporal is spoken to, beside where it is: transport, who we are, how payloads are sealed."""

    tls: TLSConfig | bool = False
    api_key: SecretStr | None = None
    codec_key: SecretStr | None = None


PLAIN = Way()
"""As the embedded server is spoken to on the loopback."""


def way_of(settings: SharedSettings) -> Way:
    """The way that the settings describe.

    Raises:
        Refused: `settings.invalid` for a certificate without its key, or the other way round.
        OSError: a file of the settings cannot be read.
    """
    files = (settings.temporal_tls_ca, settings.temporal_tls_cert, settings.temporal_tls_key)
    ca, cert, key = (None if path is None else path.read_bytes() for path in files)
    if (cert is None) != (key is None):
        name = "TEMPORAL_TLS_CLIENT_KEY_PATH" if key is None else "TEMPORAL_TLS_CLIENT_CERT_PATH"
        raise refusal("settings.missing", where=name, name=name)
    tls: TLSConfig | bool = settings.temporal_tls
    if any((ca, cert, settings.temporal_tls_name)):
        tls = TLSConfig(
            server_root_ca_cert=ca,
            client_cert=cert,
            client_private_key=key,
            domain=settings.temporal_tls_name,
        )
    codec_key = settings.codec_key if isinstance(settings, WorkerSettings) else None
    return Way(tls, settings.temporal_api_key, codec_key)


async def connect(
    address: str, namespace: str = "default", *, lazy: bool = False, way: Way = PLAIN
) -> Client:
    """A client that carries pydantic models as JSON; a `lazy` one connects at its first call.

    Raises:
        RuntimeError: the SDK could not reach `address`.
    """
    return await Client.connect(
        address,
        namespace=namespace,
        data_converter=data_converter(way.codec_key),
        lazy=lazy,
        tls=way.tls,
        api_key=None if way.api_key is None else way.api_key.get_secret_value(),
    )


async def reach(settings: WorkerSettings, timeout_s: float) -> Client:
    """A client of the server of the settings, as `connect_patiently`.

    Raises:
        Refused: `temporal.unreachable`, and what `way_of` refuses.
    """
    address, namespace = settings.temporal_address, settings.temporal_namespace
    return await connect_patiently(address, namespace, timeout_s, way_of(settings))


async def connect_patiently(
    address: str, namespace: str, timeout_s: float, way: Way = PLAIN
) -> Client:
    """A client of a server that answers, waiting for one that is still starting.

    The namespace must be known to the server too: a fresh server has none for a moment.

    Raises:
        Refused: `temporal.unreachable` when `timeout_s` passed; the reason is the last error.
    """
    reason = "no answer"
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                try:
                    client = await connect(address, namespace, way=way)
                    await client.workflow_service.describe_namespace(
                        DescribeNamespaceRequest(namespace=namespace)
                    )
                except (RuntimeError, RPCError) as error:
                    if _is_final(error):
                        raise _unreachable(address, str(error)) from error
                    reason = str(error)
                    await asyncio.sleep(RETRY_S)
                else:
                    return client
    except TimeoutError as error:
        raise _unreachable(address, reason) from error


async def register_search_attributes(client: Client, timeout_s: float = 30) -> tuple[str, ...]:
    """Make the attributes of the registry known to the namespace; returns the names that were new.

    Safe to run again. Returns only when the server lists them all, because a workflow that sets
    an unregistered attribute stalls.

    Raises:
        Refused: `temporal.search_attribute_kind` when one exists with another kind;
            `temporal.search_attributes_missing` when the server does not list them in time.
    """
    known = await _listed(client)
    new = tuple(wanted for wanted in SEARCH_ATTRIBUTES if wanted.name not in known)
    refuse_if_any(
        problem(
            "temporal.search_attribute_kind",
            where=wanted.name,
            name=wanted.name,
            expected=wanted.kind.value,
        )
        for wanted in SEARCH_ATTRIBUTES
        if wanted not in new and known[wanted.name] != INDEXED_AS[wanted.kind]
    )
    if new:
        await _add(client, new)
        await _await_listed(client, new, timeout_s)
    return tuple(attribute.name for attribute in new)


async def _listed(client: Client) -> Mapping[str, IndexedValueType.ValueType]:
    answer = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    return {**answer.system_attributes, **answer.custom_attributes}


async def _add(client: Client, attributes: tuple[SearchAttribute, ...]) -> None:
    try:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=client.namespace,
                search_attributes={each.name: INDEXED_AS[each.kind] for each in attributes},
            )
        )
    except RPCError as error:
        # Two set-up jobs at once: the other one was first, which is as good.
        if error.status != RPCStatusCode.ALREADY_EXISTS:
            raise


async def _await_listed(
    client: Client, attributes: tuple[SearchAttribute, ...], timeout_s: float
) -> None:
    names = {each.name for each in attributes}
    try:
        async with asyncio.timeout(timeout_s):
            while not names <= (await _listed(client)).keys():  # noqa: ASYNC110 - a server, no event
                await asyncio.sleep(RETRY_S)
    except TimeoutError as error:
        missing = ", ".join(sorted(names))
        raise refusal("temporal.search_attributes_missing", names=missing) from error


def _is_final(error: Exception) -> bool:
    """Waiting longer does not help: we may not enter, or the server is another kind of server."""
    return isinstance(error, RPCError) and error.status in {
        RPCStatusCode.PERMISSION_DENIED,
        RPCStatusCode.UNAUTHENTICATED,
        RPCStatusCode.UNIMPLEMENTED,
    }


def _unreachable(address: str, reason: str) -> Refused:
    return refusal("temporal.unreachable", where=address, address=address, reason=reason)
