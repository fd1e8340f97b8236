"""What in a renovation's file will not fit later and can still be mended: told, not refused."""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date

from formats.file_mapping import Path, in_words
from models.files.renovation import RenovationFile
from models.values.actor import Role
from models.values.cost_sharing import Funding
from models.values.refusal import Problem, problem
from models.values.scheme import SchemeContent
from models.values.states import Stage
from models.values.timetable import WAITING, Timetable
from models.values.waits import LackKind
from rules.cost_sharing import gap_plan
from rules.cost_sharing.sources import covers, most_fen
from rules.lacking import lacking
from rules.voting import pack_in_force

Where = Callable[[Path], str]
TENDER = ("scheme", "tender")


def scheme_warnings(scheme: SchemeContent, where: Where = in_words) -> tuple[Problem, ...]:
    """What of a scheme will not fit when it is funded, tendered or built."""
    return (
        *_tender(scheme, where),
        *_funding(scheme, where),
        *_gap(scheme, where),
        *_menus(scheme, where),
    )


def file_warnings(
    file: RenovationFile,
    people: Mapping[Role, Collection[str]],
    today: date,
    where: Where = in_words,
) -> tuple[Problem, ...]:
    """Everything of a file that can still be mended; `people` are the ids of those who may act here."""
    return (
        *_dates(file, today, where),
        *_periods(file.timetable, where),
        *_people(people, where),
        *scheme_warnings(file.scheme, where),
    )


def officials_of(file: RenovationFile) -> dict[Role, set[str]]:
    """The people of a file who may act for its grid, by their roles."""
    found: dict[Role, set[str]] = {}
    for official in file.officials:
        found.setdefault(official.role, set()).add(official.id)
    return found


def repealed_law(file: RenovationFile, today: date, where: Where = in_words) -> Problem | None:
    """That the law in force on the first day is in force no more: a vote held now must keep today's."""
    pack = pack_in_force(file.region, file.starts_on)
    until = pack.valid_until
    if until is None or until >= today:
        return None
    return problem(
        "opening.law_repealed",
        where=where(("starts_on",)),
        day=str(file.starts_on),
        pack=pack.id,
        until=str(until),
    )


def _dates(file: RenovationFile, today: date, where: Where) -> Iterator[Problem]:
    if file.sandbox is not None:
        # A training case may play in the past, under the law of that time.
        repealed = repealed_law(file, today, where)
        yield from () if repealed is None else (repealed,)
    elif file.ends_on < today:
        at = where(("ends_on",))
        yield problem("opening.end_is_past", where=at, day=str(file.ends_on), today=str(today))


def _periods(timetable: Timetable, where: Where) -> Iterator[Problem]:
    """Periods that the file names and nothing keeps yet: they change nothing, whatever they say."""
    for field in Timetable.model_fields:
        if field in WAITING and field in timetable.model_fields_set:
            yield problem("opening.period_waits", where=where(("timetable", field)), field=field)


def _people(people: Mapping[Role, Collection[str]], where: Where) -> Iterator[Problem]:
    """What later stages still lack: acts that nobody may do, a tender that too few may bid for."""
    at = where(("officials",))
    found = lacking(people, *Stage)
    missing: dict[str, list[str]] = {}
    for lack in found:
        if lack.kind is LackKind.NOBODY:
            missing.setdefault(", ".join(lack.roles), []).extend(lack.acts)
    for roles, acts in missing.items():
        yield problem("opening.nobody_yet", where=at, roles=roles, acts=", ".join(acts))
    for lack in found:
        if lack.kind is LackKind.FEW_BIDDERS and lack.have:
            yield problem("opening.few_bidders", where=at, have=lack.have, need=lack.need)
        if lack.kind is LackKind.ONE_ALONE and lack.have:
            yield problem("opening.one_alone", where=at, roles=", ".join(lack.roles))


def _tender(scheme: SchemeContent, where: Where) -> Iterator[Problem]:
    estimate, ceiling = scheme.tender.estimate_fen, scheme.tender.ceiling_fen
    if estimate > ceiling:
        at = where((*TENDER, "estimate_fen"))
        yield problem("opening.estimate_above_ceiling", where=at, have=estimate, most=ceiling)
    works = sum(work.value_fen for work in scheme.works)
    if works > estimate:
        at = where(("scheme", "works"))
        yield problem("opening.works_above_estimate", where=at, have=works, most=estimate)


def _funding(scheme: SchemeContent, where: Where) -> Iterator[Problem]:
    cost = sum(item.cost_fen for item in scheme.items)
    for number, source in enumerate(scheme.funding):
        at = ("scheme", "funding", number)
        meant = _meant_for(source, scheme)
        if source.amount_fen > meant:
            path = where((*at, "amount_fen"))
            have = source.amount_fen
            yield problem("opening.funding_above_cost", where=path, have=have, most=meant)
        elif source.amount_fen and not any(most_fen(source, item) for item in scheme.items):
            yield problem("opening.funding_pays_nothing", where=where(at), funding=source.id)
    promised = sum(source.amount_fen for source in scheme.funding)
    if promised > cost and all(s.amount_fen <= _meant_for(s, scheme) for s in scheme.funding):
        at_all = where(("scheme", "funding"))
        yield problem("opening.funding_above_cost", where=at_all, have=promised, most=cost)


def _menus(scheme: SchemeContent, where: Where) -> Iterator[Problem]:
    """Works of a menu that its budget never reaches, whoever wants them."""
    for number, motion in enumerate(scheme.motions):
        for place, item in enumerate(motion.menu.items if motion.menu is not None else ()):
            assert motion.menu is not None
            if item.cost > motion.menu.budget:
                at = where(("scheme", "motions", number, "menu", "items", place, "cost"))
                have, most = item.cost, motion.menu.budget
                yield problem("opening.work_above_budget", where=at, have=have, most=most)


def _meant_for(source: Funding, scheme: SchemeContent) -> int:
    """What the items cost that it is meant for; a part of each that it may not exceed does not count."""
    return sum(item.cost_fen for item in scheme.items if covers(source, item))


def _gap(scheme: SchemeContent, where: Where) -> Iterator[Problem]:
    missing = gap_plan(scheme.items, scheme.funding, scheme.owners_limit_fen).missing_fen
    if missing:
        at, most = where(("scheme", "owners_limit_fen")), scheme.owners_limit_fen or 0
        yield problem("opening.gap_above_limit", where=at, missing=missing, most=most)
