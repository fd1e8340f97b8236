"""What must hold in a renovation file beyond the types of its fields, and together with the roll.

A check sees the fields that could be read; the others have problems of their own already.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel

from formats.file_mapping import Path, in_words
from formats.renovation_file.choices import wrong_choices
from formats.renovation_file.draft import Draft, size_problems
from formats.renovation_file.parts import part_problems
from models.fields import ID_IN_FILE
from models.files.renovation import LEVELS, Official, PlaceEntry
from models.values.actor import Role
from models.values.bidding import Method
from models.values.cost_sharing import PERMILLE, READS, CostItem, CostKey, ShareUnit
from models.values.decisions.decision import Check
from models.values.feedback import Indicator
from models.values.refusal import Problem, Refused, problem
from models.values.scheme import SchemeContent
from models.values.timetable import Timetable
from models.values.voting import Motion, MotionScope, VotingPack
from rules import cost_sharing
from rules.bidding.documents import benchmark_terms
from rules.time.timetables import check_timetable
from rules.voting import pack_in_force
from rules.voting.live.collected import motion_problems, needs_shares

ID = re.compile(ID_IN_FILE)
YEARS = range(2000, 2101)
NOT_OFFICIALS = frozenset((Role.ENGINE, Role.OWNER, Role.RESIDENT))
FLOOR_KEYS = (CostKey.FLOOR_COEFFICIENT, CostKey.COEFFICIENT_AREA, CostKey.FLOOR_PERCENT)
ALL_PERCENT = 100
METHODS = tuple(method.value for method in Method)
INDICATORS = frozenset(Indicator)
EXPECTED = ", ".join(each.value for each in Indicator)


def problems_in(draft: Draft) -> Iterator[Problem]:
    """Everything that is wrong with the fields that could be read."""
    fields = draft.fields
    start, end = fields.get("starts_on"), fields.get("ends_on")
    yield from _dates(draft, start, end)
    roll = fields.get("roll")
    if isinstance(roll, str) and (re.search(r"[/\\]", roll) or roll in {".", ".."}):
        yield draft.problem("opening.roll_elsewhere", "roll")
    places, officials = fields.get("places"), fields.get("officials")
    if isinstance(places, tuple):
        yield from _places(draft, places)
        if isinstance(officials, tuple):
            yield from _officials(draft, officials, places)
    timetable = fields.get("timetable")
    if isinstance(timetable, Timetable):
        yield from _timetable(draft, timetable)
    scheme = fields.get("scheme")
    motions = scheme.motions if isinstance(scheme, SchemeContent) else ()
    if isinstance(start, date):
        yield from _law(draft, str(fields.get("region", "CN")), start, motions)
    yield from scheme_problems(draft)


def scheme_problems(draft: Draft) -> Iterator[Problem]:
    """What is wrong with a scheme, with its budget and under its timetable as far as these are known."""
    budget, scheme, timetable = (
        draft.fields.get(name) for name in ("budget_fen", "scheme", "timetable")
    )
    if isinstance(scheme, SchemeContent):
        yield from _scheme(draft, scheme)
        yield from _money(draft, budget, scheme)
        if isinstance(timetable, Timetable):
            yield from _caps(draft, scheme, timetable)


def problems_together(
    scheme: SchemeContent,
    units: Sequence[ShareUnit],
    roll_name: str,
    pack: VotingPack,
    where: Callable[[Path], str] = in_words,
) -> Iterator[Problem]:
    """Whether every item can be spread over units of this roll, and works are in its buildings.

    And whether the roll says the shares that the law of the place counts.
    """
    if any(needs_shares(pack, motion) for motion in scheme.motions):
        without = [unit.number for unit in units if unit.shares is None]
        if without:
            yield problem(
                "opening.shares_missing",
                where=roll_name,
                count=len(without),
                first=_short(without[0]),
                pack=pack.id,
            )
    for number, item in enumerate(scheme.items):
        at = where(("scheme", "items", number))
        try:
            paying = cost_sharing.payers(item, units)
            if not paying:
                yield problem("opening.item_without_payers", where=at, item=item.id, roll=roll_name)
            elif not any(cost_sharing.weights(item, paying).values()):
                yield problem("opening.weights_zero", where=at, item=item.id)
        except Refused as refused:
            yield from (each.model_copy(update={"where": at}) for each in refused.problems)
    yield from part_problems(scheme, units, roll_name, where)
    buildings = {unit.building for unit in units}
    for number, work in enumerate(scheme.works):
        if work.building and work.building not in buildings:
            at, building = where(("scheme", "works", number, "building")), work.building
            yield problem("opening.building_unknown", where=at, building=building, roll=roll_name)


def _dates(draft: Draft, start: object, end: object) -> Iterator[Problem]:
    for field, day in (("starts_on", start), ("ends_on", end)):
        if isinstance(day, date) and day.year not in YEARS:
            first, last = YEARS.start, YEARS.stop - 1
            yield draft.problem("opening.year", field, day=str(day), first=first, last=last)
    if isinstance(start, date) and isinstance(end, date) and end < start:
        yield draft.problem("opening.ends_before_start", "ends_on", start=str(start), end=str(end))


def _places(draft: Draft, places: tuple[PlaceEntry, ...]) -> Iterator[Problem]:
    if tuple(place.level for place in places) != LEVELS:
        yield draft.problem("opening.place_chain", "places", expected=", ".join(LEVELS))
    for number in _repeated(place.id for place in places):
        yield draft.problem("opening.id_twice", "places", number, "id")


def _officials(
    draft: Draft, officials: tuple[Official, ...], places: tuple[PlaceEntry, ...]
) -> Iterator[Problem]:
    ids = [place.id for place in places]
    paths = {"/".join(ids[: end + 1]) for end in range(len(ids))}
    known = paths | set(LEVELS[: len(ids)])
    seen: set[tuple[str, str, str]] = set()
    for number, official in enumerate(officials):
        at = ("officials", number)
        if official.id == "engine":
            yield draft.problem("opening.id_invalid", *at, "id")
        if official.role in NOT_OFFICIALS:
            yield draft.problem("opening.role_not_granted", *at, "role", role=official.role.value)
        if official.place not in known:
            expected = ", ".join(LEVELS)
            yield draft.problem("opening.place_outside", *at, "place", expected=expected)
        grant = (official.id, official.role.value, official.place)
        if grant in seen:
            yield draft.problem("opening.grant_twice", *at, role=official.role.value)
        seen.add(grant)


def _timetable(draft: Draft, timetable: Timetable) -> Iterator[Problem]:
    try:
        ZoneInfo(timetable.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield draft.problem("opening.zone_unknown", "timetable", "zone")
    for check in check_timetable(timetable).failed:
        yield _unlawful(draft, check)


def _unlawful(draft: Draft, check: Check) -> Problem:
    """A period or limit the law does not allow, with both numbers and the article."""
    field = check.code.removeprefix("timetable.")
    return draft.problem(
        "opening.unlawful",
        "timetable",
        field,
        field=field,
        have=str(check.have),
        op=check.op,
        need=str(check.need),
        unit=check.unit,
        article=check.article,
    )


def _law(draft: Draft, region: str, on: date, motions: tuple[Motion, ...]) -> Iterator[Problem]:
    """Whether the place has a law of owners' votes on that day, and every motion can be put under it."""
    try:
        pack = pack_in_force(region, on)
    except Refused:
        yield draft.problem("opening.region_unknown", "region", on=str(on))
        return
    yield from law_problems(draft, pack, motions)


def law_problems(draft: Draft, pack: VotingPack, motions: Sequence[Motion]) -> Iterator[Problem]:
    """Whether every motion can be put under the law of the place."""
    for number, motion in enumerate(motions):
        for each in motion_problems(pack, motion):
            where = draft.where(("scheme", "motions", number, each.where))
            yield each.model_copy(update={"where": where})


def _money(draft: Draft, budget: object, scheme: SchemeContent) -> Iterator[Problem]:
    items = sum(item.cost_fen for item in scheme.items)
    estimate = scheme.tender.estimate_fen
    if estimate > items:
        # The items are all the money there will be: no tender could be published (Tendering Law art. 9).
        path = ("scheme", "tender", "estimate_fen")
        yield draft.problem("opening.estimate_above_items", *path, have=estimate, most=items)
    if not isinstance(budget, int):
        return
    if budget < items:
        yield draft.problem("opening.budget_short", "budget_fen", have=budget, need=items)
    ceiling = scheme.tender.ceiling_fen
    if ceiling > budget:
        path = ("scheme", "tender", "ceiling_fen")
        yield draft.problem("opening.ceiling_above_budget", *path, have=ceiling, most=budget)


def _caps(draft: Draft, scheme: SchemeContent, timetable: Timetable) -> Iterator[Problem]:
    kept, most_kept = scheme.tender.retention_permille, timetable.retention_permille
    if kept > most_kept:
        path = ("scheme", "tender", "retention_permille")
        yield draft.problem("opening.retention_too_high", *path, have=kept, most=most_kept)
    bond, permille = scheme.tender.bid_bond_fen, timetable.bid_bond_permille
    most = scheme.tender.estimate_fen * permille // PERMILLE
    if bond > most:
        path = ("scheme", "tender", "bid_bond_fen")
        yield draft.problem("opening.bid_bond_too_high", *path, have=bond, most=most)


def _scheme(draft: Draft, scheme: SchemeContent) -> Iterator[Problem]:
    yield from size_problems(draft, scheme)
    for field in ("items", "motions", "works", "funding"):
        entries = getattr(scheme, field)
        if not entries and field != "funding":
            yield draft.problem("opening.list_empty", "scheme", field, field=field)
        yield from _ids(draft, entries, "scheme", field)
    for number, item in enumerate(scheme.items):
        yield from _item(draft, item, ("scheme", "items", number))
    known = {item.id for item in scheme.items}
    for number, funding in enumerate(scheme.funding):
        for place, item_id in enumerate(funding.items):
            if item_id not in known:
                path = ("scheme", "funding", number, "items", place)
                yield draft.problem("opening.item_unknown", *path, item=_short(item_id))
    yield from _motions(draft, scheme.motions)
    for wrong in wrong_choices(scheme):
        yield draft.problem(wrong.code, *wrong.path, **wrong.params)
    yield from _tender(draft, scheme)
    yield from _targets(draft, scheme)
    if scheme.levy_limit_fen is not None:
        # The engine's own: what a vote on an extra levy is about.
        field = "levy_limit_fen"
        yield draft.problem("opening.field_unknown", "scheme", field, field=field)


def _targets(draft: Draft, scheme: SchemeContent) -> Iterator[Problem]:
    for number in _repeated(target.indicator for target in scheme.targets):
        yield draft.problem("opening.id_twice", "scheme", "targets", number, "indicator")
    for number, target in enumerate(scheme.targets):
        if target.indicator not in INDICATORS:
            path = ("scheme", "targets", number, "indicator")
            yield draft.problem("opening.not_one_of", *path, field="indicator", expected=EXPECTED)


def _item(draft: Draft, item: CostItem, at: Path) -> Iterator[Problem]:
    """Problems of one item: the key lacks what it needs, or the payer set names nobody."""
    if item.key in FLOOR_KEYS:
        yield from _floors(draft, item, at)
    elif item.floors:
        yield draft.problem("opening.floors_unused", *at, "floors", key=item.key.value)
    who, path = item.payers, (*at, "payers")
    if who.scope == "listed" and not who.units:
        yield draft.problem("opening.payers_missing", *path, scope=who.scope, field="units")
    if who.scope in {"building", "entrance"} and not who.building:
        yield draft.problem("opening.payers_missing", *path, scope=who.scope, field="building")
    if who.scope == "entrance" and not who.entrance:
        yield draft.problem("opening.payers_missing", *path, scope=who.scope, field="entrance")
    for field in ("building", "entrance", "units", "joined"):
        if getattr(who, field) and field not in READS[who.scope]:
            yield draft.problem("opening.payers_unused", *path, field, scope=who.scope, field=field)
    for number in _repeated(who.units):
        yield draft.problem("opening.id_twice", *path, "units", number)


def _floors(draft: Draft, item: CostItem, at: Path) -> Iterator[Problem]:
    if not item.floors:
        yield draft.problem("opening.floors_missing", *at, key=item.key.value)
        return
    for number in _repeated(str(row.floor) for row in item.floors):
        yield draft.problem("opening.id_twice", *at, "floors", number, "floor")
    for number, row in enumerate(item.floors):
        if row.weight < 0:
            yield draft.problem("opening.weight_negative", *at, "floors", number, "weight")
    total = sum(row.weight for row in item.floors)
    if item.key is CostKey.FLOOR_PERCENT and total != ALL_PERCENT:
        have = str(total)
        yield draft.problem("opening.floor_percent_sum", *at, "floors", have=have, need=ALL_PERCENT)


def _motions(draft: Draft, motions: tuple[Motion, ...]) -> Iterator[Problem]:
    known = {motion.id: motion for motion in motions}
    for number, motion in enumerate(motions):
        at = ("scheme", "motions", number)
        yield from _scope(draft, motion.scope, (*at, "scope"))
        if motion.depends_on is None:
            continue
        path = (*at, "depends_on")
        if motion.depends_on not in known:
            yield draft.problem("opening.motion_unknown", *path, motion=_short(motion.depends_on))
        elif known[motion.depends_on].scope != motion.scope:
            other = _short(motion.depends_on)
            yield draft.problem("opening.motion_other_scope", *path, motion=other)
        elif _in_circle(motion, known):
            yield draft.problem("opening.motion_circle", *path)


def _scope(draft: Draft, scope: MotionScope, at: Path) -> Iterator[Problem]:
    """A scope names the part that it is, and no other: each spelling of it is a box of its own."""
    named = {"building": scope.building, "entrance": scope.entrance}
    needed = {"estate": (), "building": ("building",), "entrance": ("building", "entrance")}
    for field, name in named.items():
        if bool(name) != (field in needed[scope.kind]):
            code = "opening.scope_too_much" if name else "opening.scope_missing"
            yield draft.problem(code, *at, field, scope=scope.kind, field=field)


def _in_circle(motion: Motion, known: dict[str, Motion]) -> bool:
    """Whether the motions that it depends on lead back to the motion itself."""
    following = known.get(motion.depends_on or "")
    for _ in known:
        if following is None or following is motion:
            break
        following = known.get(following.depends_on or "")
    return following is motion


def _tender(draft: Draft, scheme: SchemeContent) -> Iterator[Problem]:
    tender = scheme.tender
    if tender.method not in METHODS:
        expected = ", ".join(METHODS)
        yield draft.problem(
            "opening.method_unknown", "scheme", "tender", "method", expected=expected
        )
    for check in benchmark_terms(tender):
        if not check.passed:
            numbers = {"have": str(check.have), "need": str(check.need), "article": check.article}
            yield draft.problem(check.code, "scheme", "tender", "benchmark", **numbers)
    if scheme.owners_limit_fen is not None and scheme.owners_limit_fen < 0:
        field = "owners_limit_fen"
        yield draft.problem("opening.must_be_at_least", "scheme", field, field=field, bound=0)
    for path, parts in (
        (("scheme", "owner_instalments_permille"), scheme.owner_instalments_permille),
        (("scheme", "tender", "instalments_permille"), tender.instalments_permille),
    ):
        if sum(parts) != PERMILLE or min(parts) <= 0:
            yield draft.problem("opening.instalments_sum", *path, have=sum(parts), need=PERMILLE)


def _ids(draft: Draft, entries: Iterable[BaseModel], *at: str) -> Iterator[Problem]:
    """Ids of a list are well formed and different."""
    ids = [str(getattr(entry, "id", "")) for entry in entries]
    for number, word in enumerate(ids):
        if not ID.fullmatch(word):
            yield draft.problem("opening.id_invalid", *at, number, "id")
    for number in _repeated(ids):
        yield draft.problem("opening.id_twice", *at, number, "id")


def _repeated(words: Iterable[str]) -> Iterator[int]:
    """The positions of words that stood further up already."""
    seen: Counter[str] = Counter()
    for number, word in enumerate(words):
        seen[word] += 1
        if seen[word] > 1:
            yield number


def _short(word: str) -> str:
    return word[:32]
