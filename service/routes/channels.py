"""The channels beside the web: what officials, agents and a city's portal do in an open vote."""

from fastapi import APIRouter, Response

from models.fields import Id
from proof.canonical import utc_text
from runtime.privacy.keys import PersonKeys
from service.ballots.receipts import IssuedReceipt
from service.bodies import Accepted, BallotReceipt, CastBallot
from service.channels import (
    agents,
    attendance,
    count_sheets,
    mandates,
    paper,
    portal,
    replacements,
    rounds,
    rulings,
)
from service.channels.agents import AgentView
from service.channels.bodies import (
    CastProxyBallot,
    EnterPaper,
    PaperEntered,
    RecordAttendance,
    RecordVisits,
    RegisterMandate,
    Remind,
    ReplaceOwner,
    RevokeMandate,
    RevokeOwnMandate,
    RuleOnBallots,
)
from service.channels.count_sheets import CountSheet
from service.channels.open_box import load_entry, read_running_box, running_box
from service.channels.register import MandateView, list_register
from service.channels.rounds import VisitView
from service.channels.rulings import ContestedView
from service.http.paging import Paged
from service.proposing import ProposalMade
from service.routes.dependencies import (
    CaseSituation,
    CurrentAgent,
    CurrentVisit,
    CurrentVoter,
    MayEnterPaper,
    MayRecordAttendance,
    MayRecordVisits,
    MayRegisterMandates,
    MayRemind,
    MayReplaceOwners,
    MayRuleOnBallots,
    RunningParts,
)

router = APIRouter(prefix="/v1/renovations/{renovation_id}", tags=["channels"])

BoxNamed = Id | None
"""Which box of the running vote; it may be left out where the vote has one."""
SENT_AGAIN: dict[int | str, dict[str, object]] = {
    200: {"model": BallotReceipt, "description": "The same ballot again: its receipt."}
}


@router.post("/rulings", status_code=201)
async def rule_on_ballots(
    situation: CaseSituation, actor: MayRuleOnBallots, command: RuleOnBallots, parts: RunningParts
) -> Accepted:
    """Dispute the ballots of a unit, accept one by its code, or set all aside; no choice is seen."""
    return await rulings.record_ruling(parts, situation, actor, command)


@router.get("/contested")
async def list_contested(
    situation: CaseSituation,
    _actor: MayRuleOnBallots,
    parts: RunningParts,
    page: Paged,
    box_id: BoxNamed = None,
) -> tuple[ContestedView, ...]:
    """The units whose ballots wait for a ruling, with the channels they came in by."""
    found = await read_running_box(parts.database, situation, rulings.contested_units, box_id)
    return page.cut(found, lambda each: (each.unit_numbers[0],))


@router.post("/paper", status_code=201)
async def enter_paper(
    situation: CaseSituation, actor: MayEnterPaper, command: EnterPaper, parts: RunningParts
) -> PaperEntered:
    """Type a batch of paper ballots; the second typing, by somebody else, casts what agrees."""
    return await paper.enter_paper(parts, situation, actor, command)


@router.get("/paper")
async def list_paper(
    situation: CaseSituation,
    _actor: MayEnterPaper,
    parts: RunningParts,
    page: Paged,
    box_id: BoxNamed = None,
) -> tuple[CountSheet, ...]:
    """The count sheet of every batch: ballots, invalid ones, what differs, what is cast."""
    sheets = count_sheets.list_count_sheets
    found = await read_running_box(parts.database, situation, sheets, box_id)
    return page.cut(found, lambda each: (each.reference, each.batch_id))


@router.post("/mandates", status_code=202)
async def register_mandate(
    situation: CaseSituation,
    actor: MayRegisterMandates,
    command: RegisterMandate,
    parts: RunningParts,
) -> ProposalMade:
    """Propose an owner's mandate for an agent; it counts when a second person has confirmed it."""
    return await mandates.register_mandate(parts, situation, actor, command)


@router.post("/mandates/{mandate_id}/revocation", status_code=201)
async def revoke_mandate(
    situation: CaseSituation,
    mandate_id: Id,
    actor: MayRegisterMandates,
    command: RevokeMandate,
    parts: RunningParts,
) -> Accepted:
    """Take a mandate back; it stays in the register."""
    return await mandates.revoke_mandate(parts, situation, actor, mandate_id, command)


@router.post("/mandates/revocation", status_code=201)
async def revoke_own_mandate(
    situation: CaseSituation, voter: CurrentVoter, command: RevokeOwnMandate, parts: RunningParts
) -> Accepted:
    """The owner's own word: the mandate is taken back, with nobody's confirmation."""
    return await mandates.revoke_own_mandate(parts, situation, voter.unit_number, command)


@router.get("/mandates")
async def list_mandates(
    situation: CaseSituation,
    _actor: MayRegisterMandates,
    parts: RunningParts,
    page: Paged,
    box_id: BoxNamed = None,
) -> tuple[MandateView, ...]:
    """The register of the running vote with its history; no names, no instructions."""
    found = await read_running_box(parts.database, situation, list_register, box_id)
    return page.cut(found, lambda each: (utc_text(each.registered_at), each.id))


@router.get("/mandates/agents")
async def list_agents(
    situation: CaseSituation,
    voter: CurrentVoter,
    parts: RunningParts,
    page: Paged,
    box_id: BoxNamed = None,
) -> tuple[AgentView, ...]:
    """For which rooms which agent votes, for owners who vote in the same box."""
    async with parts.database.session() as session:
        box = await running_box(session, situation, box_id)
        await load_entry(session, box, voter.unit_number)
        found = await agents.list_agents(session, box, PersonKeys.of(parts.settings))
    return page.cut(found, lambda each: (each.unit_numbers[0], each.agent_id, *each.motions[:3]))


@router.post("/proxy-ballots", status_code=201, response_model=BallotReceipt, responses=SENT_AGAIN)
async def cast_proxy_ballot(
    agent: CurrentAgent,
    situation: CaseSituation,
    command: CastProxyBallot,
    parts: RunningParts,
) -> Response:
    """An agent's ballot, with a ticket of the mandate: 201 with a receipt, 200 for the same."""
    return _receipt(*await mandates.cast_by_agent(parts, situation, agent, command))


@router.post("/portal-ballots", status_code=201, response_model=BallotReceipt, responses=SENT_AGAIN)
async def cast_portal_ballot(
    visit: CurrentVisit, ballot: CastBallot, parts: RunningParts
) -> Response:
    """A ballot with a portal's assertion for its unit: 201 with a receipt, 200 for the same."""
    return _receipt(*await portal.cast_by_portal(parts, visit, ballot))


@router.post("/door-visits", status_code=201)
async def record_door_visits(
    situation: CaseSituation, actor: MayRecordVisits, command: RecordVisits, parts: RunningParts
) -> Accepted:
    """What a grid worker found at the doors; never a choice."""
    return await rounds.record_visits(parts, situation, actor, command)


@router.get("/door-visits")
async def list_door_visits(
    situation: CaseSituation,
    _actor: MayRecordVisits,
    parts: RunningParts,
    page: Paged,
    box_id: BoxNamed = None,
) -> tuple[VisitView, ...]:
    """The last visit at each door of the running vote."""
    found = await read_running_box(parts.database, situation, rounds.list_last_visits, box_id)
    return page.cut(found, lambda each: (each.unit_number,))


@router.post("/attendance", status_code=201)
async def record_attendance(
    situation: CaseSituation,
    actor: MayRecordAttendance,
    command: RecordAttendance,
    parts: RunningParts,
) -> Accepted:
    """The signed list of who came to the meeting; whoever hands in a ballot has come anyway."""
    return await attendance.record_attendance(parts, situation, actor, command)


@router.post("/replacements", status_code=202)
async def replace_an_owner(
    situation: CaseSituation, actor: MayReplaceOwners, command: ReplaceOwner, parts: RunningParts
) -> ProposalMade:
    """A unit was sold before the close: it is logged when a second person has confirmed it."""
    return await replacements.replace_unit_owner(parts, situation, actor, command)


@router.post("/reminders", status_code=201)
async def remind_non_voters(
    situation: CaseSituation, actor: MayRemind, command: Remind, parts: RunningParts
) -> Accepted:
    """Remind those who have not taken part, and nobody else."""
    return await rounds.remind_non_voters(parts, situation, actor, command)


@router.get("/non-voters")
async def list_non_voters(
    situation: CaseSituation,
    _actor: MayRemind,
    parts: RunningParts,
    page: Paged,
    box_id: BoxNamed = None,
) -> tuple[str, ...]:
    """The units that have not taken part by any way, for those who go round."""
    found = await read_running_box(parts.database, situation, rounds.list_non_voters, box_id)
    return page.cut(found, lambda each: (each,))


def _receipt(receipt: IssuedReceipt, fresh: bool) -> Response:
    status = 201 if fresh else 200
    return Response(receipt.json(), status_code=status, media_type="application/json")
