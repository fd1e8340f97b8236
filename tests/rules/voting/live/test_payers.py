from models.values.cost_sharing import CostItem, ItemCategory, PayerSet, ShareUnit
from models.values.scheme import SchemeContent
from models.values.voting import Motion
from rules.voting.live.payers import WhoPays, with_payers
from tests.support.estate import scheme_content

UNITS = tuple(
    ShareUnit(
        number=f"{building}-{floor}", building=building, entrance="1", floor=floor, area_dm2=1
    )
    for building in ("1", "2")
    for floor in (1, 2, 3)
)


def scheme(*items: CostItem, motions: int = 2) -> SchemeContent:
    put = tuple(Motion(id=f"m{number}", title="m") for number in range(1, motions + 1))
    return scheme_content().model_copy(update={"items": items, "motions": put})


def item(motion: str = "", payers: PayerSet | None = None) -> CostItem:
    return CostItem(
        id="roof",
        title="Roof",
        category=ItemCategory.BASIC,
        cost_fen=1,
        motion=motion,
        payers=payers or PayerSet(),
    )


def paying(content: SchemeContent, who: dict[str, WhoPays]) -> tuple[str, tuple[str, ...]]:
    found = with_payers(content, who, UNITS, ("flat",)).items[0].payers
    return found.scope, found.units


def test_only_yes_voters_pay_for_the_items_of_their_motion() -> None:
    who = {"m1": WhoPays(only=frozenset({"1-2", "2-3"}))}
    assert paying(scheme(item("m1")), who) == ("listed", ("1-2", "2-3"))
    assert paying(scheme(item("m2")), who) == ("estate", ())
    assert paying(scheme(item()), who) == ("estate", ())


def test_who_is_against_it_is_free_and_everybody_else_pays() -> None:
    who = {"m1": WhoPays(free=frozenset({"1-1"}))}
    assert paying(scheme(item("m1")), who) == ("listed", ("1-2", "1-3", "2-1", "2-2", "2-3"))


def test_of_the_units_that_would_pay_only_those_are_listed_that_must() -> None:
    who = {"m1": WhoPays(only=frozenset({"1-1", "1-3", "2-1"}))}
    own = PayerSet(scope="building", building="1", exempt_floors=(1,))
    assert paying(scheme(item("m1", own)), who) == ("listed", ("1-3",))


def test_an_item_of_the_whole_scheme_follows_its_only_motion() -> None:
    who = {"m1": WhoPays(only=frozenset({"1-2"}))}
    assert paying(scheme(item(), motions=1), who) == ("listed", ("1-2",))
