"""What routes ask the framework for: the running parts, a renovation as it stands, and who is asking.

Who is asking comes from the bearer credential of the request. Each kind of credential is a security
scheme, so that the OpenAPI document says which one a route wants.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from models.fields import Id
from models.values.actor import Actor, Role
from rules.authority import ROLES_OF_WRITE
from service.access.tickets import Shown, Voter
from service.access.units import refuse_replaced
from service.http.credentials import read_actor
from service.parts import Parts
from service.situation import Situation, load_grants, load_situation


async def running_parts(request: Request) -> Parts:
    """The parts that the composition root has put on the application."""
    parts: Parts = request.app.state.parts
    return parts


RunningParts = Annotated[Parts, Depends(running_parts)]


async def situation_in_path(renovation_id: Id, parts: RunningParts) -> Situation:
    """The renovation that the path names, as it stands.

    Raises:
        Refused: `renovation.unknown`.
    """
    return await load_situation(parts.database, renovation_id)


CaseSituation = Annotated[Situation, Depends(situation_in_path)]


class CredentialScheme(SecurityBase):
    """The Authorization header as it is; whoever reads it tells apart a missing and a wrong one."""

    def __init__(self, name: str, description: str) -> None:
        self.model = HTTPBearer(bearerFormat="<kind>.<what it says>.<mac>", description=description)
        self.scheme_name = name

    async def __call__(self, request: Request) -> str | None:
        """The header, None where there is none."""
        return request.headers.get("authorization")


VOTER = CredentialScheme("voter", "A ticket of a unit in one renovation; signing in gives it.")
OFFICIAL = CredentialScheme(
    "official", "Of an official, a contractor or a system; its roles are on the record."
)
AGENT = CredentialScheme(
    "agent", "A ticket of a mandate; signing in with the agent's link gives it."
)


async def voter_in_header(
    renovation_id: Id, parts: RunningParts, credential: Annotated[str | None, Security(VOTER)]
) -> Voter:
    """The unit whose ticket was sent, if nobody has replaced it.

    Raises:
        Refused: `credential.missing`, `credential.wrong`, `credential.expired`, `credential.replaced`.
    """
    voter = parts.tickets.voter(renovation_id, credential)
    async with parts.database.session() as session:
        await refuse_replaced(session, voter)
    return voter


async def official_in_header(
    parts: RunningParts, credential: Annotated[str | None, Security(OFFICIAL)]
) -> str:
    """The id of the actor whose credential was sent; the roles are not looked at.

    Raises:
        Refused: `credential.missing`, `credential.wrong`.
    """
    return read_actor(parts.settings.credential_key, credential)


async def agent_in_header(
    renovation_id: Id, parts: RunningParts, credential: Annotated[str | None, Security(AGENT)]
) -> Shown:
    """What the ticket says that was sent: its holder is a mandate.

    Raises:
        Refused: `credential.missing`, `credential.wrong`, `credential.expired`.
    """
    return parts.tickets.agent(renovation_id, credential)


async def either_in_header(
    voter: Annotated[str | None, Security(VOTER)],
    official: Annotated[str | None, Security(OFFICIAL)],
) -> str | None:
    """The header where a unit's credential will do as well as an actor's; the body says which."""
    return voter or official


CurrentVoter = Annotated[Voter, Depends(voter_in_header)]
CurrentOfficial = Annotated[str, Depends(official_in_header)]
CurrentAgent = Annotated[Shown, Depends(agent_in_header)]
VoterOrOfficial = Annotated[str | None, Depends(either_in_header)]


def _in_role(*roles: Role) -> Callable[..., Awaitable[Actor]]:
    async def actor(
        situation: CaseSituation, actor_id: CurrentOfficial, parts: RunningParts
    ) -> Actor:
        """The sender, in one of the roles in this place; refused with `credential.no_role`."""
        return situation.in_role(await load_grants(parts.database, actor_id), *roles)

    return actor


def _who_may(write: str) -> Callable[..., Awaitable[Actor]]:
    return _in_role(*sorted(ROLES_OF_WRITE[write].roles))


CurrentContractor = Annotated[Actor, Depends(_in_role(Role.CONTRACTOR))]
CurrentPaymentProvider = Annotated[Actor, Depends(_in_role(Role.PAYMENT_PROVIDER))]
MayRuleOnBallots = Annotated[Actor, Depends(_who_may("rule_on_ballots"))]
MayEnterPaper = Annotated[Actor, Depends(_who_may("enter_paper"))]
MayRegisterMandates = Annotated[Actor, Depends(_who_may("register_mandate"))]
MayRecordVisits = Annotated[Actor, Depends(_who_may("record_visits"))]
MayRecordAttendance = Annotated[Actor, Depends(_who_may("record_attendance"))]
MayCastForPortal = Annotated[Actor, Depends(_who_may("cast_for_portal"))]
MayReplaceOwners = Annotated[Actor, Depends(_who_may("replace_owner"))]
MayIssueLetters = Annotated[Actor, Depends(_who_may("issue_letters"))]
MayHandLetters = Annotated[Actor, Depends(_who_may("hand_letter"))]
MayRemind = Annotated[Actor, Depends(_who_may("remind"))]
MayMoveClock = Annotated[Actor, Depends(_who_may("move_clock"))]
