"""The officials whom the file of a renovation names: given their roles, or written down to wait."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from formats.renovation_file.foreseen import Where
from models.files.renovation import Official, RenovationFile
from models.tables import RoleGrant
from models.values.actor import FIRM, Actor, Role
from models.values.refusal import Problem, problem, refusal
from rules.granting import FIRM_ROLES, MAY_GIVE
from runtime.privacy.keys import PersonKeys
from service.identity.grants import give_from_file


@dataclass(frozen=True, kw_only=True)
class Cast:
    """The people of one opening: the file's, who opens it, and under which command."""

    file: RenovationFile
    renovation_id: str
    told: bool
    opener: Actor
    key: str
    where: Where
    people: PersonKeys


async def grant_roles(session: AsyncSession, case: Cast, now: datetime) -> tuple[Problem, ...]:
    """The roles of the file's officials; what waits for somebody above is told.

    The people of a told case live inside that case only. In a real one the opener gives what is theirs
    to give; a grant that exists stays as it is. Of firms the file makes none: they register.

    Raises:
        Refused: `granting.reserved` for an id that only a firm has.
    """
    for each in case.file.officials:
        if each.id.startswith(FIRM):
            raise refusal("granting.reserved", where=case.where(("officials",)), person=each.id)
    if case.told:
        session.add_all(_granted(case, each, now) for each in case.file.officials)
        return ()
    firms = [each for each in case.file.officials if each.role in FIRM_ROLES]
    people = [each for each in case.file.officials if each.role not in FIRM_ROLES]
    rows = [(_granted(case, each, None), case.file.path_of(each.place)) for each in people]
    waiting = await give_from_file(session, case.people, case.opener, case.key, rows)
    at = case.where(("officials",))
    told = [problem("opening.firm_registers", where=at, firm=f.id, role=f.role) for f in firms]
    return (
        *told,
        *(
            problem(
                "opening.grant_waits",
                where=case.where(("officials",)),
                person=row.actor_id,
                role=row.role,
                by=_givers(Role(row.role)),
            )
            for row in waiting
        ),
    )


def _givers(role: Role) -> str:
    giving = MAY_GIVE.get(role)
    return ", ".join(sorted(giving.by)) if giving is not None else "-"


def _granted(case: Cast, official: Official, valid_from: datetime | None) -> RoleGrant:
    return RoleGrant(
        actor_id=official.id,
        label=official.label,
        role=official.role.value,
        place_id=case.file.path_of(official.place).rpartition("/")[2],
        only_case=case.renovation_id if case.told else None,
        valid_from=valid_from,
        granted_by=case.opener.id if case.told else "",
        reason=case.file.title,
    )
