"""The TCP ports of the local stack: chosen at the first start, and kept with the data."""

import secrets
import socket
from pathlib import Path

from pydantic import ValidationError

from models.values.base import Carried
from models.values.refusal import problem, refusal, refuse_if_any
from runtime.private import write_private

LOOPBACK = "127.0.0.1"
PORTS = range(20_000, 32_000)
"""Below the ephemeral range: a client that retries a dead port must not connect to itself."""


class Ports(Carried):
    """The TCP ports of the stack; 0 means "that of the last start, or else a free one"."""

    service: int = 0
    temporal: int = 0
    ui: int = 0

    def chosen(self, kept: "Ports") -> "Ports":
        """The same ports with every 0 replaced: by the kept one, unless somebody else has it now.

        Raises:
            Refused: `stack.port_taken` for each given port that somebody else listens on.
        """
        given = self.model_dump()
        refuse_if_any(
            problem("stack.port_taken", where=name, name=name, port=port)
            for name, port in given.items()
            if port and not is_free(port)
        )
        before = kept.model_dump()
        for name, port in before.items():
            if not given[name] and port and port not in given.values() and is_free(port):
                given[name] = port
        for name, port in given.items():
            if not port:
                given[name] = free_port({*given.values(), *before.values()})
        return Ports(**given)


def load_ports(data_dir: Path) -> Ports:
    """The ports of the last start; zeros where there was none, or its file cannot be read."""
    try:
        text = (data_dir / "ports.json").read_text(encoding="utf-8")
        return Ports.model_validate_json(text)
    except (OSError, ValidationError):
        return Ports()


def write_ports(data_dir: Path, ports: Ports) -> None:
    """Keep the ports for the next start: people and programs have the addresses by then."""
    write_private(data_dir / "ports.json", ports.model_dump_json())


def free_port(used: set[int]) -> int:
    """A port of `PORTS` that nobody listens on and that is not in `used`.

    Raises:
        Refused: `stack.no_free_port`.
    """
    for _ in range(1000):
        port = secrets.choice(PORTS)
        if port not in used and is_free(port):
            return port
    raise refusal("stack.no_free_port")


def is_free(port: int) -> bool:
    """Whether nobody listens on the port of the loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
