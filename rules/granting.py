"""Who may give whom a role: one above, over that place, and never to oneself.

Who elects and who engages is law; that somebody above must put it on record here, and who that is
where no text says it, is a proposal of this project, marked [D].
"""

from collections.abc import Collection, Sequence

from models.values.actor import Actor, Role
from models.values.base import Carried
from models.values.refusal import Refused, refusal
from rules.authority import Grant, acting, covers
from rules.duties import Duty, refuse_same_person


class Giving(Carried):
    """Who may give a role, and by which provision."""

    by: frozenset[Role]
    article: str


def _by(article: str, *roles: Role) -> Giving:
    return Giving(by=frozenset(roles), article=article)


_GOVERNMENT = (Role.STREET_OFFICE, Role.DISTRICT_BUREAU)
_CLIENT = (Role.OWNERS_COMMITTEE, *_GOVERNMENT)

MAY_GIVE: dict[Role, Giving] = {
    Role.ADMINISTRATOR: _by("[D] whoever keeps the installation", Role.ADMINISTRATOR),
    Role.DISTRICT_BUREAU: _by("[D] the first office of a district", Role.ADMINISTRATOR),
    Role.CITY_PORTAL: _by("[D] a system of the city", Role.ADMINISTRATOR, Role.DISTRICT_BUREAU),
    Role.AUDITOR: _by("[D] the district has its cases looked at", Role.DISTRICT_BUREAU),
    Role.STREET_OFFICE: _by("[D] an office of the district", Role.DISTRICT_BUREAU),
    Role.RESIDENTS_COMMITTEE: _by(
        "Urban Residents' Committees Law art. 2 (the street office guides it); otherwise [D]",
        *_GOVERNMENT,
    ),
    Role.OWNERS_COMMITTEE: _by(
        "Property Management Regs art. 16 (filed with the district and the street office)",
        *_GOVERNMENT,
    ),
    Role.GRID_WORKER: _by("[D] the community's own", Role.RESIDENTS_COMMITTEE, *_GOVERNMENT),
    Role.EVALUATOR: _by("Tendering Law art. 37 (drawn from the government's list)", *_GOVERNMENT),
    Role.SUPERVISOR: _by("Construction Law art. 31 (the client engages them)", *_CLIENT),
    Role.CHIEF_SUPERVISOR: _by("Construction Law art. 31 (the client engages them)", *_CLIENT),
    Role.CONTRACTOR: _by("[D] a firm that may bid is confirmed by the government", *_GOVERNMENT),
    Role.PAYMENT_PROVIDER: _by("[D] the bank of the supervised account", *_GOVERNMENT),
}
"""Every role that is given, with those who may; a role that is missing here is given to nobody."""

FIRM_ROLES = frozenset({Role.CONTRACTOR, Role.PAYMENT_PROVIDER})
"""What a firm is and no person: it registers or is invited, and is confirmed for a place."""


def check_firm_role(role: Role) -> None:
    """Only a firm contracts for works or keeps an account: nobody is made one by a list of people.

    Raises:
        Refused: `granting.firm_registers`.
    """
    if role in FIRM_ROLES:
        raise refusal("granting.firm_registers", where="role", role=role)


def check_not_own(people: Collection[str], sender_id: str) -> None:
    """Nobody confirms a firm for which they act, or have acted.

    Raises:
        Refused: `firm.own`.
    """
    if sender_id in people:
        raise refusal("firm.own", where="person")


def check_giving(role: Role, place_path: str, to_actor: str, grants: tuple[Grant, ...]) -> Actor:
    """The giver, in the capacity that allows it; of several, the one of the narrowest place.

    `grants` are the giver's; `place_path` is where the role is to hold, "" for the whole installation.
    Ending or confirming a grant is allowed to whoever might give it.

    Raises:
        Refused: `granting.not_given`, `granting.wrong_role`, `granting.outside_place`,
            `granting.to_oneself`.
    """
    giving = MAY_GIVE.get(role)
    if giving is None:
        raise refusal("granting.not_given", where="role", role=role)
    in_role = [grant for grant in grants if grant.role in giving.by]
    if not in_role:
        roles = ", ".join(sorted(giving.by))
        raise refusal("granting.wrong_role", where="role", role=role, roles=roles)
    here = [grant for grant in in_role if _reaches(grant, place_path)]
    if not here:
        places = ", ".join(sorted({grant.place for grant in in_role}))
        raise refusal("granting.outside_place", where="place", places=places, place=place_path)
    grant = max(here, key=lambda each: each.place.count("/"))
    refuse_same_person(Duty.GRANT_ONESELF, grant.actor_id, to_actor, where="person")
    return acting(grant)


def _reaches(grant: Grant, place_path: str) -> bool:
    """An administrator's grant has no place and is for every one."""
    return grant.role is Role.ADMINISTRATOR or covers(grant.place, place_path)


def check_closing(
    person: str, sender_id: str, held: Sequence[tuple[Role, str]], grants: tuple[Grant, ...]
) -> Actor:
    """Whoever closes a person's account: that person, an administrator, or who might give all the roles held.

    `grants` are the sender's, `held` the person's roles with their places. So nobody is shut out of a
    place by somebody who has no say there. An administrator's account is closed by another one.

    Raises:
        Refused: `granting.last_administrator`, `account.unknown` as for an account that is not there.
    """
    own = person == sender_id
    if own and any(role is Role.ADMINISTRATOR for role, _ in held):
        raise refusal("granting.last_administrator", where="person")
    if own and not grants:
        return Actor(id=sender_id, role=Role.RESIDENT, label=sender_id)
    may = [grant for grant in grants if own or grant.role is Role.ADMINISTRATOR]
    if may:
        return acting(may[0])
    try:
        givers = [check_giving(role, place, person, grants) for role, place in held]
    except Refused:
        givers = []
    if not givers:
        raise refusal("account.unknown", where="person", person=person)
    return givers[0]


def might_give_all(
    person: str, held: Sequence[tuple[Role, str]], grants: tuple[Grant, ...]
) -> bool:
    """Whether somebody may be handed the link with which a person signs in: it opens every role of that person.

    So it is for whoever might give all of them, or an administrator, as with `check_closing`. `grants` are
    the sender's, `held` what the person holds or waits for.
    """
    if any(grant.role is Role.ADMINISTRATOR for grant in grants):
        return True
    try:
        for role, place in held:
            check_giving(role, place, person, grants)
    except Refused:
        return False
    return True


def check_client(of_actor: str, sender_id: str, grants: tuple[Grant, ...]) -> Actor:
    """Whoever adds, rotates or revokes a program of `of_actor`: that actor, a person of that firm, or an administrator.

    `grants` are the sender's. An actor adds programs in one of the own roles; without any there is
    nothing that a program could do.

    Raises:
        Refused: `client.not_yours`, `client.no_role`.
    """
    own = of_actor == sender_id
    may = [
        grant
        for grant in grants
        if own or grant.role is Role.ADMINISTRATOR or grant.on_behalf_of == of_actor
    ]
    if not may:
        code = "client.no_role" if own else "client.not_yours"
        raise refusal(code, where="actor", actor=of_actor)
    grant = max(may, key=lambda each: (each.role is Role.ADMINISTRATOR, each.place.count("/")))
    return acting(grant)
