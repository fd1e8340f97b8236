import pytest

from models.messages.acts import ReviseScheme
from models.values.actor import ENGINE
from models.values.cost_sharing import CostItem, ItemCategory
from models.values.refusal import Refused
from models.values.scheme import Change, PlannedWork, SchemeContent
from rules import revision
from tests.support.estate import scheme_content

COST = 12_600_000


def act(**fields: object) -> ReviseScheme:
    given = {"command_id": "c", "actor": ENGINE, "reason": "x", **fields}
    return ReviseScheme.model_validate(given)


def limited(limit: int | None) -> SchemeContent:
    return scheme_content().model_copy(update={"owners_limit_fen": limit})


def code(content: SchemeContent, **fields: object) -> str:
    with pytest.raises(Refused) as refusal:
        revision.revised(content, act(**fields))
    (only,) = refusal.value.problems
    return only.code


def test_added_removed_and_changed_are_told_with_both_values() -> None:
    before = scheme_content()
    lamp = CostItem(id="lamp", title="Lamp", category=ItemCategory.BASIC, cost_fen=100)
    pipes = before.items[1].model_copy(update={"cost_fen": 5})
    after = before.model_copy(
        update={
            "items": (pipes, lamp),
            "owner_instalments_permille": (1000,),
            "works": tuple(reversed(before.works)),
            "tender": before.tender.model_copy(update={"ceiling_fen": 13_000_000}),
        }
    )
    told = {each.what: (each.before, each.after) for each in revision.differences(before, after)}
    roof = before.items[0].model_dump(mode="json")
    assert told == {
        "items[roof]": (roof, None),
        "items[pipes].cost_fen": (4_200_000, 5),
        "items[lamp]": (None, lamp.model_dump(mode="json")),
        "owner_instalments_permille": ([400, 600], [1000]),
        "tender.ceiling_fen": (12_000_000, 13_000_000),
        "works.order": (["roof", "risers", "paint"], ["paint", "risers", "roof"]),
    }


def test_the_same_scheme_has_no_difference() -> None:
    assert revision.differences(scheme_content(), scheme_content()) == ()


def test_a_floor_of_a_table_is_told_by_its_number() -> None:
    def with_floors(*rows: tuple[int, str]) -> SchemeContent:
        floors = [{"floor": floor, "weight": weight} for floor, weight in rows]
        item = scheme_content().items[0].model_dump() | {"floors": floors}
        roof = CostItem.model_validate(item)
        return scheme_content().model_copy(update={"items": (roof,)})

    found = revision.differences(with_floors((1, "0"), (2, "0.5")), with_floors((2, "1"), (3, "2")))
    assert found == (
        Change(what="items[roof].floors[1]", before={"floor": 1, "weight": 0}, after=None),
        Change(what="items[roof].floors[2].weight", before="1/2", after=1),
        Change(what="items[roof].floors[3]", before=None, after={"floor": 3, "weight": 2}),
    )


def test_entries_that_share_a_name_are_told_as_a_whole() -> None:
    before = scheme_content()
    twice = before.model_copy(update={"works": (before.works[0], before.works[0])})
    (only,) = revision.differences(before, twice)
    assert only.what == "works"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"scheme": scheme_content(), "drop_items": ("roof",)}, "renovation.revision_mixed"),
        ({"scheme": scheme_content(), "owners_limit_fen": COST}, "renovation.revision_mixed"),
        ({"drop_items": ("roof",), "owners_limit_fen": COST}, "renovation.revision_mixed"),
        ({"budget_fen": 5}, "renovation.budget_without_scheme"),
        ({"owners_limit_fen": COST - 1}, "renovation.levy_too_small"),
    ],
)
def test_a_revision_says_one_thing(fields, told) -> None:
    assert code(limited(COST - 500), **fields) == told


def test_without_a_gap_there_is_no_levy() -> None:
    for limit in (None, COST):
        assert code(limited(limit), owners_limit_fen=COST + 5) == "cost_sharing.no_gap"


def test_a_levy_is_one_major_motion_and_raises_the_limit_only_if_adopted() -> None:
    levied = revision.revised(limited(COST - 500), act(owners_limit_fen=COST))
    (motion,) = revision.motions_to_put(levied)
    assert (motion.id, motion.kind, motion.matter) == ("levy", "major", "fund_raise")
    assert "126,000.00" in motion.title
    assert "125,995.00" in motion.title
    assert levied.owners_limit_fen == COST - 500
    assert revision.settled(levied, adopted=True) == limited(COST)
    assert revision.settled(levied, adopted=False) == limited(COST - 500)
    assert revision.motions_to_put(limited(COST)) == scheme_content().motions


def test_the_same_gap_is_not_put_twice() -> None:
    revision.refuse_same_gap(limited(COST))
    with pytest.raises(Refused) as refusal:
        revision.refuse_same_gap(limited(COST - 500))
    (only,) = refusal.value.problems
    assert only.params == {"missing": 500, "limit": COST - 500}


def test_the_budget_of_a_whole_scheme_is_given_or_stays() -> None:
    before = scheme_content()
    works = (PlannedWork(id="w", title="W", value_fen=1),)
    after = before.model_copy(update={"works": works})
    assert revision.revised_budget_fen(20, before, after, act(scheme=after)) == 20
    given = act(scheme=after, budget_fen=30)
    assert revision.revised_budget_fen(20, before, after, given) == 30
