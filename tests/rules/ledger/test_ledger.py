"""The laws of the ledger, for every order of events."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.values.ledger import (
    ESCROW,
    PROJECT,
    AccountKind,
    LedgerAccount,
    Phase,
    Transfer,
    TransferKind,
    household,
)
from models.values.refusal import Refused
from rules.ledger import (
    Payable,
    charged,
    gained,
    given_back,
    left_after,
    paid_out,
    posted,
    received,
    refunded,
    sum_fen,
)

UNITS = st.sampled_from(["1-101", "1-102", "2-201"])
FEN = st.integers(1, 10**9)
SUMS = st.dictionaries(UNITS.map(household), st.integers(0, 10**9))
PAYABLES = st.lists(
    st.builds(
        Payable,
        certificate_id=st.uuids().map(str),
        contract_id=st.just("k1"),
        amount_fen=st.integers(0, 10**6),
        kind=st.sampled_from((TransferKind.WORKS, TransferKind.MEASURED)),
    ),
    max_size=6,
    unique_by=lambda each: each.certificate_id,
)


@st.composite
def transfers(draw: st.DrawFn) -> list[Transfer]:
    """Transfers of which some are pending, some of these decided, and some taken back."""
    accounts = st.sampled_from([ESCROW, PROJECT, household("1"), household("2")])
    made: list[Transfer] = []
    for number in range(draw(st.integers(0, 12))):
        source, target = draw(st.lists(accounts, min_size=2, max_size=2, unique=True))
        fen, kind = draw(FEN), TransferKind.CHARGE
        phase = draw(st.sampled_from([Phase.POSTED, Phase.PENDING]))
        first = Transfer(
            id=str(number), source=source, target=target, amount_fen=fen, kind=kind, phase=phase
        )
        made.append(first)
        if not draw(st.booleans()):
            continue
        if phase is Phase.PENDING:
            decision = draw(st.sampled_from([Phase.POST, Phase.VOID, Phase.EXPIRED]))
            part = draw(st.integers(1, fen)) if decision is Phase.POST else fen
            more = {"id": f"{number}+", "phase": decision, "amount_fen": part}
            made.append(first.model_copy(update={**more, "pending_id": first.id}))
        else:
            more = {"id": f"{number}-", "source": target, "target": source}
            made.append(first.model_copy(update={**more, "reverses_id": first.id}))
    return made


@given(transfers(), st.randoms(use_true_random=False))
def test_the_balances_sum_to_zero_whatever_the_order(made: list[Transfer], random) -> None:
    balances = posted(made)
    assert sum_fen(balances.values()) == 0
    assert all(each.held_fen >= 0 for each in balances.values())
    random.shuffle(made)
    assert posted(made) == balances


@given(transfers())
def test_nothing_is_booked_decided_or_taken_back_twice(made: list[Transfer]) -> None:
    for again in made:
        with pytest.raises(Refused):
            posted([*made, again])
        if again.pending_id or again.reverses_id:
            with pytest.raises(Refused):
                posted([*made, again.model_copy(update={"id": "another"})])


@given(SUMS, SUMS)
def test_charges_bring_every_account_to_its_sum(before, after) -> None:
    first = charged("a", TransferKind.CHARGE, {}, before)
    balances = posted([*first, *charged("b", TransferKind.CHARGE, before, after)])
    accounts = before.keys() | after.keys()
    assert {a: balances[a].balance_fen for a in accounts if a in balances} == {
        a: after.get(a, 0) for a in accounts if a in balances
    }
    assert all(a in balances or not before.get(a, 0) == after.get(a, 0) != 0 for a in accounts)


@given(UNITS, FEN, st.sampled_from(["owner", "subsidy", "fund", "relief"]))
def test_whoever_pays_the_escrow_has_the_money_and_the_household_the_credit(
    unit: str, fen: int, source: str
) -> None:
    balances = posted(received("p1", unit, fen, source))
    assert balances[ESCROW].balance_fen == fen
    assert balances[household(unit)].balance_fen == -fen
    assert sum(each.balance_fen == 0 for each in balances.values()) == (source != "owner")


@given(st.integers(-10, 10**6), PAYABLES)
def test_no_more_goes_out_than_is_held_and_owed_and_the_first_is_paid_first(
    held: int, owed: list[Payable]
) -> None:
    going = {each.certificate_id: each.amount_fen for each in paid_out("k", held, owed)}
    assert sum(going.values()) == min(max(held, 0), sum(each.amount_fen for each in owed))
    open_ = [each for each in owed if going.get(each.certificate_id, 0) < each.amount_fen]
    assert not any(going.get(each.certificate_id, 0) for each in open_[1:])


@given(st.integers(-10, 10**6), st.dictionaries(UNITS.map(household), st.integers(0, 10**6)))
def test_refunds_are_the_same_part_for_everybody(held: int, back) -> None:
    going = {each.target: each.amount_fen for each in refunded("k", held, back)}
    owed = sum(back.values())
    total = min(max(held, 0), owed)
    assert sum(going.values()) == total
    for account, fen in back.items():
        assert abs(going.get(account, 0) * owed - fen * total) < max(owed, 1)


def test_an_item_that_has_passed_no_inspection_is_not_paid_as_works() -> None:
    measured = Payable(
        kind=TransferKind.MEASURED, certificate_id="c", contract_id="k1", amount_fen=5
    )
    assert [each.kind for each in paid_out("k", 9, [measured])] == [TransferKind.MEASURED]


def test_what_others_took_over_goes_back_to_each_in_its_part() -> None:
    fund = LedgerAccount(kind=AccountKind.FUND)
    street = LedgerAccount(kind=AccountKind.RELIEF, name="street")
    back = given_back("k", "1-101", 10, {fund: 30, street: 10})
    assert [(each.source, each.amount_fen) for each in back] == [(fund, 8), (street, 2)]


@given(st.integers(0, 10**9), SUMS)
def test_what_a_bond_brings_beyond_all_costs_is_shared_as_they_would_have_been(gain: int, carried):
    parts = gained(gain, carried)
    assert sum(parts.values()) == (gain if any(carried.values()) else 0)
    assert all(fen > 0 and carried[account] for account, fen in parts.items())
    whole = sum(carried.values())
    assert all(abs(fen * whole - gain * carried[each]) < whole for each, fen in parts.items())


@given(transfers())
def test_what_stands_after_transfers_is_what_they_leave(made: list[Transfer]) -> None:
    moved = [each for each in made if each.phase is Phase.POSTED]
    before, after = moved[: len(moved) // 2], moved[len(moved) // 2 :]
    assert left_after(left_after({}, before), after) == left_after({}, moved)
    assert sum(left_after({}, moved).values()) == 0
