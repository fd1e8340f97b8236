from hypothesis import given, settings
from hypothesis import strategies as st

from models.values.voting import Choice, Motion, MotionKind, RollUnit, Tally
from rules.voting import decide, head_groups, pack_for
from tests.rules.voting.tallies import tally_of
from tests.support.slow import examples

PACK = pack_for("CN-2021")
MAJOR = Motion(id="m", title="lift", kind=MotionKind.MAJOR)
ORDINARY = Motion(id="o", title="rules", kind=MotionKind.ORDINARY)
KINDS = st.sampled_from((MAJOR, ORDINARY))

UNITS = st.lists(
    st.builds(
        RollUnit,
        number=st.integers(1, 10_000).map(str),
        area_dm2=st.integers(1, 30_000),
        owner_key=st.sampled_from([f"owner{n}" for n in range(12)]),
        developer=st.sampled_from((False, False, False, True)),
        kind=st.sampled_from(("flat", "flat", "shop", "parking")),
    ),
    min_size=1,
    max_size=30,
    unique_by=lambda unit: unit.number,
)
CHOICES = st.sampled_from((*Choice, None))
MOSTLY_YES = st.sampled_from((*Choice, None, *[Choice.YES] * 12))


def whole(part: int, of: int, no: int = 0, silent: int = 0, area: int = 1) -> Tally:
    """`part` yes of `of` participants, the rest abstaining but for `no`; heads 1:1, area scaled."""
    roll = of + silent
    return Tally(
        roll_heads=roll,
        roll_area_dm2=roll * area,
        participating_heads=of,
        participating_area_dm2=of * area,
        yes_heads=part,
        yes_area_dm2=part * area,
        no_heads=no,
        no_area_dm2=no * area,
        abstain_heads=of - part - no,
        abstain_area_dm2=(of - part - no) * area,
    )


@given(st.integers(1, 10**9), st.integers(1, 10**6))
def test_exactly_two_thirds_taking_part_and_three_quarters_agreeing_pass(n: int, area: int) -> None:
    assert decide(PACK, MAJOR, whole(9 * n, 12 * n, no=3 * n, silent=6 * n, area=area)).passed


# carries E3
@given(st.integers(1, 10**9), st.sampled_from(("quorum", "approve")))
def test_one_unit_of_area_short_of_the_boundary_fails_by_that_unit(n: int, which: str) -> None:
    exact = whole(9 * n, 12 * n, no=3 * n, silent=6 * n, area=4)
    if which == "quorum":
        update = {"roll_area_dm2": exact.roll_area_dm2 + 1}
    else:
        update = {
            "yes_area_dm2": exact.yes_area_dm2 - 1,
            "no_area_dm2": exact.no_area_dm2 + 1,
        }
    short = Tally.model_validate({**exact.model_dump(), **update})
    (failed,) = decide(PACK, MAJOR, short).failed
    assert failed.code == f"voting.{which}.area"
    assert failed.have is not None
    assert failed.need is not None
    assert 0 < failed.need - failed.have <= 1


@given(st.integers(1, 10**9))
def test_exactly_half_of_the_heads_fails_and_one_more_passes(n: int) -> None:
    assert not decide(PACK, ORDINARY, whole(n, 2 * n, no=n)).passed
    assert decide(PACK, ORDINARY, whole(n + 1, 2 * n + 1, no=n)).passed


@settings(max_examples=examples(150))
@given(UNITS, st.data(), KINDS)
def test_the_order_of_units_and_of_ballots_is_irrelevant(
    units: list[RollUnit], data: st.DataObject, motion: Motion
) -> None:
    groups = head_groups(units, PACK)
    cast = [(group.entry_id, data.draw(CHOICES)) for group in groups]
    ballots = {entry: choice for entry, choice in cast if choice is not None}
    shuffled = dict(data.draw(st.permutations(list(ballots.items()))))
    other = head_groups(data.draw(st.permutations(units)), PACK)
    assert other == groups
    one, two = tally_of(groups, ballots), tally_of(other, shuffled)
    assert one == two
    assert decide(PACK, motion, one) == decide(PACK, motion, two)


@settings(max_examples=examples(200))
@given(UNITS, st.data(), KINDS)
def test_one_more_yes_never_defeats_a_motion(
    units: list[RollUnit], data: st.DataObject, motion: Motion
) -> None:
    groups = head_groups(units, PACK)
    drawn = {group.entry_id: data.draw(MOSTLY_YES) for group in groups}
    ballots = {entry: choice for entry, choice in drawn.items() if choice is not None}
    convinced = data.draw(st.sampled_from([group.entry_id for group in groups]))
    before = decide(PACK, motion, tally_of(groups, ballots))
    after = decide(PACK, motion, tally_of(groups, {**ballots, convinced: Choice.YES}))
    assert after.passed or not before.passed


@settings(max_examples=examples(150))
@given(UNITS)
def test_merging_heads_loses_no_unit_and_no_area(units: list[RollUnit]) -> None:
    groups = head_groups(units, PACK)
    assert sorted(number for group in groups for number in group.units) == sorted(
        unit.number for unit in units
    )
    assert sum(group.area_dm2 for group in groups) == sum(unit.area_dm2 for unit in units)
    voters = [group for group in groups if group.excluded_reason is None]
    counted = [unit for unit in units if unit.kind != "parking"]
    owners = {"developer" if unit.developer else unit.owner_key for unit in counted}
    assert len(voters) == len(owners)


@settings(max_examples=examples(100))
@given(UNITS, st.data())
def test_what_is_cast_adds_up_to_what_took_part(units: list[RollUnit], data: st.DataObject) -> None:
    groups = head_groups(units, PACK)
    drawn = {group.entry_id: data.draw(CHOICES) for group in groups}
    counted = tally_of(groups, {entry: said for entry, said in drawn.items() if said is not None})
    voting = [
        group
        for group in groups
        if group.excluded_reason is None and drawn[group.entry_id] is not None
    ]
    assert counted.participating_heads == len(voting)
    assert counted.participating_area_dm2 == sum(group.area_dm2 for group in voting)
