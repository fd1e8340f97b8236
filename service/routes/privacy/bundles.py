"""Evidence of a counted vote: the public bundle, and the full one on request."""

from collections.abc import AsyncIterator

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from models.fields import Id
from models.tables import BundleFile
from service.history.casefile import case_bundle, case_keys
from service.history.kept import load_state
from service.privacy.bodies import AskForBundle, BundleAnswer
from service.privacy.bundles import ask_for_bundle, full_bundle, public_bundle
from service.reading.shaping import EVERYBODY
from service.routes.dependencies import (
    CaseSituation,
    CurrentViewer,
    CurrentVoter,
    MayReadEvidence,
    RunningParts,
)

router = APIRouter(prefix="/v1/renovations/{renovation_id}", tags=["evidence"])


@router.get("/case-bundle", response_class=Response)
async def read_case_bundle(
    renovation_id: Id, situation: CaseSituation, viewer: CurrentViewer, parts: RunningParts
) -> Response:
    """The evidence of the whole case as a zip: its record as you may read it, documents, signed head, verify.py.

    What you may not read is a salted commitment, so that chain and signature hold without it.
    """
    keys, state = case_keys(parts.settings), None
    if viewer == EVERYBODY:
        async with parts.database.session() as session:
            state = await load_state(session, renovation_id)

    async def make() -> bytes:
        return await case_bundle(parts.database, keys, renovation_id, situation.title, viewer)

    bundle = await parts.evidence.of(state, make)
    headers = {"content-disposition": f'attachment; filename="{renovation_id}.case.zip"'}
    return Response(bundle, media_type="application/zip", headers=headers)


@router.get("/bundle", response_class=StreamingResponse)
async def read_public_bundle(
    situation: CaseSituation, parts: RunningParts, box_id: Id | None = None
) -> StreamingResponse:
    """The public bundle of the last counted vote as a zip: result, signed head, tree of commitments, verify.py."""
    return _zip(*await public_bundle(parts.database, situation, box_id))


@router.post("/full-bundle", status_code=202)
async def ask_for_full_bundle(
    situation: CaseSituation, voter: CurrentVoter, command: AskForBundle, parts: RunningParts
) -> BundleAnswer:
    """As an owner of the vote, ask for the bundle with the opened ballots. That you asked is written down."""
    owner = situation.owner(voter.unit_number)
    return await ask_for_bundle(parts.database, situation, owner, command, voter.unit_number)


@router.get("/full-bundle", response_class=StreamingResponse)
async def read_full_bundle(
    situation: CaseSituation, voter: CurrentVoter, parts: RunningParts, box_id: Id | None = None
) -> StreamingResponse:
    """The bundle with the opened ballots, for an owner who has asked for it."""
    owner, unit = situation.owner(voter.unit_number), voter.unit_number
    return _zip(*await full_bundle(parts.database, situation, owner, box_id, unit))


@router.post("/audited-bundle", status_code=202)
async def ask_for_audited_bundle(
    situation: CaseSituation, auditor: MayReadEvidence, command: AskForBundle, parts: RunningParts
) -> BundleAnswer:
    """As the auditor of the place, ask for the bundle with the opened ballots. That you asked is written down."""
    return await ask_for_bundle(parts.database, situation, auditor, command)


@router.get("/audited-bundle", response_class=StreamingResponse)
async def read_audited_bundle(
    situation: CaseSituation,
    auditor: MayReadEvidence,
    parts: RunningParts,
    box_id: Id | None = None,
) -> StreamingResponse:
    """The bundle with the opened ballots, for an auditor who has asked for it."""
    return _zip(*await full_bundle(parts.database, situation, auditor, box_id))


def _zip(file: BundleFile, pieces: AsyncIterator[bytes]) -> StreamingResponse:
    name = f"{file.box_id}.{'evidence' if file.form == 'full' else 'public'}.zip"
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "content-length": str(file.size_bytes),
        "x-manifest-sha256": file.manifest,
        # Who may have the full one is not asked by a cache.
        "cache-control": "no-store" if file.form == "full" else "no-cache",
    }
    return StreamingResponse(pieces, media_type="application/zip", headers=headers)
