"""The ring of a data directory, what of it each process is given, and the commands on it."""

import secrets
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from cli.main import whole_application
from models.values.refusal import Refused
from runtime.ballots.sealing import BoxKeys, Signer
from runtime.local.key_ring import (
    FIELDS,
    FILE,
    FIXED,
    HOLDERS,
    Purpose,
    load_ring,
    owner_key_before,
)
from runtime.local.processes import Child
from runtime.settings import LocalSettings, Settings, WorkerSettings, environment_names
from service.estates.units import owner_secret, owner_secret_of

OLD = '{"credential_key": "%s", "receipt_key": "%s", "box_key": "%s"}'
SERVICE_ONLY = {
    *("credential_key", "session_key", "receipt_key", "owner_key", "gateway_key", "person_key"),
}


@pytest.fixture
def of_before(tmp_path: Path) -> Path:
    """A directory as releases before left it."""
    (tmp_path / FILE).write_text(OLD % ("1c" * 32, "1e" * 32, "b0" * 32))
    return tmp_path


def settings_of(data: Path) -> Settings:
    return LocalSettings(data_dir=data).with_servers(
        temporal_address="h:1", database_url="postgresql://u:p@h/d",
        keys=load_ring(data).settings, service_port=8000,
    )  # fmt: skip


def test_the_keys_of_before_stay_and_every_other_purpose_gets_its_own(of_before: Path) -> None:
    ring = load_ring(of_before)
    assert (ring.credential_key, ring.receipt_key, ring.box_key) == (
        "1c" * 32,
        "1e" * 32,
        "b0" * 32,
    )
    keys = [getattr(ring, field) for field in FIELDS.values()]
    assert len({*keys}) == len(Purpose)
    assert load_ring(of_before) == ring
    assert (of_before / FILE).stat().st_mode & 0o077 == 0


def test_owners_that_were_stored_before_are_still_matched(of_before: Path) -> None:
    credential_key = SecretStr("1c" * 32)
    assert owner_secret_of(settings_of(of_before)) == owner_secret(credential_key)
    assert bytes.fromhex(owner_key_before(credential_key)) == owner_secret(credential_key)


def test_in_a_new_directory_the_owners_key_follows_from_no_other(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    assert owner_secret_of(settings) != owner_secret(settings.credential_key)


@pytest.mark.parametrize("purpose", [each for each in Purpose if each not in FIXED])
def test_a_rotated_purpose_has_a_new_key_in_front_and_the_others_stay(
    of_before: Path, purpose: Purpose
) -> None:
    ring = load_ring(of_before)
    after = ring.rotated(purpose)
    assert after.ids(purpose)[1:] == ring.ids(purpose)
    assert after.ids(purpose)[0] not in ring.ids(purpose)
    for other in Purpose:
        assert (after.ids(other) == ring.ids(other)) is (other is not purpose)


@pytest.mark.parametrize("purpose", sorted(FIXED))
def test_what_has_to_stay_comparable_is_not_rotated(of_before: Path, purpose: Purpose) -> None:
    with pytest.raises(Refused, match=r"keys\.not_rotated"):
        load_ring(of_before).rotated(purpose)


def test_the_table_of_keys_says_what_the_code_does() -> None:
    lines = (Path(__file__).parents[3] / "docs" / "keys.md").read_text("utf-8").splitlines()
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines if "`GONG" in line
    ]
    rows = [row for row in rows if len(row) == len(("purpose", "setting", "by", "does", "before"))]
    assert [row[0] for row in rows] == [each.value for each in Purpose]
    names = environment_names(Settings)
    for purpose, (_, setting, holder, does, _before) in zip(Purpose, rows, strict=True):
        assert setting.startswith(f"`{names[FIELDS[purpose]]}`"), purpose
        assert holder == HOLDERS[purpose], purpose
        assert (does == "none") is (purpose in FIXED), purpose


def test_receipts_and_boxes_of_before_a_rotation_are_still_known(of_before: Path) -> None:
    ring = load_ring(of_before).rotated(Purpose.RECEIPTS).rotated(Purpose.BOX)
    before = Signer.of_receipts(SecretStr("1e" * 32)).public_key
    known = Signer.every_of_receipts(SecretStr(ring.receipt_key))
    assert known[1] == before != known[0]
    old, new = BoxKeys(SecretStr("b0" * 32)), BoxKeys(SecretStr(ring.box_key))
    box = old.new("box")
    assert new.unwrap("box", box.wrapped) == old.unwrap("box", box.wrapped)
    # The head is signed by whom the announcement named.
    assert new.signer_for("box", box.wrapped).public_key == old.signer.public_key
    assert new.signer.public_key != old.signer.public_key


async def environment_of(child_variables: dict[str, str], folder: Path) -> dict[str, str]:
    """What a child of the stack finds in its environment."""
    log = folder / f"{secrets.token_hex(4)}.log"  # a log is appended to
    code = (
        "import os; print('\\n'.join(f'{k}={v}' for k, v in os.environ.items() if '\\n' not in v))"
    )
    child = Child("child", [sys.executable, "-c", code], child_variables, log, folder)
    child.start()
    await child._ended(30)
    await child.stop(1)
    lines = log.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def test_the_secret_of_the_identity_provider_is_the_services(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    known = settings.model_copy(update={"oidc_client_secret": SecretStr("told by the provider")})
    assert "told by the provider" in known.of_service.to_environment().values()
    assert "told by the provider" not in known.of_worker.to_environment().values()


async def test_each_process_finds_only_its_own_keys_whatever_its_parent_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = environment_names(Settings)
    (tmp_path / "data").mkdir()
    settings = settings_of(tmp_path / "data")
    for field in FIELDS.values():
        monkeypatch.setenv(names[field], "ee" * 32)  # the operator's shell
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgresql://owner:secret@h/d")
    given = {
        "worker": settings.of_worker.to_environment(),
        "service": settings.of_service.to_environment(),
        "database": dict[str, str](),
    }
    wanted = {
        "worker": {"box_key", "heads_key", "codec_key", "bids_key"},
        "service": SERVICE_ONLY | {"heads_key", "codec_key", "bids_key"},
        "database": set[str](),
    }
    for process, variables in given.items():
        found = await environment_of(variables, tmp_path)
        there = {field for field in FIELDS.values() if names[field] in found}
        assert there == wanted[process], process
        assert "ee" * 32 not in found.values()
        assert "DATABASE_OWNER_URL" not in found


def test_the_settings_of_the_worker_have_no_field_for_a_key_of_the_service() -> None:
    assert not SERVICE_ONLY & WorkerSettings.model_fields.keys()


def test_the_commands_show_ids_and_rotate(of_before: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    app, run = whole_application(), CliRunner()
    ring = load_ring(of_before)
    listed = run.invoke(app, ["keys", "list", "--data", str(of_before)])
    assert listed.exit_code == 0
    assert ring.ids(Purpose.HEADS)[0] in listed.stdout
    assert ring.heads_key not in listed.stdout
    rotated = run.invoke(app, ["keys", "rotate", "heads", "--data", str(of_before)])
    assert rotated.exit_code == 0, rotated.output
    assert load_ring(of_before).ids(Purpose.HEADS)[1:] == ring.ids(Purpose.HEADS)
