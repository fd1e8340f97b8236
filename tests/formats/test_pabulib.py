"""Reading and writing Pabulib files: what is kept, what is refused and where."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formats.pabulib import as_election, read_pabulib, write_pabulib
from models.values.decisions.menu import (
    BallotForm,
    Menu,
    MenuBallot,
    MenuItem,
    MenuRules,
    TallyUnit,
)
from models.values.refusal import Refused
from rules.menu import counted, equal_shares, greedy, tally
from runtime.language.sentences import sentence
from tests.support.slow import examples

FEW = settings(max_examples=examples(80), deadline=None)
GOOD = """META
key;value
num_projects;2
num_votes;3
budget;1000
vote_type;approval
max_length;2
PROJECTS
project_id;cost;votes;name;selected
a;600;2;"Say ""hi""; twice";1
b/2;500;2;Bank;2
VOTES
voter_id;vote;age
1;a,b/2;30
2;a;41
3;b/2;
"""


def read(text: str) -> object:
    return read_pabulib(text.encode(), "x.pb")


def refusals(text: str | bytes) -> list[tuple[str, str]]:
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(Refused) as refused:
        read_pabulib(data, "x.pb")
    for problem in refused.value.problems:
        for language in ("en", "zh_CN"):
            assert "%(" not in sentence(problem, language) != problem.code
    return [(problem.code, problem.where) for problem in refused.value.problems]


def test_a_file_is_read_with_its_quotes_and_its_published_outcome() -> None:
    election = read_pabulib(GOOD.encode(), "x.pb")
    assert [item.title for item in election.menu.items] == ['Say "hi"; twice', "Bank"]
    assert (election.menu.budget, election.menu.rules.max_length) == (1000, 2)
    assert election.ballots == (MenuBallot(("a", "b/2")), MenuBallot(("a",)), MenuBallot(("b/2",)))
    assert election.published_tally() == {"a": 2, "b/2": 2}
    assert election.published_winners() == {"a"}


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace("\n", "\n\n").encode(),
        GOOD.replace("META\n", "META;;;\n").replace("VOTES\n", "votes;;;\n").encode(),
        GOOD.replace("a;600;2", " a ; 600 ;2").replace("1;a,b/2", "1; a, b/2 ").encode(),
    ],
    ids=["BOM", "CRLF", "blank lines", "padded sections", "blanks"],
)
def test_spellings_of_the_same_file_give_the_same_menu_and_ballots(data: bytes) -> None:
    plain, other = read_pabulib(GOOD.encode(), "x.pb"), read_pabulib(data, "x.pb")
    assert (other.menu, other.ballots) == (plain.menu, plain.ballots)


def test_decimals_are_kept_exactly() -> None:
    text = GOOD.replace("b/2;500", "b/2;500.05").replace("budget;1000", "budget;1000,5")
    menu = read_pabulib(text.encode(), "x.pb").menu
    assert (menu.scale, menu.budget, menu.costs["b/2"]) == (100, 100_050, 50_005)


def test_an_empty_vote_is_a_ballot_without_works() -> None:
    election = read_pabulib(GOOD.replace("2;a;41", "2;;41").encode(), "x.pb")
    assert election.ballots[1] == MenuBallot(())


def test_columns_of_figures_and_marks_may_be_missing() -> None:
    text = GOOD.replace(";votes;name;selected", ";name")
    text = text.replace('600;2;"Say ""hi""; twice";1', "600;A").replace("500;2;Bank;2", "500;B")
    election = read_pabulib(text.encode(), "x.pb")
    assert (election.published_tally(), election.published_winners()) == (None, None)


POINTS = (
    GOOD.replace("approval", "cumulative").replace(";age", ";points").replace("max_length;2\n", "")
)
POINTS = (
    POINTS.replace("a,b/2;30", '"b/2,a";"2,1"').replace("a;41", "a;3").replace("b/2;\n", "b/2;1\n")
)


def test_points_belong_to_the_works_in_the_order_of_the_vote() -> None:
    election = read_pabulib(POINTS.encode(), "x.pb")
    assert tally(election.menu, counted(election.ballots)).score == {"a": 4, "b/2": 3}


def test_the_unit_is_the_score_only_where_the_file_publishes_one() -> None:
    assert read_pabulib(POINTS.encode(), "x.pb").menu.unit is TallyUnit.VOTES
    scored = POINTS.replace(";votes;", ";score;")
    assert read_pabulib(scored.encode(), "x.pb").menu.unit is TallyUnit.SCORE


def test_a_threshold_of_the_file_keeps_works_out() -> None:
    text = GOOD.replace("max_length;2", "min_project_score_threshold;3")
    election = read_pabulib(text.encode(), "x.pb")
    assert greedy(election.menu, counted(election.ballots)).winners == ()


@pytest.mark.parametrize(
    ("old", "new", "code", "where"),
    [
        ("3;b/2;", "3;c;", "menu.pb_project_unknown", "line 16, section VOTES, field vote"),
        ("3;b/2;", "3;a,a;", "menu.pb_vote_twice", "line 16, section VOTES, field vote"),
        (
            "b/2;500",
            "a;500",
            "menu.pb_project_twice",
            "line 11, section PROJECTS, field project_id",
        ),
        ("b/2;500", ";500", "menu.pb_project_id", "line 11, section PROJECTS, field project_id"),
        ("3;b/2;", "1;b/2;", "menu.pb_voter_twice", "line 16, section VOTES, field voter_id"),
        ("3;b/2;", ";b/2;", "menu.pb_no_voter", "line 16, section VOTES, field voter_id"),
        ("b/2;500", "b/2;5x0", "menu.pb_not_money", "line 11, section PROJECTS, field cost"),
        ("b/2;500", "b/2;-1", "menu.pb_not_money", "line 11, section PROJECTS, field cost"),
        ("budget;1000", "budget;1e3", "menu.pb_not_money", "line 5, section META, field budget"),
        ("budget;1000\n", "", "menu.pb_not_money", "line 2, section META, field budget"),
        (
            "max_length;2",
            "max_length;x",
            "menu.pb_not_whole",
            "line 7, section META, field max_length",
        ),
        ("num_votes;3", "num_votes;4", "menu.pb_count", "line 4, section META, field num_votes"),
        (
            "num_projects;2",
            "num_projects;9",
            "menu.pb_count",
            "line 3, section META, field num_projects",
        ),
        ("approval", "telepathy", "menu.pb_vote_type", "line 6, section META, field vote_type"),
        ("3;b/2;", "3", "menu.pb_ragged", "line 16, section VOTES"),
        ("3;b/2;", "3;b/2;;;7", "menu.pb_ragged", "line 16, section VOTES"),
        (
            "voter_id;vote",
            "voter;vote",
            "menu.pb_no_column",
            "line 13, section VOTES, field voter_id",
        ),
        ("vote;age", "vote;vote", "menu.pb_column_twice", "line 13, section VOTES, field vote"),
        ("META\n", "hello\nMETA\n", "menu.pb_before_sections", "line 1"),
        ("VOTES", "META", "menu.pb_section_twice", "line 12, section META"),
    ],
)
def test_what_is_wrong_is_told_with_line_section_and_field(
    old: str, new: str, code: str, where: str
) -> None:
    assert (code, f"x.pb {where}") in refusals(GOOD.replace(old, new, 1))


def test_a_file_that_ends_before_a_section_is_refused() -> None:
    cut = GOOD[: GOOD.index("VOTES")]
    assert refusals(cut) == [("menu.pb_section_missing", "x.pb line 11, section VOTES")]
    heading = GOOD[: GOOD.index("voter_id")]
    assert refusals(heading) == [("menu.pb_no_heading", "x.pb line 12, section VOTES")]


def test_a_file_that_ends_within_the_votes_is_refused() -> None:
    assert refusals(GOOD[: GOOD.index("3;b/2")])[0][0] == "menu.pb_count"


@pytest.mark.parametrize("text", ["", "\n\n", "PROJECTS\nproject_id;cost\n"])
def test_a_file_without_its_sections_is_refused(text: str) -> None:
    assert "menu.pb_section_missing" in {code for code, _ in refusals(text)}


def test_a_key_of_the_head_that_stands_twice_is_refused_with_the_line_of_the_first() -> None:
    twice = GOOD.replace("max_length;2", "max_length;2\nbudget;5")
    assert refusals(twice) == [("menu.pb_key_twice", "x.pb line 8, section META, field budget")]


def test_an_unclosed_quote_is_refused() -> None:
    long = GOOD.replace('"Say', '"Say' + "x" * 140_000).replace('twice"', "twice")
    assert refusals(long)[0][0] == "menu.pb_quote_open"
    short = GOOD.replace("1;a,b/2;30", '1;"a,b/2;30').replace("num_votes;3", "country;CN")
    assert refusals(short) == [("menu.pb_quote_open", "x.pb line 14")]


def test_points_must_match_the_works_and_be_whole() -> None:
    assert refusals(POINTS.replace('"2,1"', '"2"'))[0][0] == "menu.pb_points_count"
    assert refusals(POINTS.replace('"2,1"', '"2,x"'))[0][0] == "menu.pb_not_whole"
    assert refusals(POINTS.replace(";points", ";age"))[0][0] == "menu.pb_no_column"


def test_binary_is_refused() -> None:
    assert refusals(b"META\0\n")[0][0] == "file.nul_byte"


def test_only_a_hundred_problems_are_told_and_the_rest_counted() -> None:
    rows = "".join(f"v{number};zzz;1\n" for number in range(150))
    found = refusals(GOOD.replace("num_votes;3\n", "") + rows)
    assert (len(found), found[-1][0]) == (101, "menu.pb_more")


def test_no_problem_repeats_a_voter() -> None:
    text = GOOD.replace("3;b/2", "Zhang San;zzz").replace("2;a;41", "Zhang San;a;41")
    with pytest.raises(Refused) as refused:
        read_pabulib(text.encode(), "x.pb")
    assert "Zhang" not in str(refused.value)


IDS = st.text(
    st.characters(exclude_categories=("C", "Z"), exclude_characters=","), min_size=1, max_size=6
)
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@st.composite
def exports(draw: st.DrawFn) -> tuple[Menu, dict[str, MenuBallot]]:
    names = draw(
        st.lists(IDS, min_size=1, max_size=5, unique=True).filter(
            lambda ids: not {i.upper() for i in ids} & {"META", "PROJECTS", "VOTES", "NONE"}
        )
    )
    form = draw(st.sampled_from(BallotForm))
    scale = draw(st.sampled_from((1, 100)))
    money = st.integers(0, 10**12)
    menu = Menu(
        items=tuple(MenuItem(id=n, title=draw(WORDS).strip(), cost=draw(money)) for n in names),
        budget=draw(money),
        form=form,
        scale=scale,
        rules=MenuRules(
            max_length=draw(st.none() | st.integers(1, 9)),
            max_sum_cost=draw(st.none() | money),
            max_sum_points=draw(st.none() | st.integers(1, 9)),
            min_score=draw(st.integers(1, 3)),
        ),
    )
    ballots = {}
    for number in range(draw(st.integers(0, 6))):
        items = tuple(draw(st.lists(st.sampled_from(names), unique=True)))
        points = tuple(draw(st.integers(-1, 5)) for _ in items)
        ballots[f"v{number}"] = MenuBallot(items, points if form is BallotForm.CUMULATIVE else ())
    return menu, ballots


@FEW
@given(exports())
def test_what_is_written_is_read_again_as_the_same_value(
    export: tuple[Menu, dict[str, MenuBallot]],
) -> None:
    election = as_election(*export)
    assert read_pabulib(write_pabulib(election), "x.pb") == election


@FEW
@given(exports())
def test_an_export_keeps_menu_limits_tally_and_outcomes(
    export: tuple[Menu, dict[str, MenuBallot]],
) -> None:
    menu, ballots = export
    election = as_election(menu, ballots, winners=menu.items[0].id, about={"unit": "市"})
    ours, theirs = counted(ballots.values()), counted(election.ballots)
    kept = {"items", "budget", "form", "scale"}
    assert election.menu.model_dump(include=kept) == menu.model_dump(include=kept)
    same = election.menu.rules.model_copy(update={"unit": menu.rules.unit})
    assert same == menu.rules
    assert election.published_tally() == tally(menu, ours).of(menu.unit)
    assert greedy(election.menu, theirs).winners == greedy(menu, ours).winners
    assert equal_shares(election.menu, theirs).winners == equal_shares(menu, ours).winners


def test_a_pseudonym_that_a_file_cannot_hold_is_refused() -> None:
    menu = Menu(items=(MenuItem(id="a", cost=1),), budget=1, form=BallotForm.APPROVAL)
    with pytest.raises(Refused) as refused:
        as_election(menu, {"VOTES": MenuBallot(())})
    assert refused.value.problems[0].code == "menu.pb_voter_id"
