"""Every matter of every table can be put to a live vote, or is refused with the reason."""

from datetime import date

import pytest

from models.values.voting import Motion, MotionKind
from rules.voting import PACKS, pack_for, pack_in_force, rule_of, table_named
from rules.voting.live.collected import motion_problems, needs_shares

PUT = [
    (pack.id, entry.matter, entry.cls)
    for pack in PACKS
    for entry in getattr(table_named(pack.id), "matters", ())
]


def motion(matter: str | None, cls: str = "", **more: object) -> Motion:
    kind = MotionKind.MAJOR if cls == "major" else MotionKind.ORDINARY
    return Motion.model_validate({"id": "m", "title": "m", "matter": matter, "kind": kind, **more})


def codes(pack: str, put: Motion) -> list[str]:
    return [each.code for each in motion_problems(pack_for(pack), put)]


@pytest.mark.parametrize(("pack", "matter", "cls"), PUT)
def test_every_matter_has_its_rule_in_a_live_vote(pack: str, matter: str, cls: str) -> None:
    put = motion(matter, cls, above_bound=False)
    refused = codes(pack, put)
    in_person = matter == "large_works" and pack == "HK-2025"
    assert refused == (["opening.not_collected"] if in_person else [])
    table = table_named(pack)
    assert table is not None
    rule = next(each.rule for each in table.classes if each.cls == cls)
    own = rule_of(pack_for(pack), put)
    assert (own.id == rule) or (own.id == pack and pack.startswith("CN"))


def test_what_cannot_be_put_is_refused_with_the_reason() -> None:
    assert codes("FR-2020", motion(None)) == ["opening.matter_missing"]
    assert codes("FR-2020", motion("moon")) == ["opening.matter_unknown"]
    assert codes("FR-2020", motion("repair", rule="FR.24")) == ["opening.motion_rule"]
    assert codes("CN-2021", motion(None)) == []
    assert codes("CN-2021", motion("rebuild")) == ["opening.motion_kind"]
    assert codes("CN-2021", motion("moon")) == ["opening.matter_unknown"]
    spain = pack_in_force("ES", date(2026, 4, 1))
    put = motion("improvement")
    assert codes(spain.id, put) == ["opening.bound_missing"]


def test_where_owners_object_after_the_vote_or_their_silence_counts_a_motion_is_yes_or_no() -> None:
    """The time for it is that of one motion (Spain's LPH 17.8, Taiwan's article 32)."""
    two = [{"id": "a", "title": "a"}, {"id": "b", "title": "b"}]
    for pack, matter in (("ES-2026", "accessibility"), ("TW-2003", "lift")):
        assert codes(pack, motion(matter, above_bound=False)) == []
        put = motion(matter, above_bound=False, options=two)
        assert codes(pack, put) == ["opening.objections_to_options"]
    assert codes("DE-2020", motion("works", options=two)) == []
    assert codes("CN-2021", motion(None, options=two)) == []


def test_shares_are_needed_where_a_rule_or_its_second_vote_counts_them() -> None:
    assert needs_shares(pack_for("FR-2020"), motion("improvement"))
    assert needs_shares(pack_for("DE-2020"), motion("works"))  # who pays is decided by shares
    assert not needs_shares(pack_for("DE-2020"), motion("repair"))
    assert not needs_shares(pack_for("CN-2021"), motion("rebuild", "major"))


def test_the_city_decides_whose_system_takes_ballots_on_the_internet() -> None:
    official = {pack.id: pack.routes_article for pack in PACKS if pack.routes_article}
    assert official == {
        "CN-3707-2022": "Weifang Property Management Regs art. 32",
        "CN-11-2024": "Beijing Property Management Regs art. 35",
    }
    for pack in PACKS:
        assert (pack.routes == "official_system_only") is bool(pack.routes_article)
    assert pack_in_force("CN-11", date(2026, 1, 1)).major == pack_for("CN-2021").major
