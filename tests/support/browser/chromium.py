"""The Chromium of this machine, which finds our test names here and trusts one certificate of ours."""

import base64
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.async_api import Browser, CDPSession, Page, async_playwright

from tests.support.processes.programs import program

KEY_OF_ROOM = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
"""An authenticator that belongs to the device and verifies its user."""


@asynccontextmanager
async def launched(*more: str) -> AsyncIterator[Browser]:
    """The Chromium of this machine."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program("Chromium"), args=["--no-sandbox", *more]
        )
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def chromium(cert: Path, *names: str) -> AsyncIterator[Browser]:
    """A browser for which these names are this machine, and whose sites may have this certificate."""
    key = x509.load_pem_x509_certificate(cert.read_bytes()).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pin = base64.b64encode(hashlib.sha256(spki).digest()).decode()
    rules = ",".join(f"MAP {name} 127.0.0.1" for name in names)
    async with launched(
        f"--host-resolver-rules={rules}", f"--ignore-certificate-errors-spki-list={pin}"
    ) as browser:
        yield browser


class Authenticator:
    """Chromium's virtual authenticator of one page."""

    def __init__(self, cdp: CDPSession, authenticator_id: str) -> None:
        self._cdp, self._id = cdp, authenticator_id

    async def take_back(self, count: int) -> None:
        """Its passkey as a copy that has signed `count` times only."""
        said = await self._cdp.send("WebAuthn.getCredentials", {"authenticatorId": self._id})
        (credential,) = said["credentials"]
        await self._cdp.send("WebAuthn.clearCredentials", {"authenticatorId": self._id})
        await self._cdp.send(
            "WebAuthn.addCredential",
            {"authenticatorId": self._id, "credential": {**credential, "signCount": count}},
        )

    async def verifies(self, *, its_user: bool) -> None:
        """Whether it can tell who uses it."""
        await self._cdp.send(
            "WebAuthn.setUserVerified",
            {"authenticatorId": self._id, "isUserVerified": its_user},
        )

    async def put_aside(self) -> None:
        """Another one comes in its place."""
        await self._cdp.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": self._id})
        await _added(self._cdp)


async def with_authenticator(page: Page) -> Authenticator:
    """Give a page a virtual authenticator."""
    cdp = await page.context.new_cdp_session(page)
    await cdp.send("WebAuthn.enable")
    return Authenticator(cdp, await _added(cdp))


async def _added(cdp: CDPSession) -> str:
    made = await cdp.send("WebAuthn.addVirtualAuthenticator", {"options": KEY_OF_ROOM})
    return str(made["authenticatorId"])
