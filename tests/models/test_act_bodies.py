"""What a workflow's validator asks of an act: the limits of the doors, of an act that is carried."""

import pytest
from pydantic import ValidationError

from models.fields import wrong_fields
from models.messages.act_bodies import BODIES, unfit
from models.messages.acts import ACTS, Act
from models.values.actor import ENGINE
from tests.support.estate import scheme_content
from tests.support.fields.forbidden import forbidden
from tests.support.fields.samples import good_body, placed
from tests.support.fields.walking import fields_of


def carried(name: str, fields: dict[str, object], **sender: object) -> Act:
    given = {"command_id": "c1", "actor": ENGINE, **sender}
    return ACTS[name].model_validate({**fields, **given})


@pytest.mark.parametrize("name", ACTS)
def test_an_act_that_a_door_takes_may_go_on(name: str) -> None:
    assert unfit(carried(name, good_body(BODIES[name]))) == ()


@pytest.mark.parametrize("name", ACTS)
def test_what_no_door_takes_is_named_though_it_can_be_carried(name: str) -> None:
    for field in fields_of(BODIES[name]):
        tried, taken = 0, 0
        for value in forbidden(field):
            body = placed(good_body(BODIES[name]), field.path, value)
            tried += 1
            try:
                act = carried(name, body)
            except ValidationError:
                continue
            if unfit(act):
                named = [each.where for each in unfit(act)]
                assert {each.partition(".")[0] for each in named} == {field.path[0]}, (field, value)
                taken += 1
            else:
                # The carried act has read it as another value, which is a good one: "1" as 1.
                assert _read_as_another(act, field.path[0], value), (field, value)
        assert tried
        as_tight = field.kind in {"yes_no", "one_of", "sha256"} or field.path[0] in {
            "preparation_days",
            "days",
        }
        assert taken or as_tight, field


def _read_as_another(act: Act, name: object, value: object) -> bool:
    return getattr(act, str(name)) != value or isinstance(value, bool)


@pytest.mark.parametrize(
    ("sender", "field"),
    [
        ({"command_id": "a\0b"}, "command_id"),
        ({"actor": ENGINE.model_copy(update={"label": "a\0b"})}, "actor.label"),
        ({"actor": ENGINE.model_copy(update={"id": "x" * 65})}, "actor.id"),
        ({"actor": ENGINE.model_copy(update={"place": "a\x01"})}, "actor.place"),
    ],
)
def test_who_sends_an_act_is_asked_too(sender: dict[str, object], field: str) -> None:
    act = carried("accept_works", {}, **sender)
    assert [each.where for each in unfit(act)] == [field]
    assert {each.code for each in unfit(act)} == {"service.field_wrong"}


def test_the_engines_own_keys_and_hashes_may_be_the_key_of_an_act() -> None:
    for key in ("0" * 64, "renovation/r1#close"):
        assert unfit(carried("accept_works", {}, command_id=key)) == ()


def revision(**scheme: object) -> list[tuple[str, str, object]]:
    """What is said of a revised scheme with these fields beside good ones."""
    good = {
        "items": [{"id": "roof", "title": "Roof", "category": "basic", "cost_fen": 5}],
        "motions": [{"id": "works", "title": "Works", "kind": "major"}],
        "tender": {"estimate_fen": 5, "ceiling_fen": 5},
        "works": [{"id": "roof-1", "title": "Roof", "value_fen": 5}],
    }
    with pytest.raises(ValidationError) as error:
        BODIES["revise_scheme"].model_validate({"reason": "x", "scheme": {**good, **scheme}})
    found = wrong_fields(error.value.errors(include_url=False, include_input=False))
    return [(each.code, each.where, each.params.get("expected")) for each in found]


def test_what_is_wrong_inside_a_revised_scheme_is_named_with_what_is_expected() -> None:
    item = {"id": "roof", "title": "Roof", "category": "basic", "cost_fen": "much"}
    assert revision(items=[item]) == [
        ("service.field_wrong", "scheme.items.0.cost_fen", "expected.whole")
    ]
    assert revision(items=[{**item, "cost_fen": -1}]) == [
        ("service.field_wrong", "scheme.items.0.cost_fen", "expected.from")
    ]
    assert revision(items=[{**item, "cost_fen": 5, "colour": "red"}]) == [
        ("service.field_unknown", "scheme.items.0.colour", None)
    ]
    assert revision(tender={"estimate_fen": 5, "ceiling_fen": 0}) == [
        ("service.field_wrong", "scheme.tender.ceiling_fen", "expected.more_than")
    ]
    assert revision(works=[{"id": "a", "value_fen": 1}]) == [
        ("service.field_missing", "scheme.works.0.title", None)
    ]


def test_a_carried_revision_passes_over_what_it_does_not_know() -> None:
    content = scheme_content().model_dump(mode="json")
    act = carried("revise_scheme", {"reason": "x", "scheme": {**content, "colour": "red"}})
    assert unfit(act) == ()
