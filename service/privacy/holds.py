"""Which personal data there are of which kind, and until when each is kept: the queries behind `rules.retention`.

Each query gives a subject and the moment its period starts; NULL: it has not started, the basis stands.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from rules.retention import KINDS, NAMES, period_of

STARTS: Mapping[str, str] = {
    # Of several cases of an estate, and of several estates, the last one that ends; a newer roll is kept from its import.
    "owner_name": """
        SELECT o.person_id AS subject,
          CASE WHEN bool_or(r.id IS NOT NULL AND r.closed_at IS NULL) THEN NULL
          ELSE greatest(max(coalesce(r.closed_at, e.created_at)), max(i.imported_at)) END AS starts
        FROM private.unit_owner o JOIN unit u ON u.id = o.unit_id JOIN estate e ON e.id = u.estate_id
        LEFT JOIN renovation r ON r.estate_id = e.id
        LEFT JOIN (SELECT estate_id, max(imported_at) AS imported_at FROM roll_import GROUP BY estate_id) i
          ON i.estate_id = e.id
        GROUP BY o.person_id""",
    "agent_name": """
        SELECT m.agent_id AS subject,
          CASE WHEN bool_or(b.closed_at IS NULL) THEN NULL ELSE max(b.closed_at) END AS starts
        FROM mandate m JOIN ballot_box b ON b.id = m.box_id GROUP BY m.agent_id""",
    "official_name": """
        SELECT g.actor_id AS subject,
          CASE WHEN bool_or(g.valid_until IS NULL OR g.valid_until > now()) THEN NULL
          ELSE max(g.valid_until) END AS starts
        FROM role_grant g WHERE g.only_case IS NULL GROUP BY g.actor_id""",
    "firm_person_name": """
        SELECT f.person_id AS subject,
          CASE WHEN bool_or(f.ended_at IS NULL) THEN NULL ELSE max(f.ended_at) END AS starts
        FROM private.firm_person f GROUP BY f.person_id""",
    "firm_contact": """
        SELECT f.id AS subject, max(g.valid_until) AS starts FROM private.firm f
        JOIN role_grant g ON g.actor_id = f.id WHERE f.contact <> '' GROUP BY f.id
        HAVING bool_and(g.valid_until IS NOT NULL AND g.valid_until <= now())""",
    "grant_label": """
        SELECT g.id::text AS subject, g.valid_until AS starts FROM role_grant g
        WHERE g.label <> '' AND g.only_case IS NULL AND g.valid_until <= now()""",
    "account": """
        SELECT a.id AS subject, least(a.closed_at,
          CASE WHEN bool_and(g.valid_until IS NOT NULL AND g.valid_until <= now()) THEN max(g.valid_until) END) AS starts
        FROM private.account a LEFT JOIN role_grant g ON g.actor_id = a.actor_id AND g.only_case IS NULL
        WHERE a.person_id IS NOT NULL AND a.name <> 'closed-' || a.id GROUP BY a.id
        HAVING a.closed_at IS NOT NULL OR bool_and(g.valid_until IS NOT NULL AND g.valid_until <= now())""",
    "contact": """
        SELECT c.id AS subject, c.withdrawn_at AS starts FROM private.contact c
        WHERE c.withdrawn_at IS NOT NULL AND c.address <> ''""",
    "contact_of_case": """
        SELECT c.id AS subject, r.closed_at AS starts FROM private.contact c
        JOIN renovation r ON r.id = c.renovation_id WHERE c.address <> ''""",
    "invitation_name": """
        SELECT i.id AS subject, coalesce(i.used_at, i.expires_at) AS starts FROM private.invitation i
        WHERE i.name <> ''""",
    "session": """
        SELECT s.id AS subject, least(s.ended_at, s.expires_at) AS starts FROM private.session s""",
    "sensitive": """
        SELECT s.id AS subject, r.closed_at AS starts FROM private.sensitive s
        JOIN renovation r ON r.id = s.renovation_id WHERE s.content <> ''""",
    "picture": """
        SELECT p.id AS subject, r.closed_at AS starts FROM private.picture p
        JOIN renovation r ON r.id = p.renovation_id WHERE length(p.content) > 0""",
    "message": """
        SELECT m.id AS subject, r.closed_at AS starts FROM private.notice_message m
        JOIN renovation r ON r.id = m.renovation_id""",
    "erasure_words": """
        SELECT e.id AS subject, e.asked_at AS starts FROM private.erasure e
        WHERE e.reason <> '' OR e.refusal <> ''""",
    "full_bundle": """
        SELECT f.box_id AS subject, f.made_at AS starts FROM private.bundle_file f WHERE f.form = 'full'""",
    "access_log": "SELECT a.id::text AS subject, a.at AS starts FROM private.access a",
    "record": "SELECT r.id AS subject, r.closed_at AS starts FROM renovation r",
}
PIECE = 1_000
IN_CASES: Mapping[str, str] = {
    "record": """
    SELECT r.id, r.closed_at FROM renovation r JOIN role_grant g ON g.actor_id = :person AND g.only_case IS NULL
      JOIN place p ON p.id = g.place_id AND (r.place_path = p.path OR r.place_path LIKE p.path || '/%')
    UNION SELECT r.id, r.closed_at FROM renovation r JOIN unit u ON u.estate_id = r.estate_id
      JOIN private.unit_owner o ON o.unit_id = u.id WHERE o.person_id = :person
    UNION SELECT r.id, r.closed_at FROM renovation r JOIN ballot_box b ON b.renovation_id = r.id
      JOIN mandate m ON m.box_id = b.id WHERE m.agent_id = :person""",
    "picture": """
    SELECT DISTINCT r.id, r.closed_at FROM private.picture p JOIN ticket t ON t.id = p.ticket_id
      JOIN renovation r ON r.id = p.renovation_id
      JOIN unit u ON u.estate_id = r.estate_id AND u.number = t.unit_number
      JOIN private.unit_owner o ON o.unit_id = u.id
    WHERE o.person_id = :person AND length(p.content) > 0""",
}
"""By kind the cases in which something of a person may stand that belongs to no name: by a role, a home, a mandate."""
HOMES_OF = """
    SELECT r.id AS renovation_id, u.number, (
      SELECT min(s.recorded_at) FROM owner_replacement s
      WHERE s.renovation_id = r.id AND s.unit_number = u.number AND s.recorded_at > coalesce(
        (SELECT max(i.imported_at) FROM roll_import i WHERE i.estate_id = r.estate_id), '-infinity')
    ) AS sold_at FROM private.unit_owner o JOIN unit u ON u.id = o.unit_id
    JOIN renovation r ON r.estate_id = u.estate_id WHERE o.person_id = :person AND NOT EXISTS (
      SELECT FROM private.unit_owner w JOIN private.person p ON p.id = w.person_id
      WHERE w.unit_id = u.id AND w.person_id <> :person AND p.restricted_until IS NULL)"""
"""The homes of a person in each case: those that nobody else owns who has not been erased too.

The roll names its owner until the next roll: what came after the first sale since then is of another one.
"""


class Due(NamedTuple):
    """How much of a kind is due, and when the next of it will be."""

    kind: str
    due: int
    next_at: datetime | None


class UnitOfCase(NamedTuple):
    """A unit in a case, and when it was sold by the owner whom the roll names, if it was."""

    renovation_id: str
    unit_number: str
    sold_at: datetime | None


class Hold(NamedTuple):
    """Why something of a person is kept; `until` None: the period has not started."""

    kind: str
    until: datetime | None


async def due_of(session: AsyncSession, kind: str, periods: Mapping[str, int]) -> Due:
    """What of a kind is due now."""
    query = text(
        f"""
        SELECT count(*) FILTER (WHERE starts + CAST(:kept AS interval) <= now()) AS due,
          min(starts + CAST(:kept AS interval)) FILTER (WHERE starts + CAST(:kept AS interval) > now()) AS next_at
        FROM ({_subjects(kind)}) AS held"""  # noqa: S608 - our own queries
    )
    row = (await session.execute(query, {"kept": period_of(kind, periods)})).one()
    return Due(kind, row.due, row.next_at)


async def due_subjects(session: AsyncSession, kind: str, periods: Mapping[str, int]) -> list[str]:
    """Some of what is due of a kind."""
    query = text(
        f"""
        SELECT subject FROM ({_subjects(kind)}) AS held
        WHERE starts + CAST(:kept AS interval) <= now() ORDER BY subject LIMIT {PIECE}"""  # noqa: S608 - our own queries
    )
    rows = await session.scalars(query, {"kept": period_of(kind, periods)})
    return list(rows)


async def holds_of(
    session: AsyncSession, person: str, periods: Mapping[str, int]
) -> tuple[Hold, ...]:
    """Every reason for which the name of a person is kept; none: nobody needs it."""
    found = []
    for kind in NAMES:
        query = text(
            f"SELECT starts + CAST(:kept AS interval) AS until FROM ({STARTS[kind]}) AS held WHERE subject = :person"  # noqa: S608
        )
        rows = await session.execute(query, {"kept": period_of(kind, periods), "person": person})
        found += [Hold(kind, row.until) for row in rows]
    return tuple(found)


async def kept_in_cases(
    session: AsyncSession, person: str, periods: Mapping[str, int]
) -> tuple[Hold, ...]:
    """Until when the cases keep what a person has said and done there; nothing of a kind: no hold."""
    found = []
    for kind, query in IN_CASES.items():
        rows = (await session.execute(text(query), {"person": person})).all()
        closed = [row.closed_at for row in rows if row.closed_at is not None]
        if rows:
            until = max(closed) + period_of(kind, periods) if len(closed) == len(rows) else None
            found.append(Hold(kind, until))
    return tuple(found)


async def homes_of(session: AsyncSession, person: str) -> tuple[UnitOfCase, ...]:
    """The homes of a person in each case, where nobody else's data are those of the home."""
    rows = await session.execute(text(HOMES_OF), {"person": person})
    return tuple(UnitOfCase(*row) for row in rows)


async def nameable(session: AsyncSession, periods: Mapping[str, int]) -> list[str]:
    """Some of the people whose name nothing needs any more: the last of their holds is over.

    Who has no hold at all was invited only, or is one of before: their names go with the invitation.
    """
    parts = " UNION ALL ".join(
        f"SELECT subject, starts + make_interval(days => {periods[kind]}) AS until"  # noqa: S608
        f" FROM ({STARTS[kind]}) AS held_{kind}"
        for kind in NAMES
    )
    query = text(
        f"""
        SELECT p.id FROM private.person p JOIN ({parts}) AS held ON held.subject = p.id
        WHERE p.sealed IS NOT NULL OR p.name IS NOT NULL
        GROUP BY p.id HAVING bool_and(held.until IS NOT NULL AND held.until <= now())
        ORDER BY p.id LIMIT {PIECE}"""  # noqa: S608 - our own queries
    )
    return list(await session.scalars(query))


def _subjects(kind: str) -> str:
    """Of names only those that are still there."""
    if kind not in NAMES:
        return STARTS[kind]
    return (
        f"SELECT held.* FROM ({STARTS[kind]}) AS held JOIN private.person p ON p.id = held.subject"  # noqa: S608
        " WHERE p.sealed IS NOT NULL OR p.name IS NOT NULL"
    )


def known_kinds() -> Collection[str]:
    """The kinds that have a query."""
    return STARTS.keys() & {each.kind for each in KINDS}
