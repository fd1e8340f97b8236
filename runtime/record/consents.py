"""The owners who have not consented yet to works that occupy part of their own units (E9)."""

import asyncpg

from models.values.base import Carried

PART_CONSENT = "part_consent"
"""The word of the agenda for a consent that is awaited."""
OCCUPIED = """
WITH latest AS (SELECT content FROM scheme WHERE renovation_id = $1 ORDER BY version DESC LIMIT 1)
SELECT w.work ->> 'id' AS work_id, u.number AS unit_number,
       coalesce((SELECT p.given FROM part_consent p WHERE p.renovation_id = $1
                 AND p.work_id = w.work ->> 'id' AND p.unit_number = u.number
                 ORDER BY p.number DESC LIMIT 1), false) AS consented
FROM latest
CROSS JOIN jsonb_array_elements(content -> 'works') WITH ORDINALITY AS w(work, place)
CROSS JOIN jsonb_array_elements_text(coalesce(w.work -> 'occupies', '[]')) AS u(number)
ORDER BY w.place, u.number
"""


class OccupiedPart(Carried):
    """A work of the latest scheme, and a unit of which it takes part."""

    work_id: str
    unit_number: str

    @property
    def subject(self) -> str:
        """How the agenda names it; the column has no more room."""
        return f"{self.work_id} {self.unit_number}"[:64]


async def load_occupied(
    connection: asyncpg.Connection, renovation_id: str
) -> dict[OccupiedPart, bool]:
    """Every part that a work occupies, and whether its owner has consented; in the scheme's order."""
    rows = await connection.fetch(OCCUPIED, renovation_id)
    return {
        OccupiedPart(work_id=row["work_id"], unit_number=row["unit_number"]): row["consented"]
        for row in rows
    }


async def load_missing_consents(
    connection: asyncpg.Connection, renovation_id: str
) -> tuple[OccupiedPart, ...]:
    """The parts of which the consent is still missing."""
    found = await load_occupied(connection, renovation_id)
    return tuple(part for part, consented in found.items() if not consented)
