"""Closing a box with the result of an official e-voting system; what was cast here is kept uncounted."""

from pydantic import JsonValue
from sqlalchemy import func

from activities.recording import Case, Writer, writes
from activities.voting.box import motions_of
from activities.voting.channels import load_proxies
from activities.voting.count import roll_totals, signed_head
from models.messages.acts import ImportOfficialResult
from models.messages.voting import VotePeriod, VoteResult
from models.tables import BallotBox, OfficialResult
from models.values.refusal import refusal, refuse_if_any
from models.values.states import BoxState
from rules import voting as law
from rules.ballots.official import official_problems, official_results
from runtime.ballots.counting import BATCHES_NOT_WHOLE, Count
from runtime.database import driver_connection
from runtime.record.journal import Recorded

LEAVES = "SELECT leaf FROM ballot WHERE box_id = $1 ORDER BY seq"
AT_ONCE = 10_000


class OfficialResults(Writer):
    """Writes results that were counted elsewhere."""

    @writes("OfficialResults.import_one", event="voting.box_closed", into=VoteResult, bulk=True)
    async def import_one(
        self, case: Case, period: VotePeriod, act: ImportOfficialResult
    ) -> Recorded[VoteResult]:
        """Close the open box with the reported numbers; its own ballots stay sealed for good."""
        box = await _open_box(case, period.box_id)
        motions = motions_of(box)
        refuse_if_any(
            official_problems(motions, act.results, await roll_totals(case.session, box.id))
        )
        box.state, box.closed_at = BoxState.CLOSED, case.now
        case.goes_on()
        await case.session.flush()
        pack = law.pack_for(case.renovation.rule_pack)
        results = official_results(pack, motions, act.results)
        passed = {name for name, each in results.items() if each.outcome == "passed"}
        adopted = law.adopted(motions, passed)
        record: dict[str, JsonValue] = {
            name: each.model_dump(mode="json") for name, each in results.items()
        }
        count = await _uncounted(case, box)
        head = signed_head(box, count, self.recorder.keys)
        box.tally, box.tree_head = record, head
        case.session.add(_row(box, act, record))
        return Recorded(
            VoteResult(box_id=box.id, adopted=adopted),
            {
                "box": box.id,
                "adopted": adopted,
                "source": "official",
                "system": act.system,
                "certificate": act.certificate,
                "file_sha256": act.file_sha256,
                "motions": dict(record),
                "ballots": {"not_counted": count.tree.size, "missing": count.missing},
                "proxies": await load_proxies(case.session, box.id),
                "tree_head": head,
            },
        )


async def _open_box(case: Case, box_id: str) -> BallotBox:
    """The box, locked as the closing locks it; the notice is kept, whoever counts."""
    box = await case.session.get(BallotBox, box_id, with_for_update=True)
    if box is None:
        raise refusal("voting.box_unknown", where=box_id)
    if box.state is not BoxState.OPEN:
        raise refusal("official.box_closed", box=box.id)
    if case.now < box.opens_at:
        raise refusal("official.too_early", box=box.id)
    return box


async def _uncounted(case: Case, box: BallotBox) -> Count:
    """The tree over the ballots that were cast here: each voter's receipt still leads to it."""
    connection = await driver_connection(case.session)
    count = Count()
    cursor = await connection.cursor(LEAVES, box.id)
    while rows := await cursor.fetch(AT_ONCE):
        count.tree.extend(row[0] for row in rows)
    count.missing = await connection.fetchval(BATCHES_NOT_WHOLE, box.id)
    return count


def _row(box: BallotBox, act: ImportOfficialResult, record: dict[str, JsonValue]) -> OfficialResult:
    return OfficialResult(
        box_id=box.id,
        system=act.system,
        certificate=act.certificate,
        file_sha256=act.file_sha256,
        results=record,
        command_id=act.command_id,
        recorded_at=func.clock_timestamp(),
    )
