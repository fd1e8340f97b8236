"""Closing a box with the result of an official e-voting system; what was cast here is kept uncounted."""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue
from sqlalchemy import func

from activities.recording import Case, Writer, writes
from activities.voting.after import said_afterwards
from activities.voting.channels import load_proxies
from activities.voting.count import roll_totals, signed_head
from activities.voting.scopes import (
    adopted_so_far,
    locked_boxes,
    motions_of,
    said_opinions,
    standings,
)
from models.messages.acts import ImportOfficialResult
from models.messages.voting import VotePeriod, VoteResult
from models.tables import BallotBox, OfficialResult
from models.values.refusal import Problem, refusal, refuse_if_any
from models.values.states import BoxState
from models.values.voting import ReportedNumbers, SecondVote
from rules import voting as law
from rules.ballots.official import official_problems, official_results
from runtime.ballots.counting import BATCHES_NOT_WHOLE, Count
from runtime.ballots.said import of_boxes
from runtime.ballots.sealing import BoxKeys
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
        """Close the open boxes with the reported numbers; their own ballots stay sealed for good.

        One report has the motions of all boxes; each box takes its own, by its own roll.
        """
        boxes = await _open_boxes(case, period.box_id)
        given = _of_each_box(boxes, act.results)
        problems: list[Problem] = []
        for box, results in zip(boxes, given, strict=True):
            roll = await roll_totals(case.session, box.id)
            problems += official_problems(motions_of(box), results, roll)
        refuse_if_any(problems)
        for box in boxes:
            box.state, box.closed_at = BoxState.CLOSED, case.now
        case.goes_on()
        await case.session.flush()
        said = [
            await _take_over(case, self.recorder.keys, box, act, results)
            for box, results in zip(boxes, given, strict=True)
        ]
        run_off, seconds = _put_again(boxes)
        result = VoteResult(
            box_id=period.box_id,
            adopted=bool(await adopted_so_far(case, boxes)),
            run_off=run_off,
            follow_up=law.terms_of(seconds),
        )
        return Recorded(result, {**of_boxes(said), **said_afterwards(result)})


def _put_again(boxes: Sequence[BallotBox]) -> tuple[bool, list[SecondVote]]:
    """Whether something is put again, and what of it under a lower bar."""
    seconds: list[SecondVote] = []
    run_off = False
    for box in boxes:
        results = standings(box)
        if law.run_off_due({name: each.outcome for name, each in results.items()}):
            run_off = True
            seconds += [each.second for each in results.values() if each.second is not None]
    return run_off, seconds


async def _open_boxes(case: Case, box_id: str) -> Sequence[BallotBox]:
    """The boxes of the vote, locked as the closing locks them; the notice is kept, whoever counts."""
    boxes = await locked_boxes(case, box_id)
    for box in boxes:
        if box.state is not BoxState.OPEN:
            raise refusal("official.box_closed", box=box.id)
        if case.now < box.opens_at:
            raise refusal("official.too_early", box=box.id)
    return boxes


def _of_each_box(
    boxes: Sequence[BallotBox], results: Mapping[str, ReportedNumbers]
) -> list[dict[str, ReportedNumbers]]:
    """The numbers of each box's motions; those of no motion go to the first box, which refuses them."""
    own = [{motion.id for motion in motions_of(box)} for box in boxes]
    own[0] |= results.keys() - set().union(*own)
    return [{name: results[name] for name in results if name in names} for names in own]


async def _take_over(
    case: Case,
    keys: BoxKeys,
    box: BallotBox,
    act: ImportOfficialResult,
    given: Mapping[str, ReportedNumbers],
) -> dict[str, JsonValue]:
    """Decide one box by its numbers, and sign the tree over what was cast in it; what the event says."""
    motions = motions_of(box)
    results = official_results(law.pack_for(case.renovation.rule_pack), motions, given)
    passed = {name for name, each in results.items() if each.outcome == "passed"}
    record: dict[str, JsonValue] = {
        name: each.model_dump(mode="json") for name, each in results.items()
    }
    count = await _uncounted(case, box)
    head = signed_head(box, count, keys)
    box.tally, box.tree_head = record, head
    case.session.add(_row(box, act, record))
    return {
        "box": box.id,
        "adopted": law.adopted(motions, passed),
        "source": "official",
        "system": act.system,
        "certificate": act.certificate,
        "file_sha256": act.file_sha256,
        "motions": dict(record),
        "ballots": {"not_counted": count.tree.size, "missing": count.missing},
        "proxies": await load_proxies(case.session, box.id),
        "tree_head": head,
        **await said_opinions(case, box),
    }


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
