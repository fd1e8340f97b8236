"""The record alone tells what the rows have: a standing that is computed from the events, beside the tables."""

import json

from rules.history.recorded import RecordedEvent
from rules.history.standing import CaseStanding, standing
from tests.support.journey import JourneyDriver

OPENING = "renovation.opened"
ROWS = """
SELECT r.state, r.stage,
  (SELECT max(version) FROM scheme s WHERE s.renovation_id = r.id) AS scheme_version,
  (SELECT c.value_fen FROM contract c WHERE c.renovation_id = r.id ORDER BY c.works_round DESC LIMIT 1)
    AS contract_fen,
  (SELECT count(*) FROM work_item w WHERE w.renovation_id = r.id AND w.state = 'passed') AS items_passed,
  (SELECT count(*) FROM ticket t WHERE t.renovation_id = r.id AND t.state <> 'closed') AS open_complaints,
  (SELECT count(*) FROM objection o JOIN publication p ON p.id = o.publication_id
     WHERE p.renovation_id = r.id AND o.state = 'open') AS open_objections
FROM renovation r WHERE r.id = $1"""


async def assert_the_record_tells_the_rows(j: JourneyDriver) -> CaseStanding:
    """What is computed from the events of a case is what its tables have."""
    rows = await j.db.fetch(
        "SELECT seq, kind, happened_at, recorded_at, actor_id, actor_role, actor_label, actor_place,"
        " on_behalf_of, details, rule_pack, hash FROM event WHERE renovation_id = $1 ORDER BY seq",
        j.rid,
    )
    told = standing(
        RecordedEvent.model_validate({**row, "details": json.loads(row["details"])}) for row in rows
    )
    row = dict(await j.db.fetchrow(ROWS, j.rid))
    if rows[0]["kind"] != OPENING and told.scheme_version is None:
        # The tests' cases have a first scheme and no opening that tells of it.
        assert row.pop("scheme_version") == 1
    other = {
        name: (getattr(told, name), has) for name, has in row.items() if getattr(told, name) != has
    }
    assert not other, f"by the record, and by the rows: {other}"
    return told
