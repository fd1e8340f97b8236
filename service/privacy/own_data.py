"""Everything that is kept about a person, or about a household in a case, as a zip with JSON inside (PIPL art. 45)."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from runtime.database import Database
from runtime.privacy.access import access_to
from runtime.privacy.keys import PersonKeys, names_of
from runtime.settings import Settings
from service.access.sold import sold_at
from service.access.tickets import Voter
from service.notices.contacts import list_contacts
from service.privacy.sensitive import list_sensitive
from service.residents.household import load_household
from service.situation import Situation

NO_FILES: Mapping[str, bytes] = {}
OF_PERSON: Mapping[str, str] = {
    "accounts": """SELECT id, actor_id, only_case, name, issuer, subject, created_at, closed_at
        FROM private.account WHERE actor_id = :who""",
    "passkeys": """SELECT k.id, k.label, k.created_at, k.last_used_at FROM private.passkey k
        JOIN private.account a ON a.id = k.account_id WHERE a.actor_id = :who""",
    "sessions": """SELECT s.way, s.created_at, s.expires_at, s.ended_at FROM private.session s
        JOIN private.account a ON a.id = s.account_id WHERE a.actor_id = :who""",
    "invitations": """SELECT name, only_case, invited_by, created_at, expires_at, used_at
        FROM private.invitation WHERE actor_id = :who""",
    "roles": """SELECT label, role, place_id, only_case, valid_from, valid_until, granted_by, reason, end_reason
        FROM role_grant WHERE actor_id = :who""",
    "firms": """SELECT f.name, p.added_by, p.added_at, p.ended_at FROM private.firm_person p
        JOIN private.firm f ON f.id = p.firm_id WHERE p.person_id = :who""",
    "programs": """SELECT id, scopes, made_by, created_at, revoked_at FROM private.api_client
        WHERE actor_id = :who""",
    "units_owned": """SELECT e.name AS estate, u.number FROM private.unit_owner o JOIN unit u ON u.id = o.unit_id
        JOIN estate e ON e.id = u.estate_id WHERE o.person_id = :who""",
    "saved_views": """SELECT name, wanted, saved_at FROM private.saved_view
        WHERE actor_id = :who""",
    "mandates": """SELECT unit_number, motions, valid_from, valid_until, registered_by, registered_at
        FROM mandate WHERE agent_id = :who""",
    "acts": """SELECT renovation_id, seq, kind, actor_role, actor_label, happened_at FROM event
        WHERE actor_id = :who ORDER BY recorded_at""",
    "erasures": """SELECT asked_by, reason, asked_at, confirmed_by, done_at, outcome FROM private.erasure
        WHERE person_id = :who""",
}
"""What the tables have of a person, by its name in the file."""
OF_HOUSEHOLD: Mapping[str, str] = {
    "letters": """SELECT kind, made_at, handed_by, expires_at, entered_at, ended_at FROM letter
        WHERE renovation_id = :case AND unit_number = :unit AND (made_at > :since OR id = (
          SELECT id FROM letter WHERE renovation_id = :case AND unit_number = :unit AND kind = 'buyer'
          ORDER BY made_at DESC LIMIT 1))""",
    "ballots": """SELECT b.box_id, b.channel, b.cast_at, b.recorded_at, encode(b.leaf, 'hex') AS leaf FROM ballot b
        JOIN ballot_box x ON x.id = b.box_id WHERE x.renovation_id = :case AND b.unit_number = :unit
        AND b.recorded_at > :since""",
    "opinions": """SELECT o.choices, o.said_at FROM vote_opinion o JOIN ballot_box x ON x.id = o.box_id
        WHERE x.renovation_id = :case AND o.unit_number = :unit AND o.recorded_at > :since""",
    "door_visits": """SELECT v.outcome, v.visited_by, v.recorded_at FROM door_visit v
        JOIN ballot_box x ON x.id = v.box_id WHERE x.renovation_id = :case AND v.unit_number = :unit AND v.recorded_at > :since""",
    "attendance": """SELECT a.box_id, a.recorded_at FROM attendance a JOIN ballot_box x ON x.id = a.box_id
        WHERE x.renovation_id = :case AND a.unit_number = :unit AND a.recorded_at > :since""",
    "part_consents": """SELECT work_id, given, consented_at FROM part_consent
        WHERE renovation_id = :case AND unit_number = :unit AND recorded_at > :since""",
    "survey_answers": """SELECT score, recorded_at FROM survey_answer
        WHERE renovation_id = :case AND unit_number = :unit AND recorded_at > :since""",
    "payments": """SELECT p.amount_fen, p.source, p.received_at FROM payment p
        LEFT JOIN event e ON e.renovation_id = p.renovation_id AND e.command_id = p.command_id
        WHERE p.renovation_id = :case AND p.unit_number = :unit
        AND coalesce(e.recorded_at, 'infinity') > :since""",
    "messages": """SELECT channel, state, attempts, created_at, changed_at FROM private.notice_message
        WHERE renovation_id = :case AND unit_number = :unit AND created_at > :since""",
    "pictures": """SELECT p.id, p.ticket_id, p.received_at, p.sha256, b.published_at FROM private.picture p
        JOIN ticket t ON t.id = p.ticket_id LEFT JOIN published_picture b ON b.picture_id = p.id
        WHERE p.renovation_id = :case AND t.unit_number = :unit AND length(p.content) > 0
        AND p.recorded_at > :since ORDER BY p.received_at""",
}
PICTURES = text(
    """SELECT p.id, p.content FROM private.picture p JOIN ticket t ON t.id = p.ticket_id
    WHERE p.renovation_id = :case AND t.unit_number = :unit AND length(p.content) > 0
    AND p.recorded_at > :since ORDER BY p.id"""
)
"""What the tables have of a household in a case since it has its owner; its reliefs are in the view of the home."""
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
"""Since when a home has its owner, where it was not sold."""


async def data_of_person(database: Database, settings: Settings, person: str) -> bytes:
    """The zip of a person; secrets and their hashes are not in it."""
    contacts = await list_contacts(database, settings, voter=None, actor_id=person)
    async with database.session() as session:
        names = await names_of(session, PersonKeys.of(settings), [person], shown=False)
        found = {
            "person": person,
            "name": names.get(person, ""),
            "contacts": [each.model_dump(mode="json") for each in contacts],
            **await _all(session, OF_PERSON, who=person),
            "readings": [
                each.model_dump(mode="json") for each in await access_to(session, [person])
            ],
        }
    return _zip(found)


async def data_of_household(
    database: Database, settings: Settings, situation: Situation, voter: Voter
) -> bytes:
    """The zip of a household in a case, as the ticket of its unit opens it; nothing of an owner before."""
    case, unit = voter.renovation_id, voter.unit_number
    contacts = await list_contacts(database, settings, voter=voter, actor_id="")
    sensitive = await list_sensitive(database, settings, case, unit)
    async with database.session() as session:
        since = await sold_at(session, case, unit) or ALWAYS
        household = await load_household(session, situation, unit)
        found = {
            "renovation": case,
            "unit_number": unit,
            "household": household.model_dump(mode="json"),
            "contacts": [each.model_dump(mode="json") for each in contacts],
            "sensitive": [each.model_dump(mode="json") for each in sensitive],
            **await _all(session, OF_HOUSEHOLD, case=case, unit=unit, since=since),
        }
        rows = await session.execute(PICTURES, {"case": case, "unit": unit, "since": since})
        pictures = {f"pictures/{name}.jpg": content for name, content in rows}
    return _zip(found, pictures)


async def _all(
    session: AsyncSession, queries: Mapping[str, str], **given: str | datetime
) -> dict[str, Sequence[dict[str, object]]]:
    found: dict[str, Sequence[dict[str, object]]] = {}
    for name, query in queries.items():
        rows: Sequence[RowMapping] = (await session.execute(text(query), given)).mappings().all()
        found[name] = [dict(row) for row in rows]
    return found


def _zip(found: Mapping[str, object], files: Mapping[str, bytes] = NO_FILES) -> bytes:
    written = json.dumps(found, ensure_ascii=False, indent=2, default=str, sort_keys=True)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("own-data.json", written + "\n")
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()
