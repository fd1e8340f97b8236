"""My work: the cases of somebody's places, what is late, whose turn it is, and what waits for a second person."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from models.messages.acts import (
    AnswerObjection,
    BlockPayments,
    CancelRenovation,
    ConfirmTicket,
    CorrectRenovation,
    ExtendPeriod,
    LiftCorrection,
    OpenVote,
    OrderCorrection,
    ReportCorrected,
    ResolveTicket,
    ResumeRenovation,
    ReviseScheme,
    SuspendRenovation,
    UnblockPayments,
)
from models.values.actor import Role
from models.values.states import ENDING_STATES, RenovationState
from models.values.waits import BLOCKED, CONFIRMING, CORRECTING
from rules.authority import Grant, covers
from rules.disclosure.readers import Circle, roles_in
from rules.four_eyes import ProposalState
from runtime.database import Database, driver_connection
from runtime.record.awaited import AwaitedLine
from runtime.record.cases import CaseFilter, CaseRow, find_cases
from service.identity.bodies import GrantView
from service.identity.grants import list_seen
from service.proposals.bodies import ProposalView
from service.proposals.deciding import list_proposals
from service.situation import Situation, load_situation

CASES = 100
"""Cases of one place on a page; the list goes on with the cursor of the last one."""
ON_COMPLAINTS = frozenset({ResolveTicket.name, ConfirmTicket.name})
ASKED_BY: Mapping[str, str] = {
    OpenVote.name: OpenVote.name,
    ReviseScheme.name: ReviseScheme.name,
    AnswerObjection.name: "answers",
    ReportCorrected.name: CORRECTING,
    LiftCorrection.name: CORRECTING,
    UnblockPayments.name: BLOCKED,
}
"""Acts that come only while the agenda has this word."""
AT_REST = frozenset(
    act.name
    for act in (
        *(ResumeRenovation, CancelRenovation, CorrectRenovation, BlockPayments, UnblockPayments),
        *(OrderCorrection, ReportCorrected, LiftCorrection),
    )
)
"""What comes to a renovation that stands still, beside complaints."""
BEFORE_ITS_END = frozenset(
    act.name
    for act in (
        *(CancelRenovation, CorrectRenovation, SuspendRenovation, ResumeRenovation),
        *(ExtendPeriod, ReviseScheme),
    )
)
"""What no longer comes once only complaints and the end of the money go on."""


class Turn(NamedTuple):
    """Somebody is awaited in a case; `mine` where one of the own roles is."""

    case: CaseRow
    line: AwaitedLine
    mine: bool


class Queued(NamedTuple):
    """A proposal that waits for a second person, and the case that it is about."""

    situation: Situation
    proposal: ProposalView
    own: bool
    """Whoever made it does not confirm it, but in a training case."""


class OfficeWork(NamedTuple):
    """What somebody's places are about now."""

    cases: tuple[CaseRow, ...]
    turns: tuple[Turn, ...]
    queue: tuple[Queued, ...]
    grants: tuple[GrantView, ...]

    @property
    def mine(self) -> tuple[Turn, ...]:
        """What waits for one of the own roles, the latest first."""
        return tuple(each for each in self.turns if each.mine)

    @property
    def late(self) -> tuple[Turn, ...]:
        """Whoever is late, the own roles first."""
        return tuple(each for each in self.turns if each.line.late_since is not None)


async def load_work(
    database: Database, actor_id: str, grants: Sequence[Grant], only_case: str | None
) -> OfficeWork:
    """The work of somebody with these roles; of a player that of the own training case."""
    cases = await _cases(database, grants, only_case)
    turns = sorted(_turns(cases, grants), key=_urgency)
    return OfficeWork(
        cases=cases,
        turns=tuple(turns),
        queue=await _queue(
            database, actor_id, (c for c in cases if reads_proposals(grants, c.place_path))
        ),
        grants=() if only_case else await _waiting_grants(database, actor_id, grants),
    )


def reads_proposals(grants: Iterable[Grant], place_path: str) -> bool:
    """Whether somebody reads what waits for a second person: the officials of the place, no firm and no bank."""
    held = {each.role for each in grants if covers(each.place, place_path)}
    return not held.isdisjoint(roles_in(Circle.OFFICIALS))


def whose_turn(case: CaseRow, grants: Iterable[Grant]) -> tuple[Turn, ...]:
    """Everybody who is awaited in a case, the own roles marked."""
    roles = {each.role for each in grants if covers(each.place, case.place_path)}
    return tuple(Turn(case, line, _is_mine(line, roles)) for line in case.awaited)


def is_offered(act: str, state: str, awaited: Collection[str], *, at_rest: bool) -> bool:
    """Whether the page of a case leads to an act; whether it may come, its workflow decides.

    `awaited`: the words of the agenda of the case.
    """
    if act in ON_COMPLAINTS:
        return True
    if act in ASKED_BY and not any(each.partition(".")[0] == ASKED_BY[act] for each in awaited):
        return False
    if state in ENDING_STATES:
        return act not in BEFORE_ITS_END
    if state != RenovationState.RUNNING:
        return False
    return act in AT_REST if at_rest else act != ResumeRenovation.name


async def _cases(
    database: Database, grants: Sequence[Grant], only_case: str | None
) -> tuple[CaseRow, ...]:
    """The cases below the places of these roles; a place that lies in another one is asked with it."""
    widest = places_of(grants)
    found: dict[str, CaseRow] = {}
    async with database.session() as session:
        driver = await driver_connection(session)
        for path in widest:
            for case in await find_cases(driver, CaseFilter(place=path), CASES):
                found[case.id] = case
    if only_case is not None:
        return tuple(case for case in found.values() if case.id == only_case)
    return tuple(found.values())


def places_of(grants: Iterable[Grant]) -> tuple[str, ...]:
    """The places of these roles; one that lies in another one is looked at with it."""
    paths = {each.place for each in grants if each.place}
    return tuple(p for p in sorted(paths) if not any(covers(o, p) for o in paths - {p}))


def _turns(cases: Iterable[CaseRow], grants: Sequence[Grant]) -> Iterable[Turn]:
    return (turn for case in cases for turn in whose_turn(case, grants))


def _is_mine(line: AwaitedLine, roles: set[Role]) -> bool:
    return not roles.isdisjoint(line.who.split(", "))


def _urgency(turn: Turn) -> tuple[bool, bool, str]:
    """The own ones first, of those the late ones, then by deadline; what has none comes last."""
    moment = turn.line.late_since or turn.line.due_at
    return not turn.mine, turn.line.late_since is None, moment.isoformat() if moment else "~"


async def _queue(database: Database, actor_id: str, cases: Iterable[CaseRow]) -> tuple[Queued, ...]:
    """The open proposals of those cases that wait for a confirmation, the first one first."""
    waiting = [case.id for case in cases if any(line.what == CONFIRMING for line in case.awaited)]
    found: list[Queued] = []
    for renovation_id in waiting:
        found += await open_proposals(database, actor_id, renovation_id)
    return tuple(found)


async def open_proposals(
    database: Database, actor_id: str, renovation_id: str
) -> tuple[Queued, ...]:
    """What of a case waits for a second person."""
    situation = await load_situation(database, renovation_id)
    async with database.session() as session:
        proposals = await list_proposals(session, situation)
    return tuple(
        Queued(situation, each, own=each.proposed_by == actor_id)
        for each in proposals
        if each.state is ProposalState.OPEN
    )


async def _waiting_grants(
    database: Database, actor_id: str, grants: Sequence[Grant]
) -> tuple[GrantView, ...]:
    """The roles at the own places that wait for whoever may give them."""
    found = await list_seen(database, grants) if grants else ()
    return tuple(each for each in found if each.waits and each.person != actor_id)
