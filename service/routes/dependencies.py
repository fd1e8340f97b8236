"""What routes ask the framework for: the running parts, a renovation as it stands, and who is asking.

Who is asking comes from the bearer credential of the request. Each kind of credential is a security
scheme, so that the OpenAPI document says which one a route wants.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from sqlalchemy.ext.asyncio import AsyncSession

from models.fields import UNREADABLE, Id
from models.values.actor import Actor, Role
from models.values.refusal import refusal
from rules.authority import ROLES_OF_WRITE, Grant
from rules.disclosure import ReaderKind
from runtime.language.moments import CHINESE
from runtime.privacy.access import note_access
from service.access.sold import sold_at
from service.access.tickets import Shown, Voter
from service.access.units import refuse_replaced
from service.http.callers import came_from
from service.http.problems import wanted_language
from service.identity.browser import COOKIE, refuse_foreign_page, refuse_forged_form
from service.identity.senders import bearer_token, sender_of, signed_in
from service.identity.sessions import SignedIn
from service.parts import Parts
from service.programs.doors import Door, door_of
from service.programs.visits import Visit, load_visit
from service.reading.shaping import EVERYBODY, Viewer, viewer_under
from service.situation import Situation, load_grants, load_situation


async def running_parts(request: Request) -> Parts:
    """The parts that the composition root has put on the application."""
    parts: Parts = request.app.state.parts
    return parts


RunningParts = Annotated[Parts, Depends(running_parts)]


async def language_in_request(request: Request) -> str:
    """The language that the request asks for, as the catalogues name it; Chinese where it asks for none."""
    asked = request.headers.get("accept-language")
    return wanted_language(asked) if asked else CHINESE


SpokenLanguage = Annotated[str, Depends(language_in_request)]
TICKETS = ("v1.", "v2.")
"""So begin the credentials of a unit."""


async def situation_in_path(renovation_id: Id, parts: RunningParts) -> Situation:
    """The renovation that the path names, as it stands.

    Raises:
        Refused: `renovation.unknown`.
    """
    return await load_situation(parts.database, renovation_id)


CaseSituation = Annotated[Situation, Depends(situation_in_path)]


class CredentialScheme(SecurityBase):
    """The Authorization header as it is; whoever reads it tells apart a missing and a wrong one."""

    def __init__(
        self, name: str, description: str, written: str = "<kind>.<what it says>.<mac>"
    ) -> None:
        self.model = HTTPBearer(bearerFormat=written, description=description)
        self.scheme_name = name

    async def __call__(self, request: Request) -> str | None:
        """The header, None where there is none."""
        return request.headers.get("authorization")


VOTER = CredentialScheme("voter", "A ticket of a unit in one renovation; signing in gives it.")
OFFICIAL = CredentialScheme(
    "official",
    "The session of a person who has signed in (a browser sends it as a cookie), or the key of a program"
    " (c1.<random>), for the doors of its scopes. Roles are on record.",
    "s1.<random>",
)
PORTAL = CredentialScheme(
    "portal",
    "What a city's portal signs for a citizen's unit in one case (RFC 7523), used once: `iss`, `sub`,"
    " `aud`, `iat`, `exp` within five minutes, `jti`, `renovation_id`, `unit_number`.",
    "JWT",
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
    async with parts.database.reading() as reading:
        await refuse_replaced(reading, voter)
    return voter


async def token_in_request(
    request: Request,
    parts: RunningParts,
    credential: Annotated[str | None, Security(OFFICIAL)],
) -> str:
    """The token of a person's session, from the Authorization header or from the browser's cookie.

    Raises:
        Refused: `credential.missing`, `credential.wrong`; of a cookie `credential.foreign_page`,
            `credential.form_token`.
    """
    cookie = request.cookies.get(COOKIE)
    if credential is None and cookie:
        refuse_forged_form(request.method, request.headers, parts.settings.address, cookie)
        return cookie
    return bearer_token(credential)


CurrentToken = Annotated[str, Depends(token_in_request)]


async def door_in_request(request: Request) -> Door:
    """The door at which a request stands, as scopes name it."""
    return door_of(request.scope["route"])


CurrentDoor = Annotated[Door, Depends(door_in_request)]


async def session_in_request(
    request: Request, parts: RunningParts, token: CurrentToken, door: CurrentDoor
) -> SignedIn:
    """The session that was sent.

    Raises:
        Refused: `credential.wrong`, `credential.ended`, `credential.expired`, `credential.other_case`;
            of a program's key `credential.key_…`.
    """
    renovation_id = request.path_params.get("renovation_id")
    return await signed_in(parts.database, token, renovation_id, door)


CurrentSession = Annotated[SignedIn, Depends(session_in_request)]


async def person_in_request(session: CurrentSession) -> str:
    """The id of the person who is signed in, where a request is about no renovation.

    Raises:
        Refused: `credential.other_case` for a player of a told case; as `session_in_request` says.
    """
    if session.only_case is not None:
        raise refusal("credential.other_case")
    return session.actor_id


CurrentPerson = Annotated[str, Depends(person_in_request)]


async def administrator_in_page(
    request: Request, parts: RunningParts, credential: Annotated[str | None, Security(OFFICIAL)]
) -> str:
    """The administrator who is signed in. The engine's UI knows no form token, and nothing is changed here.

    Raises:
        Refused: `credential.…`; `engine.administrators` for everybody else.
    """
    cookie = request.cookies.get(COOKIE)
    if credential is None and cookie:
        refuse_foreign_page(request.headers, parts.settings.address)
        token = cookie
    else:
        token = bearer_token(credential)
    session = await signed_in(parts.database, token, None)
    grants = await load_grants(parts.database, session.actor_id, "")
    if session.only_case is not None or Role.ADMINISTRATOR not in {each.role for each in grants}:
        raise refusal("engine.administrators")
    return session.actor_id


CurrentAdministrator = Annotated[str, Depends(administrator_in_page)]


async def official_in_header(
    request: Request, parts: RunningParts, token: CurrentToken, door: CurrentDoor
) -> str:
    """The id of the actor who sent a request; the roles are not looked at.

    Raises:
        Refused: as `session_in_request` says.
    """
    renovation_id = request.path_params.get("renovation_id", "")
    return await sender_of(parts.database, token, renovation_id, door)


async def agent_in_header(
    renovation_id: Id, parts: RunningParts, credential: Annotated[str | None, Security(AGENT)]
) -> Shown:
    """What the ticket says that was sent: its holder is a mandate.

    Raises:
        Refused: `credential.missing`, `credential.wrong`, `credential.expired`.
    """
    return parts.tickets.agent(renovation_id, credential)


async def either_in_header(
    request: Request,
    parts: RunningParts,
    voter: Annotated[str | None, Security(VOTER)],
    official: Annotated[str | None, Security(OFFICIAL)],
) -> str | None:
    """The header where a unit's credential will do as well as an actor's; the body says which."""
    cookie = request.cookies.get(COOKIE)
    if voter is None and cookie:
        return f"Bearer {await token_in_request(request, parts, None)}"
    return voter or official


async def visit_in_header(
    renovation_id: Id, parts: RunningParts, credential: Annotated[str | None, Security(PORTAL)]
) -> Visit:
    """The unit for which a portal vouches, and the portal that has signed, in its role in this place.

    Raises:
        Refused: `credential.missing`; as `load_visit` says.
    """
    found = await load_visit(parts, renovation_id, bearer_token(credential))
    came_from("portal")
    return found


CurrentVisit = Annotated[Visit, Depends(visit_in_header)]
CurrentVoter = Annotated[Voter, Depends(voter_in_header)]
CurrentOfficial = Annotated[str, Depends(official_in_header)]
CurrentAgent = Annotated[Shown, Depends(agent_in_header)]
VoterOrOfficial = Annotated[str | None, Depends(either_in_header)]


async def home_viewer(parts: Parts, situation: Situation, unit_number: str) -> Viewer:
    """Whoever reads as the home of a unit, and since when it is theirs where it was sold."""
    async with parts.database.session() as session:
        since = await sold_at(session, situation.id, unit_number)
    return Viewer(ReaderKind.OWNER, situation.owner(unit_number).id, unit_number, since=since)


async def viewer_in_request(
    situation: CaseSituation,
    request: Request,
    parts: RunningParts,
    door: CurrentDoor,
    voter: Annotated[str | None, Security(VOTER)],
    official: Annotated[str | None, Security(OFFICIAL)],
) -> Viewer:
    """Who asks for what everybody may read, each in their own width; without a credential it is everybody.

    A credential that is not good (any more) is refused here as at every other door: whoever reads as an
    official is told when that has ended, and does not take the public's record for the whole one.

    Raises:
        Refused: as `voter_in_header` and `official_in_header` say, but `credential.missing`.
    """
    credential = await either_in_header(request, parts, voter, official)
    if credential is None:
        return EVERYBODY
    token = bearer_token(credential)
    if token.startswith(TICKETS):
        unit = await voter_in_header(situation.id, parts, credential)
        return await home_viewer(parts, situation, unit.unit_number)
    sender = await sender_of(parts.database, token, situation.id, door)
    grants = await load_grants(parts.database, sender, situation.id)
    return viewer_under(grants, situation.place_path)


CurrentReader = Annotated[Viewer, Depends(viewer_in_request)]


async def noted_viewer(
    situation: CaseSituation, viewer: CurrentReader, request: Request, parts: RunningParts
) -> Viewer:
    """The same where most of what is read is not for everybody: then it is written down who reads."""
    if viewer.reader not in {ReaderKind.PUBLIC, ReaderKind.OWNER}:
        # Who reads as everybody does is nobody's business.
        grants = await load_grants(parts.database, viewer.sender, situation.id)
        await note_reading(parts, situation.in_role(grants), request)
    return viewer


CurrentViewer = Annotated[Viewer, Depends(noted_viewer)]


async def roles_in_request(
    request: Request,
    parts: RunningParts,
    door: CurrentDoor,
    official: Annotated[str | None, Security(OFFICIAL)],
) -> tuple[Grant, ...]:
    """The roles of whoever asks for a list that everybody may read; none without a credential.

    A unit's ticket is of one case, and says nothing of a list of cases.

    Raises:
        Refused: as `person_in_request` says, but `credential.missing`.
    """
    if official is None and not request.cookies.get(COOKIE):
        return ()
    token = await token_in_request(request, parts, official)
    if token.startswith(TICKETS):
        return ()
    person = await person_in_request(await signed_in(parts.database, token, None, door))
    return await load_grants(parts.database, person, "")


CurrentRoles = Annotated[tuple[Grant, ...], Depends(roles_in_request)]


async def note_reading(parts: Parts, reader: Actor, request: Request, subject: str = "") -> None:
    """Write down who reads what is not for everybody, before it is read."""
    named = dict(request.path_params)
    renovation_id = named.pop("renovation_id", None)
    # The path was not looked at yet: what stands in no text is not written down.
    about = UNREADABLE.sub("", subject or next(iter(named.values()), ""))
    door = f"{request.method} {getattr(request.scope['route'], 'path', '')}"

    async def work(session: AsyncSession) -> None:
        await note_access(session, reader, door, renovation_id=renovation_id, subject=about)

    await parts.database.transaction(work)


def _in_role(*roles: Role) -> Callable[..., Awaitable[Actor]]:
    async def actor(
        situation: CaseSituation,
        actor_id: CurrentOfficial,
        parts: RunningParts,
        request: Request,
    ) -> Actor:
        """The sender, in one of the roles in this place; refused with `credential.no_role`.

        What officials read is not for everybody: it is written down.
        """
        found = situation.in_role(await load_grants(parts.database, actor_id, situation.id), *roles)
        if request.method == "GET":
            await note_reading(parts, found, request)
        return found

    return actor


def who_may(write: str) -> Callable[..., Awaitable[Actor]]:
    """The dependency of a write of `rules.authority`: the sender in a role that may do it in the case."""
    return _in_role(*sorted(ROLES_OF_WRITE[write].roles))


CurrentContractor = Annotated[Actor, Depends(_in_role(Role.CONTRACTOR))]
CurrentPaymentProvider = Annotated[Actor, Depends(_in_role(Role.PAYMENT_PROVIDER))]
MayRuleOnBallots = Annotated[Actor, Depends(who_may("rule_on_ballots"))]
MayEnterPaper = Annotated[Actor, Depends(who_may("enter_paper"))]
MayRegisterMandates = Annotated[Actor, Depends(who_may("register_mandate"))]
MayConfirm = Annotated[Actor, Depends(who_may("confirm_proposal"))]
MayWithdraw = Annotated[Actor, Depends(who_may("withdraw_proposal"))]
MayRecordVisits = Annotated[Actor, Depends(who_may("record_visits"))]
MayRecordAttendance = Annotated[Actor, Depends(who_may("record_attendance"))]
MayReplaceOwners = Annotated[Actor, Depends(who_may("replace_owner"))]
MayReceiveCash = Annotated[Actor, Depends(who_may("receive_cash"))]
MayAssignSums = Annotated[Actor, Depends(who_may("assign_sum"))]
MayIssueLetters = Annotated[Actor, Depends(who_may("issue_letters"))]
MayHandLetters = Annotated[Actor, Depends(who_may("hand_letter"))]
MayRemind = Annotated[Actor, Depends(who_may("remind"))]
MayFollowNotices = Annotated[Actor, Depends(who_may("follow_notices"))]
MayPublishPictures = Annotated[Actor, Depends(who_may("publish_picture"))]
MayReadEvidence = Annotated[Actor, Depends(who_may("read_evidence"))]
MayErasePeople = Annotated[Actor, Depends(who_may("erase_person"))]
MayReadSensitive = Annotated[Actor, Depends(who_may("read_sensitive"))]
MayReadAccess = Annotated[Actor, Depends(who_may("read_access"))]
MayMoveClock = Annotated[Actor, Depends(who_may("move_clock"))]
