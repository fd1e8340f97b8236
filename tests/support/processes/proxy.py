"""The proxy of `deploy/` in front of a service and an engine's UI that run here."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runtime.local.ports import free_port
from tests.runtime.test_deploy import NGINX, certificate
from tests.support.processes.programs import program

NAME = "vote.example.org"
"""The name in the configuration, and in the certificate that is made for it."""


@contextmanager
def behind_proxy(folder: Path, https: int, service: int, ui: int) -> Iterator[Path]:
    """nginx with its own configuration, on the loopback; the certificate that it shows. It may not answer yet."""
    certificate(folder)
    text = re.sub(r"\n *listen \[::\].*;", "", NGINX)
    for there, here in {
        f"/etc/letsencrypt/live/{NAME}": f"{folder}",
        "user www-data;": "user root;\ndaemon off;",
        "/run/nginx.pid": f"{folder}/pid",
        "/var/log/nginx": f"{folder}",
        "127.0.0.1:8000": f"127.0.0.1:{service}",
        "127.0.0.1:8080": f"127.0.0.1:{ui}",
        "listen 443": f"listen 127.0.0.1:{https}",
        "listen 80": f"listen 127.0.0.1:{free_port({https})}",
    }.items():
        text = text.replace(there, here)
    (folder / "nginx.conf").write_text(text)
    with subprocess.Popen((str(program("nginx")), "-c", str(folder / "nginx.conf"))) as proxy:
        try:
            yield folder / "fullchain.pem"
        finally:
            proxy.terminate()
