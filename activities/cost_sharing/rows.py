"""The rows of cost sharing: units in, shares and instalments out, money counted by SQL."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, select

from activities.cost_sharing.billed import billed_scheme
from activities.recording import Case
from models.tables import Instalment, Scheme, Share, ShareTotal, Unit
from models.values import cost_sharing as values
from models.values.ledger import LedgerAccount, TransferKind, household
from models.values.refusal import refusal
from models.values.scheme import SchemeContent
from models.values.voting import UnitKind
from rules.cost_sharing import largest_remainder, waterfall
from rules.ledger import charged, gained, promised_by
from rules.voting import pack_for
from runtime.database import insert_many
from runtime.ledger.booking import key_of
from runtime.ledger.net import load_net_paid
from runtime.ledger.reading import load_moved


def counted_kinds(case: Case) -> tuple[UnitKind, ...]:
    """The kinds of exclusive parts that count under the renovation's own pack."""
    return pack_for(case.renovation.rule_pack).counted_kinds


async def share_units(case: Case) -> tuple[values.ShareUnit, ...]:
    """Every unit of the estate, by number. Refused: an estate without units."""
    rows = await case.session.execute(
        select(
            Unit.number,
            Unit.building,
            Unit.entrance,
            Unit.floor,
            Unit.area_dm2,
            Unit.shares,
            Unit.kind,
        )
        .where(Unit.estate_id == case.renovation.estate_id)
        .order_by(Unit.number)
    )
    units = tuple(values.ShareUnit.model_validate(row, from_attributes=True) for row in rows)
    if not units:
        raise refusal("cost_sharing.no_units", where=case.renovation.estate_id)
    return units


async def add_scheme_version(case: Case, content: SchemeContent) -> int:
    """Write the next version of the scheme; its budget follows the cost of its items."""
    last = await case.session.scalar(
        select(Scheme)
        .where(Scheme.renovation_id == case.renovation.id)
        .order_by(Scheme.version.desc())
        .limit(1)
    )
    if last is None:
        raise refusal("renovation.scheme_missing", where=case.renovation.id)
    before = SchemeContent.model_validate(last.content)
    cheaper = _cost(before) - _cost(content)
    case.session.add(
        Scheme(
            renovation_id=case.renovation.id,
            version=last.version + 1,
            title=last.title,
            content=content.model_dump(mode="json"),
            budget_fen=max(last.budget_fen - cheaper, 0),
            created_at=case.now,
        )
    )
    await case.session.flush()
    return last.version + 1


async def replace_shares(case: Case, version: int, table: values.ShareTable) -> None:
    """Put the shares of this version of the scheme, item by item, in the place of an earlier computation."""
    rid = case.renovation.id
    await case.session.execute(
        delete(Share).where(Share.renovation_id == rid, Share.scheme_version == version)
    )
    rows: list[dict[str, object]] = [
        {
            "renovation_id": rid,
            "scheme_version": version,
            "unit_number": share.unit_number,
            "item_id": share.item_id,
            "amount_fen": share.amount_fen,
        }
        for share in table.shares
    ]
    await insert_many(case.session, Share, rows)


async def replace_totals(case: Case, basis: str, totals: Sequence[values.ShareTotal]) -> None:
    """Put these totals in the place of an earlier computation on the same basis, and charge them.

    Once there is an award, an estimate charges nothing any more.
    """
    rid = case.renovation.id
    await case.session.execute(
        delete(ShareTotal).where(ShareTotal.renovation_id == rid, ShareTotal.basis == basis)
    )
    rows: list[dict[str, object]] = [
        {
            "renovation_id": rid,
            "basis": basis,
            "unit_number": total.unit_number,
            "amount_fen": total.amount_fen,
        }
        for total in totals
    ]
    await insert_many(case.session, ShareTotal, rows)
    if basis != "estimate" or not (
        await load_totals(case, "final") or await load_totals(case, "award")
    ):
        await _bring_to(
            case,
            TransferKind.CHARGE,
            {household(total.unit_number): total.amount_fen for total in totals},
        )


async def drop_totals(case: Case, *bases: str) -> None:
    """What the units owe on these bases is no longer owed: another computation takes its place."""
    of_case = ShareTotal.renovation_id == case.renovation.id
    await case.session.execute(delete(ShareTotal).where(of_case, ShareTotal.basis.in_(bases)))


async def promise(case: Case, funded: Sequence[values.FundedItem]) -> None:
    """What others are to pay by the money plan is owed by them; an earlier plan is superseded."""
    await _bring_to(case, TransferKind.PROMISE, promised_by(funded))


async def promise_in_all(case: Case, total_fen: int, later: Collection[LedgerAccount] = ()) -> None:
    """Others owe this sum in all, each in proportion to what it has promised; nobody new owes anything.

    Those that were to pay `later` owe nothing, unless nobody else has promised anything.
    """
    before = await load_moved(case.session, case.renovation.id, TransferKind.PROMISE)
    by_code = {account.code: account for account in before}
    promised = {code: before[account] for code, account in by_code.items()}
    weights = {code: 0 if by_code[code] in later else fen for code, fen in promised.items()}
    weights = weights if any(weights.values()) else promised
    if any(weights.values()):
        parts = largest_remainder(total_fen, weights)
        after = {by_code[code]: fen for code, fen in parts.items()}
        await _bring_to(case, TransferKind.PROMISE, after)


async def share_gain(case: Case, gain_fen: int) -> None:
    """What performance bonds have brought above all costs is owed to those who were to carry the works.

    By the plan before the award: what is computed at the end says of nobody that he carries anything. An
    earlier gain is superseded.
    """
    owed: dict[LedgerAccount, int] = {}
    if gain_fen:
        _, content = await billed_scheme(case)
        totals = await load_totals(case, "estimate")
        carried = {household(total.unit_number): total.amount_fen for total in totals}
        carried |= promised_by(waterfall(content.items, content.funding))
        owed = {account: -fen for account, fen in gained(gain_fen, carried).items()}
    await _bring_to(case, TransferKind.GAIN, owed)


async def _bring_to(case: Case, kind: TransferKind, after: Mapping[LedgerAccount, int]) -> None:
    before = await load_moved(case.session, case.renovation.id, kind)
    key = key_of(case.renovation.id, case.command.command_id)
    case.transfers.extend(charged(key, kind, before, after))


async def replace_instalments(
    case: Case, parts: Sequence[tuple[values.Instalment, datetime]]
) -> None:
    """Put these instalments with their due dates (case time) in the place of the earlier ones."""
    rid = case.renovation.id
    await case.session.execute(delete(Instalment).where(Instalment.renovation_id == rid))
    rows: list[dict[str, object]] = [
        {
            "renovation_id": rid,
            "unit_number": part.unit_number,
            "number": part.number,
            "due_at": due_at,
            "amount_fen": part.amount_fen,
        }
        for part, due_at in parts
    ]
    await insert_many(case.session, Instalment, rows)


async def load_totals(case: Case, basis: str) -> tuple[values.ShareTotal, ...]:
    """The totals on one basis, by unit number."""
    rows = await case.session.execute(
        select(ShareTotal.unit_number, ShareTotal.amount_fen)
        .where(ShareTotal.renovation_id == case.renovation.id, ShareTotal.basis == basis)
        .order_by(ShareTotal.unit_number)
    )
    return tuple(values.ShareTotal(unit_number=unit, amount_fen=sum_) for unit, sum_ in rows)


async def charges(case: Case) -> tuple[values.ShareTotal, ...]:
    """What the units owe now: by what the works have cost, by the award until then, first by the estimate."""
    for basis in ("final", "award", "estimate"):
        if totals := await load_totals(case, basis):
            return totals
    return ()


async def load_instalments(case: Case) -> list[tuple[values.Instalment, datetime]]:
    """All instalments with their due dates, by unit and number."""
    rows = await case.session.execute(
        select(Instalment.unit_number, Instalment.number, Instalment.amount_fen, Instalment.due_at)
        .where(Instalment.renovation_id == case.renovation.id)
        .order_by(Instalment.unit_number, Instalment.number)
    )
    return [
        (values.Instalment(unit_number=unit, number=number, amount_fen=amount), due_at)
        for unit, number, amount, due_at in rows
    ]


async def load_money(case: Case) -> dict[str, tuple[int, int]]:
    """Per unit what has come in from every source, and of that what the household itself paid.

    What went back to the household is in neither, what went back to others not in the first.
    """
    found = await load_net_paid(case.session, case.renovation.id)
    return {unit: (each.fen, each.own) for unit, each in found.items()}


def table_hash(totals: Sequence[values.ShareTotal]) -> str:
    """SHA-256 of the totals, unit by unit: what the event keeps when rows are superseded."""
    rows = [[total.unit_number, total.amount_fen] for total in totals]
    return hashlib.sha256(
        json.dumps(rows, separators=(",", ":"), ensure_ascii=False).encode()
    ).hexdigest()


def _cost(content: SchemeContent) -> int:
    return sum(item.cost_fen for item in content.items)
