"""Small things that are put right after the opening: names, the last day, people whom it left out."""

from datetime import date

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, DateTime, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from activities.recording import Case
from models.files.renovation import LEVELS
from models.messages.acts import CorrectRenovation
from models.tables import CaseClock, Estate, Event, Person, Place, RoleGrant
from models.values.actor import AddedOfficial, Role
from models.values.refusal import refusal
from models.values.scheme import Change
from proof.canonical import digest
from rules.authority import covers
from rules.duties import Duty, refuse_same_person
from rules.granting import check_firm_role
from runtime.record.place_log import grant_event

ADDED_LATER = frozenset(
    {
        Role.PAYMENT_PROVIDER,
        Role.SUPERVISOR,
        Role.CHIEF_SUPERVISOR,
        Role.EVALUATOR,
        Role.CONTRACTOR,
        Role.GRID_WORKER,
    }
)
"""Who is hired or chosen after the opening. Offices and committees are what they are: they are no small thing."""
CORRECTED = "renovation.corrected"
NOW = select(func.clock_timestamp(type_=DateTime(timezone=True)))
CHANGES = TypeAdapter(tuple[Change, ...])


async def correct(case: Case, act: CorrectRenovation) -> tuple[Change, ...]:
    """Put it right; each thing with what it was and what it is.

    Raises:
        Refused: `correction.nothing`, and what each part refuses.
    """
    changes = [
        *_title(case, act.title),
        *await _estate(case, act.estate),
        *await _last_day(case, act.ends_on),
    ]
    for actor_id, label in act.labels.items():
        changes += await _label(case, act, actor_id, label)
    for official in act.officials:
        changes.append(await _added(case, act, official))
    if not changes:
        raise refusal("correction.nothing", where=case.renovation.id)
    return tuple(changes)


def _title(case: Case, title: str) -> list[Change]:
    before = case.renovation.title
    if title in {"", before}:
        return []
    case.renovation.title = title
    return [Change(what="title", before=before, after=title)]


async def _estate(case: Case, name: str) -> list[Change]:
    """The estate keeps its id, by which its units and its other cases know it."""
    estate = await case.session.get_one(Estate, case.renovation.estate_id, with_for_update=True)
    before = estate.name
    if name in {"", before}:
        return []
    other = await case.session.scalar(
        select(Estate.id).where(Estate.place_id == estate.place_id, Estate.name == name)
    )
    if other is not None:
        raise refusal("correction.estate_exists", where="estate", estate=name)
    estate.name = name
    return [Change(what="estate", before=before, after=name)]


async def _last_day(case: Case, ends_on: date | None) -> list[Change]:
    """The last day of the plan: on record since the opening, and no deadline of anything."""
    if ends_on is None:
        return []
    told = (
        await case.session.execute(
            select(Event.kind, Event.details)
            .where(
                Event.renovation_id == case.renovation.id,
                Event.kind.in_(("renovation.opened", CORRECTED)),
            )
            .order_by(Event.seq)
        )
    ).all()
    before, first = "", ""
    for kind, details in told:
        if kind == CORRECTED:
            changes = CHANGES.validate_python(details["changes"])
            before = next((str(c.after) for c in changes if c.what == "ends_on"), before)
        else:
            before, first = str(details["ends_on"]), str(details["starts_on"])
    if ends_on.isoformat() < first:
        raise refusal(
            "opening.ends_before_start", where="ends_on", start=first, end=ends_on.isoformat()
        )
    if ends_on.isoformat() == before:
        return []
    return [Change(what="ends_on", before=before or None, after=ends_on.isoformat())]


async def _label(case: Case, act: CorrectRenovation, actor_id: str, label: str) -> list[Change]:
    """A new name of whoever holds roles for this case; the events of before keep the old one."""
    where = f"labels.{actor_id}"
    rows = (
        await case.session.execute(
            select(RoleGrant, Place.path)
            .join(Place, Place.id == RoleGrant.place_id)
            .where(
                RoleGrant.actor_id == actor_id,
                RoleGrant.place_id.in_(case.renovation.place_path.split("/")),
                _in_this_case(case),
            )
            .order_by(RoleGrant.role, Place.path)
        )
    ).all()
    if not rows:
        raise refusal("correction.official_unknown", where=where, official=actor_id)
    changed = []
    for row, path in rows:
        _refuse_outside(act, path, where)
        if row.label != label:
            what = f"{where}.{row.role}.{path}"
            changed.append(Change(what=what, before=row.label, after=label))
            row.label = label
    return changed


def _refuse_outside(act: CorrectRenovation, path: str, where: str) -> None:
    if not covers(act.actor.place, path):
        raise refusal("correction.outside_place", where=where, place=path, own=act.actor.place)


async def _added(case: Case, act: CorrectRenovation, official: AddedOfficial) -> Change:
    """Who may act from now on; nobody gives a role for a place that is not the own one.

    Raises:
        Refused: `correction.role_not_small`, `correction.outside_place`, `correction.already_there`,
            `granting.to_oneself`, `granting.firm_registers`.
    """
    where = f"officials.{official.id}"
    if official.role not in ADDED_LATER:
        known = ", ".join(sorted(ADDED_LATER))
        raise refusal("correction.role_not_small", where=where, role=official.role, known=known)
    ids = case.renovation.place_path.split("/")
    ids = ids[: LEVELS.index(official.place) + 1]
    path = "/".join(ids)
    _refuse_outside(act, path, where)
    told = await case.session.get(CaseClock, case.renovation.id)
    if told is None:
        check_firm_role(official.role)
    row = RoleGrant(
        actor_id=official.id,
        label=official.label,
        role=official.role.value,
        place_id=ids[-1],
        only_case=case.renovation.id if told else None,
        valid_from=(await case.session.execute(NOW)).scalar_one(),
        granted_by=act.actor.id,
        reason=act.reason,
    )
    if await _holds(case, row):
        raise refusal(
            "correction.already_there", where=where, official=official.id, role=official.role
        )
    refuse_same_person(Duty.GRANT_ONESELF, act.actor.id, official.id, where=where)
    case.session.add(row)
    await _told_to_the_place(case, act, row)
    after = {"label": official.label, "role": official.role.value, "place": path}
    return Change(what=where, before=None, after=after)


def _in_this_case(case: Case) -> ColumnElement[bool]:
    return or_(RoleGrant.only_case.is_(None), RoleGrant.only_case == case.renovation.id)


async def _holds(case: Case, row: RoleGrant) -> bool:
    found = await case.session.scalar(
        select(RoleGrant.id).where(
            RoleGrant.actor_id == row.actor_id,
            RoleGrant.role == row.role,
            RoleGrant.place_id == row.place_id,
            RoleGrant.valid_until.is_(None),
            _in_this_case(case),
        )
    )
    return found is not None


async def _told_to_the_place(case: Case, act: CorrectRenovation, row: RoleGrant) -> None:
    """A grant that outlives the case is an event of its place's own log too."""
    if row.only_case is not None:
        return
    # The name is under the person's key, which the worker does not have; the label of the role says it.
    person = insert(Person).values(id=row.actor_id)
    await case.session.execute(person.on_conflict_do_nothing())
    part = digest({"of": case.command.command_id, "person": row.actor_id, "role": row.role})
    asked = digest({"of": case.command.command_id})
    await grant_event(case.session, row, act.actor, part, asked, "grant.given")
