from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.values.voting import Motion, MotionKind
from rules.ballots.mandates import (
    Mandated,
    agent_id_of,
    ballot_problems,
    carried_problems,
    held_by,
    instruction_digest,
    instructions_obeyed,
    mandate_limit,
    proxy_command,
    registration_problems,
)
from rules.voting import cap_named, pack_for
from rules.voting.live.beside import Weight

NOW = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)
KEY = b"k" * 32
MOTIONS = {name: Motion(id=name, title=name, kind=MotionKind.MAJOR) for name in ("works", "costs")}
WORDS = st.sampled_from(("yes", "no", "abstain"))
CHOICES = st.dictionaries(st.sampled_from(sorted(MOTIONS)), WORDS, min_size=1)


def mandate(name: str = "m1", entry: str = "e1", agent: str = "a", **more: object) -> Mandated:
    fields = {"motions": ("works", "costs"), "valid_from": NOW - DAY, "valid_until": NOW + DAY}
    return Mandated(name, entry, agent, **{**fields, **more})  # type: ignore[arg-type]


def refused(
    new: Mandated,
    register: list[Mandated],
    limit: int | None = 3,
    instructions: dict[str, str] | None = None,
) -> list[str]:
    found = registration_problems(new, instructions or {}, MOTIONS, register, limit, NOW)
    return [problem.code for problem in found]


def test_the_fourth_mandate_of_an_agent_is_refused_in_weifang_and_nowhere_else() -> None:
    three = [mandate(f"m{n}", f"e{n}") for n in range(3)]
    weifang, nation = pack_for("CN-3707-2022"), pack_for("CN-2021")
    assert refused(mandate("m3", "e3"), three, mandate_limit(weifang)) == ["mandate.too_many"]
    assert refused(mandate("m3", "e3", "b"), three, mandate_limit(weifang)) == []
    assert refused(mandate("m3", "e3"), three, mandate_limit(nation)) == []


def test_a_cap_by_the_lots_is_two_or_two_percent() -> None:
    cap = cap_named("SG.proxy_cap")
    assert cap is not None
    pack = pack_for("CN-2021")
    assert mandate_limit(pack, cap, 14) == 2
    assert mandate_limit(pack, cap, 701) == 14


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=8))
def test_a_mandate_that_was_used_and_taken_back_counts_on(ends: list[tuple[bool, bool]]) -> None:
    register = [
        mandate(f"m{n}", f"e{n}", revoked=revoked, voted=voted)
        for n, (revoked, voted) in enumerate(ends)
    ]
    assert held_by("a", register) == sum(not revoked or voted for revoked, voted in ends)


def test_an_owner_has_one_mandate_at_a_time() -> None:
    register = [mandate()]
    assert refused(mandate("m2", agent="b"), register) == ["mandate.already_given"]
    taken_back = [mandate(revoked=True)]
    assert refused(mandate("m2", agent="b"), taken_back) == []


def test_everything_that_is_wrong_is_said_at_once() -> None:
    new = mandate(motions=("works", "moon"), valid_until=NOW)
    assert refused(new, [], instructions={"costs": "yes", "works": "maybe"}) == [
        "voting.motion_unknown",
        "mandate.not_covered",
        "voting.choice_unknown",
        "mandate.period",
    ]


@given(CHOICES, CHOICES)
def test_a_ballot_obeys_only_if_it_says_all_that_was_instructed(
    instructed: dict[str, str], said: dict[str, str]
) -> None:
    digests = {name: instruction_digest(KEY, "m1", name, word) for name, word in instructed.items()}
    obeyed = instructions_obeyed(KEY, "m1", digests, said)
    assert obeyed == {name: said.get(name) == word for name, word in instructed.items()}
    found = ballot_problems(mandate(), said, obeyed, NOW)
    assert not found if all(obeyed.values()) else found[0].code == "mandate.against_instruction"
    for problem in found:
        assert set(problem.params) == {"motion"}


def test_a_mandate_binds_in_its_period_and_within_its_motions() -> None:
    def codes(given: Mandated, choices: dict[str, str]) -> list[str]:
        return [problem.code for problem in ballot_problems(given, choices, {}, NOW)]

    assert codes(mandate(), {"works": "yes"}) == []
    assert codes(mandate(valid_until=NOW), {"works": "yes"}) == ["mandate.not_in_force"]
    assert codes(mandate(valid_from=NOW + DAY), {"works": "yes"}) == ["mandate.not_in_force"]
    assert codes(mandate(valid_from=NOW), {"works": "yes"}) == []
    assert codes(mandate(revoked=True), {"works": "yes"}) == ["mandate.revoked"]
    assert codes(mandate(motions=("costs",)), {"works": "yes"}) == ["mandate.not_covered"]


def test_an_agent_is_known_by_the_number_of_the_document_in_one_renovation_only() -> None:
    agent = agent_id_of(KEY, "r1", "3707 0119800101 001x")
    assert agent == agent_id_of(KEY, "r1", "37070119800101001X")
    assert agent != agent_id_of(KEY, "r2", "37070119800101001X")
    assert "3707" not in agent


def test_commands_of_two_mandates_never_meet() -> None:
    assert proxy_command(KEY, "m1", "c") != proxy_command(KEY, "m2", "c")
    assert proxy_command(KEY, "m1", "c") == proxy_command(KEY, "m1", "c")


@pytest.mark.parametrize(
    ("carried", "units"),
    [
        (Weight(2, 0, 20), []),
        (Weight(3, 0, 20), ["heads"]),
        (Weight(2, 0, 21), ["shares"]),
        (Weight(3, 0, 21), ["heads", "shares"]),
    ],
)
def test_in_taiwan_an_agent_carries_a_fifth_of_all_and_not_more(
    carried: Weight, units: list[str]
) -> None:
    cap = cap_named("TW.cap.one_fifth")
    assert cap is not None
    found = carried_problems([cap], carried, Weight(10, 0, 100))
    assert [each.params["unit"] for each in found] == units
    assert all(each.params["have"] == int(each.params["most"]) + 1 for each in found)
    assert carried_problems([cap], carried._replace(heads=1), Weight(10, 0, 0)) == ()
