"""Opening a case through the service: one use case for the pages, for programs and for the terminal.

What an opening implies (the calendar, who is missing, what will not fit) is foreseen by the same checks that
the opening makes.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pydantic import JsonValue
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from formats.file_mapping import in_words
from formats.renovation_file.foreseen import Where, file_warnings, officials_of, repealed_law
from formats.renovation_file.reading import check_together
from models.files.renovation import RenovationFile
from models.files.roll import Roll
from models.tables import Account, ApiClient, FirmPerson, Mandate, RoleGrant, UnitOwner
from models.values.actor import Actor, Role
from models.values.refusal import Problem, Refused, problem, refuse_if_any
from models.values.states import Stage
from models.values.timetable import Timetable
from rules.authority import Grant, acting
from rules.granting import FIRM_ROLES
from rules.lacking import lacking
from rules.time.course import Course, Step, course
from rules.voting import pack_in_force
from runtime.calendars import chinese_calendar
from runtime.database import driver_connection
from runtime.record.lacks import load_people
from service.estates.convening import known_estate, load_chain, role_for
from service.estates.renovations import estate_of, open_renovation, running_cases
from service.estates.standing import load_standing_roll
from service.estates.template import TEMPLATES, Setting, file_of
from service.http.problems import spoken
from service.identity.cast import play_cast
from service.identity.invitations import Invited, invite_named
from service.parts import Parts
from service.situation import load_grants
from service.starting.bodies import CastSession, OpenFromTemplate, OpeningAnswer, StepView

OPENS_AT = time(9)
"""At nine in the morning of its first day the vote of a case is announced, as its calendar is shown."""


class Opening(NamedTuple):
    """A case that is to be opened: its file, its roll or that of the estate, and by whom."""

    file: RenovationFile
    roll: Roll | None
    actor: Actor
    where: Where = in_words


class Foreseen(NamedTuple):
    """What an opening implies: the calendar, the roles that nobody holds, and what can still be mended."""

    estate_id: str
    units: int
    rule_pack: str
    course: Course
    missing: tuple[Role, ...]
    others: tuple[Problem, ...]
    """Cases of the estate that run already."""
    warnings: tuple[Problem, ...]


async def foresee(parts: Parts, opening: Opening) -> Foreseen:
    """What the opening implies; nothing is written.

    Raises:
        Refused: as `open_renovation`, as far as what is there now shows it.
    """
    file, zone = opening.file, ZoneInfo(opening.file.timetable.zone)
    estate_id = await estate_of(parts.database, file)
    roll = opening.roll
    if roll is None:
        async with parts.database.session() as session:
            roll = await load_standing_roll(session, estate_id)
    check_together(file, roll, opening.where)
    today = datetime.now(zone).date()
    if file.sandbox is None:
        found = repealed_law(file, today, opening.where)
        refuse_if_any(() if found is None else (found,))
    opens = datetime.combine(file.starts_on, OPENS_AT, zone)
    async with parts.database.session() as session:
        driver = await driver_connection(session)
        people = _together(await load_people(driver, file.place_path, ""), officials_of(file))
        others = await running_cases(session, estate_id)
    lacks = lacking(people, *Stage)
    missing = {role for lack in lacks for role in lack.roles if not people.get(role)}
    return Foreseen(
        estate_id,
        len(roll.units),
        pack_in_force(file.region, file.starts_on).id,
        course(opens, file.ends_on, file.timetable, chinese_calendar()),
        tuple(sorted(missing)),
        others,
        file_warnings(file, people, today, opening.where),
    )


def _together(
    there: Mapping[Role, set[str]], named: Mapping[Role, set[str]]
) -> dict[Role, set[str]]:
    """Who may act at the place already, and whom the file names; firms register, no file makes them."""
    found = {role: set(ids) for role, ids in there.items()}
    for role, ids in named.items():
        if role not in FIRM_ROLES:
            found.setdefault(role, set()).update(ids)
    return found


async def opener_of(parts: Parts, sender_id: str, place_path: str) -> Actor:
    """Whoever asks, in the role of the narrowest place in which they may open a case at this grid.

    Raises:
        Refused: `credential.no_role`.
    """
    return acting(role_for(await load_grants(parts.database, sender_id, ""), place_path))


async def open_case(
    parts: Parts, opening: Opening, command_id: str, language: str, *, preview: bool
) -> OpeningAnswer:
    """Open a case, or in a preview say what it would be; the same command again opens nothing new.

    Raises:
        Refused: as `open_renovation`.
    """
    file = opening.file
    if preview:
        return _answer(await foresee(parts, opening), file, language)
    opened = await open_renovation(
        parts.database,
        parts.client,
        parts.settings,
        command_id=command_id,
        file=file,
        roll=opening.roll,
        actor=opening.actor,
        where=opening.where,
    )
    seen = await foresee(parts, opening)
    return _answer(seen, file, language).model_copy(
        update={
            "renovation_id": opened.renovation_id,
            "warnings": spoken(opened.warnings, language),
            "cast": await _cast(parts, file, opened.renovation_id),
            "invitations": await _invited(parts, file, opening.actor),
        }
    )


def _answer(seen: Foreseen, file: RenovationFile, language: str) -> OpeningAnswer:
    steps = (*seen.course.steps, seen.course.works, *seen.course.after)
    return OpeningAnswer(
        renovation_id="",
        estate_id=seen.estate_id,
        place_path=file.place_path,
        title=file.title,
        rule_pack=seen.rule_pack,
        units=seen.units,
        budget_fen=file.budget_fen,
        calendar=tuple(map(_step, steps)),
        days_for_works=seen.course.days_for_works,
        missing=seen.missing,
        warnings=spoken((*seen.others, *seen.warnings), language),
    )


def _step(step: Step) -> StepView:
    return StepView(**step._asdict())


async def _cast(parts: Parts, file: RenovationFile, renovation_id: str) -> tuple[CastSession, ...]:
    """Whoever leads a training case plays all its people."""
    if file.sandbox is None:
        return ()
    opened = await play_cast(parts.database, parts.settings, renovation_id, file.officials)
    return tuple(
        CastSession(actor_id=actor_id, session=each.token, expires_at=each.expires_at)
        for actor_id, each in sorted(opened.items())
    )


async def _invited(parts: Parts, file: RenovationFile, actor: Actor) -> dict[str, str]:
    """The links of the people to whom this opener, and nobody else, has given a role, and who have no way in."""
    if file.sandbox is not None:
        return {}

    async def work(session: AsyncSession) -> dict[str, str]:
        links = {}
        for each in file.officials:
            if each.role not in FIRM_ROLES and await _is_new(session, each.id, actor.id):
                who = Invited(actor_id=each.id, name=each.label)
                links[each.id] = await invite_named(session, parts.settings, who, actor.id)
        return links

    return await parts.database.transaction(work)


async def _is_new(session: AsyncSession, person: str, giver: str) -> bool:
    """Whether somebody has every role from one giver and no way in: a link of theirs opens nothing of others."""
    account = select(Account.id).where(Account.actor_id == person, Account.only_case.is_(None))
    program = select(ApiClient.id).where(ApiClient.actor_id == person)
    firm = select(FirmPerson.id).where(FirmPerson.person_id == person)
    home = select(UnitOwner.person_id).where(UnitOwner.person_id == person)
    mandate = select(Mandate.id).where(Mandate.agent_id == person)
    known = (each.exists() for each in (account, program, firm, home, mandate))
    if await session.scalar(select(or_(*known))):
        return False
    givers = await session.scalars(
        select(RoleGrant.granted_by).where(
            RoleGrant.actor_id == person, RoleGrant.only_case.is_(None)
        )
    )
    return set(givers) == {giver}


async def opening_by_template(
    parts: Parts, sender_id: str, body: OpenFromTemplate, titled: Callable[[str], str]
) -> Opening:
    """The opening that the answers to a template make. `titled` gives works and motions their titles.

    Raises:
        Refused: `roll.estate_unknown`, `credential.no_role`; what is wrong with the answers, at their fields.
    """
    grants = await load_grants(parts.database, sender_id, "")
    actor, setting = await setting_for(parts, grants, body.estate)
    asked = TEMPLATES[body.template]
    refuse_if_any(
        problem("opening.not_one_of", where=f"costs.{name}", value=name, allowed=", ".join(asked))
        for name in body.costs
        if name not in asked
    )
    answers: dict[str, JsonValue] = {
        "title": body.title,
        "ends_on": body.ends_on.isoformat(),
        "subsidy": body.subsidy_fen,
        "lift_building": body.lift_building or "",
        **body.costs,
    }
    drawn = file_of(answers, setting, titled)
    if drawn.file is None:
        raise Refused(*map(_at_body, drawn.problems))
    return Opening(drawn.file, None, actor)


def _at_body(found: Problem) -> Problem:
    """A problem at the field of the body; `file_of` names those of the form."""
    where = found.where.replace("cost.", "costs.", 1)
    return found.model_copy(update={"where": {"subsidy": "subsidy_fen"}.get(where, where)})


async def setting_for(
    parts: Parts, grants: tuple[Grant, ...], estate_id: str
) -> tuple[Actor, Setting]:
    """Who opens a case of an estate, and where: for one of the places in which somebody may.

    Raises:
        Refused: `roll.estate_unknown`, for an estate of another place too.
    """
    async with parts.database.session() as session:
        estate = await known_estate(session, grants, estate_id)
        places = await load_chain(session, estate.path)
    grant = role_for(grants, estate.path)
    officer = {
        "id": grant.actor_id,
        "label": grant.label,
        "role": grant.role.value,
        "place": grant.place,
    }
    today = datetime.now(ZoneInfo(Timetable().zone)).date()
    return acting(grant), Setting(places, estate.name, (officer,), today, synthetic=False)
