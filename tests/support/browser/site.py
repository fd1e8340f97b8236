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
from tests.support.processes.tls import Authority

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
async def site_for_browsers(settings: Settings, folder: Path) -> AsyncIterator[Site]:
    """The service on a port of its own, behind TLS, with a browser for it."""
    own = Authority(folder, "ca").certificate(NAME, x509.DNSName(NAME), x509.DNSName(NEIGHBOUR))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        address = f"https://{NAME}:{port}"
        named = Settings.model_validate({**settings.model_dump(), "public_url": address})
        config = uvicorn.Config(
            create_app(named), ssl_certfile=own.cert, ssl_keyfile=own.key, log_config=None
        )
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            async with chromium(own.cert, NAME, NEIGHBOUR) as browser:
                yield Site(address, f"https://{NEIGHBOUR}:{port}", named, browser)
        finally:
            server.should_exit = True
            await running
