from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from models.values.channels import RulingKind
from models.values.voting import CHANNELS
from rules.ballots.rulings import is_contested, named_ballot, ruling_problems
from rules.ballots.states import BallotReference, RulingReference, states_of

WEB_AND_PAPER = (BallotReference(1, "a", "web"), BallotReference(2, "b", "paper"))
KINDS = get_args(RulingKind)
BALLOTS = st.lists(st.sampled_from(CHANNELS), min_size=1, max_size=6).map(
    lambda channels: [
        BallotReference(at, f"b{at}", channel) for at, channel in enumerate(channels, start=1)
    ]
)


def codes(*given: object, **named: object) -> list[str]:
    return [problem.code for problem in ruling_problems(*given, **named)]  # type: ignore[arg-type]


def test_a_contested_unit_is_settled_by_naming_one_ballot_or_none() -> None:
    assert codes("accepted", "1", WEB_AND_PAPER, (), "b", "b") == []
    assert codes("set_aside", "1", WEB_AND_PAPER, ()) == []


def test_what_nobody_contests_must_be_disputed_first() -> None:
    one = WEB_AND_PAPER[:1]
    assert codes("accepted", "1", one, (), "a", "a") == ["ruling.not_contested"]
    assert codes("disputed", "1", one, ()) == []
    assert codes("set_aside", "1", one, (RulingReference("disputed", None, 1),)) == []


def test_a_settled_unit_is_settled_again_only_after_a_new_dispute() -> None:
    accepted = (RulingReference("accepted", "b", 2),)
    assert codes("set_aside", "1", WEB_AND_PAPER, accepted) == ["ruling.not_contested"]
    assert (
        codes("set_aside", "1", WEB_AND_PAPER, (*accepted, RulingReference("disputed", None, 2)))
        == []
    )


def test_an_unknown_ballot_is_not_accepted_and_a_dispute_names_none() -> None:
    assert codes("accepted", "1", WEB_AND_PAPER, (), "x") == ["ruling.ballot_unknown"]
    assert codes("disputed", "1", WEB_AND_PAPER, (), "a", "a") == ["ruling.names_a_ballot"]
    assert codes("disputed", "1", (), ()) == ["ruling.no_ballots"]


def test_a_ballot_is_named_by_its_id_or_by_its_code_however_it_is_typed() -> None:
    ballots = [("aa11", "7K2M-9XQ4-0001"), ("bb22", "0000-0000-0002")]
    assert named_ballot("BB22", ballots) == "bb22"
    assert named_ballot("7k2m9xq40001", ballots) == "aa11"
    assert named_ballot(" 7k2m-9xq4-0001 ", ballots) == "aa11"
    assert named_ballot("7k2m", ballots) is None
    assert named_ballot("", ballots) is None


@given(BALLOTS, st.sampled_from(KINDS), st.data())
def test_after_a_ruling_that_is_allowed_at_most_one_ballot_counts_and_settling_settles(
    ballots: list[BallotReference], kind: RulingKind, data: st.DataObject
) -> None:
    named = data.draw(st.sampled_from(ballots)).ballot_id if kind == "accepted" else None
    if ruling_problems(kind, "1", ballots, (), named or "", named):
        return
    states = states_of(ballots, [RulingReference(kind, named, ballots[-1].seq)])
    counted = [name for name, state in states.items() if state == "counted"]
    assert counted == ([named] if kind == "accepted" else [])
    assert is_contested(ballots, [RulingReference(kind, named, ballots[-1].seq)]) is (
        kind == "disputed"
    )
