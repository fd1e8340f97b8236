"""The proof of the demo's vote: the bundle is written, and its own verify.py recomputes everything."""

import asyncio
import json
import sys
import tempfile
import zipfile
from pathlib import Path

from models.values.base import Value
from runtime.ballots.evidence import export_voting
from runtime.ballots.sealing import Signer
from runtime.database import Database

PATIENCE_S = 600


class VoteProof(Value):
    """What the bundle's verify.py said, run as a stranger would run it."""

    ballots: int
    root: str
    """Root of the Merkle tree over the ballots, hex."""
    verified: bool


async def prove_vote(database: Database, renovation_id: str, signer: Signer) -> VoteProof:
    """Write the bundle of the last counted vote and check it with nothing but the standard library."""
    with tempfile.TemporaryDirectory(prefix="gongjian-proof-") as directory:
        bundle = Path(directory) / "vote.zip"
        async with database.engine.connect() as pooled:
            raw = await pooled.get_raw_connection()
            done = await export_voting(raw.driver_connection, renovation_id, bundle, signer)
        with zipfile.ZipFile(bundle) as archive:
            head = json.loads(archive.read("head.json"))
            script = Path(archive.extract("verify.py", directory))
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            str(script),
            str(bundle),
            "--key",
            signer.public_key,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        code = await asyncio.wait_for(process.wait(), PATIENCE_S)
    return VoteProof(ballots=done.ballots, root=str(head["root"]), verified=code == 0)
