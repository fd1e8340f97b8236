"""The proxy's configuration and the units of systemd, looked at by the programs that read them."""

import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from runtime.settings import Settings
from service.edge.uploads import FORM_AROUND_BYTES, MOST_BYTES
from tests.support.processes.programs import program

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
NGINX = (DEPLOY / "proxy" / "nginx.conf").read_text(encoding="utf-8")
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
SYSTEMD = shutil.which("systemd-analyze")


def certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "vote.example.org")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "fullchain.pem").write_bytes(made.public_bytes(pem))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def test_nginx_takes_its_configuration(tmp_path: Path) -> None:
    certificate(tmp_path)
    text = NGINX.replace("/etc/letsencrypt/live/vote.example.org", str(tmp_path))
    text = text.replace("/run/nginx.pid", str(tmp_path / "pid")).replace(
        "/var/log/nginx", str(tmp_path)
    )
    text = re.sub(r"listen (\[::\]:)?(80|443)", r"listen \g<1>1\g<2>", text)
    (tmp_path / "nginx.conf").write_text(text)
    command = (str(program("nginx")), "-t", "-c", str(tmp_path / "nginx.conf"))
    tried = subprocess.run(command, capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
    assert "syntax is ok" in tried.stderr
    assert "warn" not in tried.stderr.replace(" warn;", ""), tried.stderr


def test_the_proxy_and_the_service_have_the_same_limits() -> None:
    most = Settings.model_fields["max_body_bytes"].default
    assert f"client_max_body_size {most // 1024}k;" in NGINX
    assert "client_max_body_size 12100k;" in NGINX
    assert MOST_BYTES + FORM_AROUND_BYTES <= 12_100 * 1024
    for limit in ("client_header_timeout", "client_body_timeout", "send_timeout", "limit_req zone"):
        assert limit in NGINX
    buffers = re.search(r"large_client_header_buffers (\d+) (\d+)k", NGINX)
    assert buffers is not None
    assert int(buffers[2]) * 1024 <= Settings.model_fields["max_header_bytes"].default


@pytest.mark.skipif(SYSTEMD is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_takes_each_unit(unit: Path, tmp_path: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    # The program is not installed here; everything else is looked at as it stands.
    text = re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", text)
    copy = tmp_path / unit.name
    copy.write_text(text)
    tried = subprocess.run(
        (str(SYSTEMD), "verify", "--man=no", str(copy)), capture_output=True, text=True, check=False
    )
    about_us = [line for line in tried.stderr.splitlines() if unit.name in line]
    assert not about_us, tried.stderr


def test_the_units_give_no_more_than_is_needed() -> None:
    assert [unit.stem for unit in UNITS] == ["gongjian-service", "gongjian-worker"]
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8")
        for line in ("NoNewPrivileges=yes", "ProtectSystem=strict", "UMask=0077", "User=gongjian"):
            assert f"\n{line}\n" in text
        files = re.search(r"LimitNOFILE=(\d+)", text)
        assert files is not None
        assert int(files[1]) > 2 * Settings.model_fields["max_connections"].default
