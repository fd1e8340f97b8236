"""The service under a public name with HTTPS, for a browser."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from cryptography import x509
from playwright.async_api import Browser

from runtime.settings import Settings
from service.app import create_app
from tests.support.browser.chromium import chromium
from tests.support.processes.tls import Authority, Certificate

NAME, NEIGHBOUR = "vote.test", "evil.vote.test"
"""Ours, and somebody else's page below the same name: it may ask for the passkeys of ours."""


@dataclass(frozen=True)
class Site:
    """Where the service is, where the neighbour is, and the browser that reaches both."""

    address: str
    neighbour: str
    settings: Settings
    browser: Browser


@asynccontextmanager
async def served(
    settings: Settings, scheme: str, name: str, own: Certificate | None = None
) -> AsyncIterator[Settings]:
    """The service on a port of its own under this name, behind TLS with a certificate; its settings."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        address = {"public_url": f"{scheme}://{name}:{port}"}
        named = Settings.model_validate({**settings.model_dump(), **address})
        config = uvicorn.Config(
            create_app(named),
            ssl_certfile=None if own is None else own.cert,
            ssl_keyfile=None if own is None else own.key,
            log_config=None,
        )
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield named
        finally:
            server.should_exit = True
            await running


@asynccontextmanager
async def site_for_browsers(settings: Settings, folder: Path) -> AsyncIterator[Site]:
    """The service under a name with HTTPS, with a browser for it."""
    own = Authority(folder, "ca").certificate(NAME, x509.DNSName(NAME), x509.DNSName(NEIGHBOUR))
    async with (
        served(settings, "https", NAME, own) as named,
        chromium(own.cert, NAME, NEIGHBOUR) as browser,
    ):
        neighbour = named.address.replace(NAME, NEIGHBOUR)
        yield Site(named.address, neighbour, named, browser)
