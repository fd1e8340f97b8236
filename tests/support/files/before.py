"""A database of before the ticks (revision 0006), as the code of then wrote it: `tests/runtime/before`."""

import gzip
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from pydantic import JsonValue, SecretStr

from models.values.base import Carried
from proof.bundle import contents as bundle
from proof.bundle.judging import judge
from proof.verifier.main import check, read_bundle
from proof.verifier.reading import Files
from runtime.ballots.evidence import export_voting
from runtime.ballots.sealing import Signer
from runtime.database import Database
from runtime.record.audit import AuditReport, audit
from runtime.settings import Settings
from service.app import create_app
from tests.conftest import TestPostgres
from tests.support.box import BOX_KEYS
from tests.support.channels import KEY

FILE = Path(__file__).parents[2] / "runtime" / "before" / "database-0006.json.gz"
REVISION = "0006"
GONE = "case_closes_at"
HERE = "/v1/renovations"
RECEIPT_KEY = "1e" * 32
RECEIPTS = Signer.of_receipts(SecretStr(RECEIPT_KEY)).public_key
"""The keys of the file are those of the other tests."""
MICROSECOND = timedelta(microseconds=1)
SEQUENCES = """
SELECT pg_get_serial_sequence(quote_ident(table_name), column_name) AS name, table_name, column_name
FROM information_schema.columns
WHERE table_schema = 'public' AND is_identity = 'YES'
"""


class CaseOfBefore(Carried):
    """One case of the file; `receipts` are those that the service of then gave, `voted` their units."""

    renovation: str
    receipts: tuple[dict[str, JsonValue], ...] = ()
    voted: tuple[str, ...] = ()

    @property
    def box(self) -> str:
        return f"{self.renovation}.1"


class Rows(Carried):
    """The rows of a table, in the text format of COPY."""

    columns: tuple[str, ...]
    rows: tuple[str, ...]


class DatabaseOfBefore(Carried):
    """The whole file: every table that had rows, and which case is which."""

    commit: str
    revision: str
    cases: dict[str, CaseOfBefore]
    tables: dict[str, Rows]


@cache
def before() -> DatabaseOfBefore:
    return DatabaseOfBefore.model_validate_json(gzip.decompress(FILE.read_bytes()))


def row_of_then(rid: str) -> dict[str, str]:
    """The renovation's row in the file."""
    table = before().tables["renovation"]
    rows = [dict(zip(table.columns, row.split("\t"), strict=True)) for row in table.rows]
    return next(row for row in rows if row["id"] == rid)


async def load(superuser: str) -> None:
    """Put the rows into a database of this revision, as they were; nothing of ours looks at them."""
    connection = await asyncpg.connect(superuser)
    try:
        await connection.execute("SET session_replication_role = replica")
        for name, table in before().tables.items():
            rows = io.BytesIO("".join(f"{row}\n" for row in table.rows).encode())
            await connection.copy_to_table(name, source=rows, columns=table.columns)
        for row in await connection.fetch(SEQUENCES):
            last = f"(SELECT max({row['column_name']}) FROM {row['table_name']})"
            await connection.execute(f"SELECT setval('{row['name']}', {last})")
    finally:
        await connection.close()


async def as_then(connection: asyncpg.Connection) -> dict[str, set[str]]:
    """The rows of each table of then, without the columns that came later and the one that went."""
    found: dict[str, set[str]] = {}
    for name, table in before().tables.items():
        kept = ", ".join(column for column in table.columns if column != GONE)
        rows = await connection.fetch(f"SELECT row({kept})::text FROM {name}")
        found[name] = {row[0] for row in rows}
    return found


def image_of(clock: str, real: datetime) -> datetime:
    """What a real moment was in a sandbox of then, by the definition; itself in any other case."""
    said = json.loads(clock)
    if not said:
        return real
    passed = Fraction((real - datetime.fromisoformat(said["real_origin"])) // MICROSECOND)
    after = passed * Fraction(said["rate"])
    return datetime.fromisoformat(said["case_origin"]) + after.__floor__() * MICROSECOND


Copy = Callable[[], Awaitable[str]]


@dataclass(frozen=True)
class Place:
    """One database: the ways in, and its address for the role that migrates."""

    database: Database
    admin: asyncpg.Connection
    """The owner of the schema."""
    owner: str

    async def value(self, sql: str, *given: object) -> object:
        return await self.admin.fetchval(sql, *given)

    async def audit(self) -> AuditReport:
        return await audit(self.database, None, RECEIPTS)

    @asynccontextmanager
    async def http(self) -> AsyncIterator[httpx.AsyncClient]:
        """The service on this database; no Temporal answers."""
        settings = Settings(
            database_url=self.database.url,
            credential_key=KEY,
            receipt_key=RECEIPT_KEY,
            gateway_key="5c" * 32,
            temporal_address="127.0.0.1:9",
            update_timeout_s=1,
        )
        made = create_app(settings)
        api = made.api
        async with (
            api.router.lifespan_context(api),
            httpx.AsyncClient(
                transport=httpx.ASGITransport(made), base_url="http://test"
            ) as client,
        ):
            yield client


@asynccontextmanager
async def opened(postgres: TestPostgres, name: str) -> AsyncIterator[Place]:
    owner = postgres.at(postgres.urls.owner, name)
    database = Database(postgres.at(postgres.urls.app, name))
    admin = await asyncpg.connect(owner)
    try:
        yield Place(database, admin, owner)
    finally:
        await admin.close()
        await database.dispose()


async def proven(
    place: Place, case: CaseOfBefore, folder: Path, receipt: str = ""
) -> dict[str, Any]:
    """What both checkers find in the bundle of a case, and its own script as a program."""
    out = folder / "vote.zip"
    await export_voting(place.admin, case.renovation, out, BOX_KEYS.signer)
    found = check(str(out), BOX_KEYS.signer.public_key)
    with Files(str(out)) as files:
        assert judge(files, read_bundle(files)).outcomes == found["outcomes"]
    with zipfile.ZipFile(out) as packed:
        assert json.loads(packed.read(bundle.MANIFEST))["format"] == bundle.FORMATS[1]
        script = folder / bundle.VERIFY
        script.write_bytes(packed.read(bundle.VERIFY))
    words = [sys.executable, "-I", str(script), str(out)]
    if receipt:
        kept = folder / "receipt.json"
        kept.write_text(receipt)
        words += ["--receipt", str(kept)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(found)
