"""The evidence of a case that was damaged on its way, or made up: a sentence, never what Python says of itself."""

import io
import json
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from proof.casefile.checking import FORMAT, CaseFault, check, main, read_zip, tree_root
from runtime.ballots.sealing import Signer
from service.history.casefile import OF_BUNDLE

SIGNER = Signer.of(bytes(range(32)), OF_BUNDLE)
MANIFEST = {
    "format": FORMAT,
    "events": 0,
    "root": tree_root([]).hex(),
    "files": {"events.jsonl": sha256(b"").hexdigest()},
    "head_keys": [],
    "renovation_id": "r1",
    "title": "\x1b[2J屋面",
    "reader": "public",
}


def bundle(manifest: object = MANIFEST, **files: bytes) -> dict[str, bytes]:
    """A bundle without events, signed by somebody."""
    listed = json.dumps(manifest).encode()
    signature = {"key": SIGNER.public_key, "signature": SIGNER.sign(listed).hex()}
    own = {"manifest.json": listed, "signature.json": json.dumps(signature).encode()}
    return {"events.jsonl": b"", **own, **files}


def packed(path: Path, files: dict[str, bytes]) -> str:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return str(path)


@pytest.mark.parametrize(
    "files",
    [
        {},
        bundle(["x"]),
        bundle(None),
        bundle(MANIFEST | {"files": ["events.jsonl"]}),
        bundle(MANIFEST | {"head_keys": 5}, **{"head.txt": b"x"}),
        bundle(MANIFEST | {"root": None}),
        bundle({"format": FORMAT}),
        {**bundle(), "manifest.json": b"[" * 100_000},
        {**bundle(), "signature.json": b"\xff"},
        {**bundle(), "signature.json": json.dumps({"key": 5, "signature": "00"}).encode()},
    ],
    ids=range(10),
)
def test_what_no_office_has_made_is_a_fault(files: dict[str, bytes]) -> None:
    with pytest.raises(CaseFault):
        check(files)


@pytest.mark.parametrize(
    "event", [b"5", b"[]", b'{"seq":1}', b'{"seq":1,"prev_hash":"","shown":[],"hidden":[]}']
)
def test_a_line_that_is_no_event_is_a_fault(event: bytes) -> None:
    listed = MANIFEST | {"files": {"events.jsonl": sha256(event).hexdigest()}}
    with pytest.raises(CaseFault):
        check({**bundle(listed), "events.jsonl": event})


def test_a_title_moves_no_cursor_and_a_checker_that_is_missing_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = packed(tmp_path / "case.zip", bundle())
    assert main([path]) == 0
    assert "\x1b" not in (said := capsys.readouterr().out)
    assert "\\u001b[2J屋面" in said
    result = CliRunner().invoke(app, ["verify", path, "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["verify_py_known"] is False


def test_an_archive_that_was_damaged_on_its_way_is_told_as_damaged(tmp_path: Path) -> None:
    words = b" ".join(sha256(bytes([n])).hexdigest().encode() for n in range(99))
    path = tmp_path / "bundle.zip"
    packed(path, bundle(**{"events.jsonl": words}))
    data = bytearray(path.read_bytes())
    at = data.index(b"events.jsonl") + 52
    data[at : at + 40] = bytes(40)
    path.write_bytes(data)
    result = CliRunner().invoke(app, ["verify", str(path)])
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert "cannot be read" in result.output


def test_a_password_and_another_packing_are_faults(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("manifest.json", b"{}")
    (tmp_path / "a.zip").write_bytes(file.getvalue())
    with pytest.raises(CaseFault, match="packed in a way"):
        read_zip(str(tmp_path / "a.zip"))
    locked = bytearray(Path(packed(tmp_path / "b.zip", bundle())).read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(mark) + place] |= 1
    (tmp_path / "b.zip").write_bytes(locked)
    with pytest.raises(CaseFault, match="cannot be read"):
        read_zip(str(tmp_path / "b.zip"))


@pytest.mark.parametrize("packing", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_damaged_file_of_another_packing_is_told_and_no_trace_of_python(
    tmp_path: Path, packing: int
) -> None:
    path = tmp_path / "bundle.zip"
    with zipfile.ZipFile(path, "w", packing) as archive:
        archive.writestr("manifest.json", b" ".join(sha256(bytes([n])).digest() for n in range(99)))
    data = bytearray(path.read_bytes())
    for at in range(60, 1500):
        data[at] ^= 0x5A
    path.write_bytes(data)
    result = CliRunner().invoke(app, ["verify", str(path)])
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert "is packed in an unknown way" in result.output
