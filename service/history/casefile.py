"""The evidence of a whole case, made for a reader: what that one may not read is a commitment."""

import asyncio
import hashlib
import io
import zipfile
from collections.abc import AsyncIterator, Collection, Sequence
from typing import NamedTuple

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import BallotBox, BundleFile, Event, Publication, Scheme
from models.values.refusal import Refused, refusal
from proof.canonical import canonical_json
from proof.casefile import (
    FORMAT,
    README,
    ProvedEvent,
    event_line,
    named_fields,
    root_hex,
    standalone_case,
)
from rules.disclosure import Disclosed, may_read
from rules.disclosure.events import may_count_bids
from rules.disclosure.readers import ReaderKind
from runtime.anchors.making import load_anchored
from runtime.ballots.bundle_zip import BundleWriter
from runtime.ballots.bundles import PUBLIC, pieces_of
from runtime.ballots.sealing import Signer
from runtime.database import Database
from runtime.keys.values import derived, every, newest
from runtime.privacy.nameless import nameless_of
from runtime.record.feed import held_after
from runtime.record.heads import PURPOSE, head_of, note_of
from runtime.rows.hashed import hashed_fields
from runtime.settings import WorkerSettings
from service.reading.shaping import Viewer, event_for
from service.showing import shown
from service.views import EventView

OF_BUNDLE, OF_SALTS = b"gongjian/case-evidence", b"gongjian/case-evidence/salts"
EVENTS_AT_A_TIME = 100
SALT = frozenset({"salt"})
SHAPED = ("actor_id", "actor_label", "on_behalf_of")
"""What of an event is shaped for its reader, beside the details."""


class CaseKeys(NamedTuple):
    """What signs the evidence of a case, makes its salts, and by which the heads are known."""

    signer: Signer
    salts: bytes
    heads: tuple[str, ...]


def case_keys(settings: WorkerSettings) -> CaseKeys:
    """Those of the key of the heads.

    Raises:
        Refused: `anchor.no_key`.
    """
    if settings.heads_key is None:
        raise refusal("anchor.no_key")
    key = newest(settings.heads_key)
    heads = tuple(Signer.of(each, PURPOSE).public_key for each in every(settings.heads_key))
    return CaseKeys(Signer.of(key, OF_BUNDLE), derived(key, OF_SALTS), heads)


async def case_bundle(
    database: Database, keys: CaseKeys, renovation_id: str, title: str, viewer: Viewer
) -> bytes:
    """The bundle of a case as a zip.

    While a tender is open it ends with its notice, as the record does, for whoever may not count the bids.
    """
    async with database.session() as session:
        counts = may_count_bids(viewer.reader)
        held = None if counts else await held_after(session, renovation_id)
        query = select(Event).where(Event.renovation_id == renovation_id).order_by(Event.seq)
        if held is not None:
            query = query.where(Event.seq <= held)
        events = (await session.scalars(query)).all()
        nameless = await nameless_of(session, (each.actor_id for each in events))
        documents = [each async for each in _documents(session, renovation_id, viewer.reader)]
        anchor = await _anchor(session, renovation_id, events[-1].seq if events else 0)
        boxes = await _bundled(session, renovation_id)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        writer = BundleWriter(archive)
        leaves = []
        with writer.file("events.jsonl") as write:
            for place, event in enumerate(events):
                if place % EVENTS_AT_A_TIME == 0:
                    await asyncio.sleep(0)  # others are answered meanwhile
                line, leaf = event_line(keys.salts, proved(event, viewer, nameless))
                leaves.append(leaf)
                write(line + b"\n")
        for name, data in (*documents, *anchor, *_head(events)):
            writer.put(name, data)
        for box in boxes:
            with writer.file(f"documents/voting-{box}.zip") as write:
                async for piece in pieces_of(database, box, PUBLIC):
                    write(piece)
        writer.put("README.txt", README.encode())
        writer.put("verify.py", standalone_case())
        _sign(writer, keys, renovation_id, title, viewer.reader, len(events), root_hex(leaves))
    return buffer.getvalue()


def proved(event: Event, viewer: Viewer, nameless: Collection[str]) -> ProvedEvent:
    """An event with the names of what its reader may not read."""
    view = shown(EventView, event)
    shaped = event_for(viewer, view, nameless)
    fields = named_fields(hashed_fields(event))
    inside = shaped.details if isinstance(shaped.details, dict) else {}
    hidden = {name for name in SHAPED if getattr(view, name) != getattr(shaped, name)}
    # A detail that is redacted in part is hidden as a whole: its commitment has one value.
    hidden |= {
        f"details.{name}" for name, value in event.details.items() if inside.get(name) != value
    }
    if hidden:
        # With it, what is hidden could be tried out against the hash.
        hidden |= fields.keys() & SALT
    return ProvedEvent(event.seq, event.prev_hash, event.hash, fields, frozenset(hidden))


def _sign(
    writer: BundleWriter,
    keys: CaseKeys,
    renovation_id: str,
    title: str,
    reader: ReaderKind,
    events: int,
    root: str,
) -> None:
    files: dict[str, JsonValue] = {**writer.hashes}
    manifest = canonical_json(
        {
            "format": FORMAT,
            "renovation_id": renovation_id,
            "title": title,
            "reader": reader.value,
            "events": events,
            "root": root,
            "head_keys": [*keys.heads],
            "files": files,
        }
    )
    writer.put("manifest.json", manifest)
    signature = {
        "key": keys.signer.public_key,
        "signature": keys.signer.sign(manifest).hex(),
        "manifest_sha256": hashlib.sha256(manifest).hexdigest(),
    }
    writer.put("signature.json", canonical_json(signature))


def _head(events: Sequence[Event]) -> list[tuple[str, bytes]]:
    """The signed head of the record, where its last event has one."""
    if not events or events[-1].head_signature is None:
        return []
    last = events[-1]
    head = head_of(last.renovation_id, last.seq, last.hash)
    return [("head.txt", note_of(head, events[-1].head_signature))]


async def _anchor(session: AsyncSession, renovation_id: str, until: int) -> list[tuple[str, bytes]]:
    try:
        found = await load_anchored(session, renovation_id, until)
    except Refused:
        return []
    return [("anchor.json", canonical_json(found.model_dump(mode="json")))]


async def _documents(
    session: AsyncSession, renovation_id: str, reader: ReaderKind
) -> AsyncIterator[tuple[str, bytes]]:
    """Schemes and publications, as far as the reader may read them."""
    if may_read("scheme.content", reader) is Disclosed.YES:
        for scheme in await session.scalars(
            select(Scheme).where(Scheme.renovation_id == renovation_id).order_by(Scheme.version)
        ):
            said: dict[str, JsonValue] = {
                "title": scheme.title,
                "budget_fen": scheme.budget_fen,
                "content": scheme.content,
            }
            yield f"documents/scheme-{scheme.version}.json", canonical_json(said)
    if may_read("publication.content", reader) is Disclosed.YES:
        for each in await session.scalars(
            select(Publication)
            .where(Publication.renovation_id == renovation_id)
            .order_by(Publication.id)
        ):
            told: dict[str, JsonValue] = {"subject": each.subject, "content": each.content}
            told["outcome"] = None if each.outcome is None else each.outcome.value
            yield f"documents/publication-{each.id}.json", canonical_json(told)


async def _bundled(session: AsyncSession, renovation_id: str) -> Sequence[str]:
    """The boxes whose public bundle is made."""
    found = await session.scalars(
        select(BallotBox.id)
        .join(BundleFile, BundleFile.box_id == BallotBox.id)
        .where(
            BallotBox.renovation_id == renovation_id,
            BundleFile.form == PUBLIC,
            BundleFile.made_at.is_not(None),
        )
        .order_by(BallotBox.id)
    )
    return found.all()
