from models.values.voting import Motion, MotionKind, MotionScope
from rules.adopted import MotionOutcome
from rules.ballots.scopes import ESTATE, CountedScope, adopted_outcomes, by_scope

FIRST = MotionScope(kind="entrance", building="1", entrance="1")
SECOND = MotionScope(kind="entrance", building="1", entrance="2")
HOUSE = MotionScope(kind="building", building="1")


def motion(name: str, scope: MotionScope = ESTATE) -> Motion:
    return Motion(id=name, title=name, kind=MotionKind.MAJOR, scope=scope)


def counted(scope: MotionScope, **outcomes: str) -> CountedScope:
    motions = tuple(motion(name, scope) for name in outcomes)
    found = {name: MotionOutcome(outcome=word) for name, word in outcomes.items()}
    return CountedScope(scope, motions, found)


def test_the_estates_box_comes_first_and_the_others_as_they_are_named() -> None:
    lift, paint, roof, door = (
        motion("lift", SECOND),
        motion("paint", HOUSE),
        motion("roof"),
        motion("door", SECOND),
    )
    assert by_scope([lift, paint, roof, door]) == {
        ESTATE: (roof,),
        SECOND: (lift, door),
        HOUSE: (paint,),
    }
    assert list(by_scope([lift, paint, roof, door])) == [ESTATE, SECOND, HOUSE]


def test_a_vote_of_the_estate_alone_has_one_box() -> None:
    assert list(by_scope([motion("a"), motion("b")])) == [ESTATE]


def test_only_what_a_scope_adopted_goes_on() -> None:
    vote = [counted(ESTATE, roof="failed"), counted(FIRST, lift="passed")]
    assert set(adopted_outcomes([vote])) == {"lift"}
    assert adopted_outcomes([[counted(ESTATE, roof="failed"), counted(FIRST, lift="failed")]]) == {}


def test_what_one_scope_was_asked_belongs_together() -> None:
    vote = [counted(ESTATE, roof="passed", costs="failed"), counted(FIRST, lift="passed")]
    assert set(adopted_outcomes([vote])) == {"lift"}


def test_a_run_off_settles_its_scope_and_leaves_the_others() -> None:
    first = [
        counted(ESTATE, roof="passed"),
        counted(FIRST, lift="passed", colour="run_off"),
        counted(SECOND, stairs="failed"),
    ]
    won, lost = [counted(FIRST, colour="passed")], [counted(FIRST, colour="failed")]
    assert set(adopted_outcomes([first])) == {"roof"}
    assert set(adopted_outcomes([first, won])) == {"roof", "lift", "colour"}
    assert set(adopted_outcomes([first, lost])) == {"roof"}


def test_the_last_vote_of_a_scope_decides() -> None:
    again = [counted(ESTATE, roof="failed")]
    first = [counted(ESTATE, roof="passed"), counted(FIRST, lift="passed")]
    assert set(adopted_outcomes([first, again])) == {"lift"}
