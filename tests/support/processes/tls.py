"""A proxy that speaks TLS before Temporal, with certificates of its own making; for HTTP/2 only."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hpack import Decoder

HEADERS, PADDED, PRIORITY = 1, 8, 32
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


@dataclass(frozen=True)
class Certificate:
    """The files of a certificate and its key."""

    cert: Path
    key: Path


class Authority:
    """Signs certificates; `file` is what to trust."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._cert = self._signed(name, self._key.public_key(), ca=True)
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(self._cert.public_bytes(Encoding.PEM))

    def certificate(self, name: str, *alternative: x509.GeneralName) -> Certificate:
        """A new one for the name."""
        key = ec.generate_private_key(ec.SECP256R1())
        cert = self._signed(name, key.public_key(), *alternative)
        made = Certificate(self._folder / f"{self._name}-{name}.pem", self._folder / f"{name}.key")
        made.cert.write_bytes(cert.public_bytes(Encoding.PEM))
        made.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return made

    def _signed(
        self,
        name: str,
        key: ec.EllipticCurvePublicKey,
        *alternative: x509.GeneralName,
        ca: bool = False,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(_named(self._name))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if alternative:
            builder = builder.add_extension(
                x509.SubjectAlternativeName(alternative), critical=False
            )
        return builder.sign(self._key, hashes.SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


LOCAL = x509.IPAddress(ip_address("127.0.0.1"))


class Seen:
    """What a proxy lets through: every call, or those that come with this Authorization header."""

    def __init__(self, wanted: str = "") -> None:
        self.wanted, self.calls, self.refused = wanted, 0, 0

    def lets(self, headers: dict[str, str]) -> bool:
        """Count a call and say whether it may pass."""
        self.calls += 1
        if self.wanted and headers.get("authorization") != self.wanted:
            self.refused += 1
            return False
        return True


@asynccontextmanager
async def tls_proxy(
    target: str, own: Certificate, *, clients: Path | None = None, seen: Seen | None = None
) -> AsyncIterator[str]:
    """The address of a proxy before `target`; with `clients` it wants a certificate that they signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.cert, own.key)
    context.set_alpn_protocols(["h2"])
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients)
    host, _, port = target.rpartition(":")
    running: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        writers = [writer]
        with suppress(OSError, asyncio.CancelledError):
            there, back = await asyncio.open_connection(host, int(port))
            writers.append(back)
            async with asyncio.TaskGroup() as both:
                answering = both.create_task(_pass_on(there, writer))
                await _pass_on(reader, back, _Calls(seen or Seen()))
                answering.cancel()
        for each in writers:
            each.close()
            with suppress(OSError, asyncio.CancelledError):
                await each.wait_closed()
        running.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in tuple(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, calls: "_Calls | None" = None
) -> None:
    """Until the sender is done, the receiver is gone, or a call may not pass."""
    with suppress(OSError):
        while data := await reader.read(65_536):
            if calls is not None and not calls.may_pass(data):
                return
            writer.write(data)
            await writer.drain()


class _Calls:
    """Reads the headers of the calls of one connection (RFC 9113 section 4, RFC 7541)."""

    def __init__(self, seen: Seen) -> None:
        self._seen, self._decoder, self._rest, self._begun = seen, Decoder(), b"", False

    def may_pass(self, data: bytes) -> bool:
        """Whether all calls that begin in these bytes may pass."""
        self._rest += data
        if not self._begun:
            if len(self._rest) < len(PREFACE):
                return True
            self._rest, self._begun = self._rest[len(PREFACE) :], True
        return all(
            self._seen.lets({str(k): str(v) for k, v in self._decoder.decode(each)})
            for each in self._blocks()
        )

    def _blocks(self) -> Iterator[bytes]:
        while len(self._rest) >= 9:
            end = 9 + int.from_bytes(self._rest[:3], "big")
            if len(self._rest) < end:
                return
            kind, flags, payload = self._rest[3], self._rest[4], self._rest[9:end]
            self._rest = self._rest[end:]
            if kind == HEADERS:
                padding = payload[0] if flags & PADDED else 0
                start = bool(flags & PADDED) + (5 if flags & PRIORITY else 0)
                yield payload[start : len(payload) - padding]
