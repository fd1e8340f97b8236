"""Another vote: whether there may be one, the revised scheme, and the extra levy (E1, E12)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction

from pydantic import JsonValue

from models.messages.acts import ReviseScheme
from models.values.cost_sharing import Rounding
from models.values.decisions.decision import Check, Decision
from models.values.refusal import refusal
from models.values.scheme import Change, SchemeContent
from models.values.timetable import Timetable
from models.values.voting import Matter, Motion, MotionKind
from rules.checks import check, decide
from rules.cost_sharing import gap_fen, gap_plan, waterfall, without_items

DAY = timedelta(days=1)
LEVY = "levy"
"""The id of the only motion of a vote on an extra levy."""
NAMES = ("id", "indicator", "floor")
"""What tells the entries of a list apart."""


def another_vote(
    failed: int,
    first_at: datetime | None,
    now: datetime,
    ends_at: datetime | None,
    limits: Timetable,
) -> Decision:
    """Whether the matter may be put to another vote: fewer failed than the limit, within the time.

    `failed` counts the votes that failed since the owners last adopted something: one that was adopted
    is no failed vote. `first_at` is when the first of them was announced and `ends_at` when the time for
    all of them is over (both None before there was one).
    """
    checks = [
        check("renovation.votes_failed", "rules 8, E1", failed, "<", limits.re_vote_limit, "votes")
    ]
    if first_at is not None and ends_at is not None:
        checks.append(
            Check(
                code="renovation.vote_span",
                article="rules 8, E1",
                have=Fraction((now - first_at) // DAY),
                op="<",
                need=Fraction((ends_at - first_at) // DAY),
                unit="days",
                passed=now < ends_at,
            )
        )
    return decide(*checks)


def revised(content: SchemeContent, act: ReviseScheme) -> SchemeContent:
    """The scheme that is put to the owners next: without some items, another one, or with a levy.

    Raises:
        Refused: `renovation.revision_mixed`; an unknown item, or all of them, as
            `cost_sharing.without_items` says; what `with_levy` refuses.
    """
    _refuse_mixed(act)
    if act.owners_limit_fen is not None:
        return with_levy(content, act.owners_limit_fen)
    if act.scheme is not None:
        return _rounded_no_worse(content, act.scheme)
    return without_items(content, act.drop_items) if act.drop_items else content


def _rounded_no_worse(before: SchemeContent, after: SchemeContent) -> SchemeContent:
    """A revision that does not say how fen are rounded does not leave the rounding of the whole bill."""
    kept = before.rounding if after.rounding is Rounding.PER_ITEM else after.rounding
    return after.model_copy(update={"rounding": kept})


def revised_budget_fen(
    budget_fen: int, before: SchemeContent, after: SchemeContent, act: ReviseScheme
) -> int:
    """The budget that the act gives; else that of before, less the cost of the items left out.

    It is never below what is still to be built.
    """
    if act.scheme is not None:
        return budget_fen if act.budget_fen is None else act.budget_fen
    cost = sum(item.cost_fen for item in before.items)
    left = sum(item.cost_fen for item in after.items)
    return max(budget_fen - (cost - left), left)


def with_levy(content: SchemeContent, limit_fen: int) -> SchemeContent:
    """The adopted scheme with an extra levy to be voted on, which closes the gap if it is adopted.

    Raises:
        Refused: `cost_sharing.no_gap`; `renovation.levy_too_small` with both numbers.
    """
    if not missing_fen(content):
        raise refusal("cost_sharing.no_gap", where="owners_limit_fen")
    gap = gap_fen(waterfall(content.items, content.funding))
    levied = content.model_copy(update={"levy_limit_fen": limit_fen})
    if missing_fen(settled(levied, adopted=True)):
        raise refusal(
            "renovation.levy_too_small", where="owners_limit_fen", have=limit_fen, need=gap
        )
    return levied


def missing_fen(content: SchemeContent) -> int:
    """What is missing above the owners' limit after the sources and without the optional items."""
    return gap_plan(content.items, content.funding, content.owners_limit_fen).missing_fen


def refuse_same_gap(content: SchemeContent) -> None:
    """No money was found for a gap: what is put to the owners next must not have it again.

    Raises:
        Refused: `renovation.gap_remains`.
    """
    missing = missing_fen(content)
    if missing:
        limit = content.owners_limit_fen or 0
        where = "scheme.owners_limit_fen"
        raise refusal("renovation.gap_remains", where=where, missing=missing, limit=limit)


def motions_to_put(content: SchemeContent) -> tuple[Motion, ...]:
    """What the owners vote on: the extra levy alone, where there is one; else the scheme's motions.

    To raise money for the works is a major matter (Civil Code art. 278(1) item 6, V-CN-1; E12).
    """
    limit = content.levy_limit_fen
    if limit is None:
        return content.motions
    before, after = _yuan(content.owners_limit_fen or 0), _yuan(limit)
    title = (
        f"追加分摊：业主分摊上限由 {before} 元提高到 {after} 元"
        f" / Extra levy: the owners carry at most {after} yuan instead of {before}"
    )
    return (Motion(id=LEVY, title=title, kind=MotionKind.MAJOR, matter=Matter.FUND_RAISE),)


def settled(content: SchemeContent, *, adopted: bool) -> SchemeContent:
    """The scheme after the vote on its levy: with the higher limit, or as it was before."""
    if content.levy_limit_fen is None:
        return content
    limit = content.levy_limit_fen if adopted else content.owners_limit_fen
    return content.model_copy(update={"levy_limit_fen": None, "owners_limit_fen": limit})


def differences(before: SchemeContent, after: SchemeContent) -> tuple[Change, ...]:
    """What was added, removed and changed, with both values; entries of lists by their ids."""
    return tuple(_changes("", before.model_dump(mode="json"), after.model_dump(mode="json")))


def _changes(at: str, before: JsonValue, after: JsonValue) -> Iterator[Change]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys((*before, *after)):
            yield from _changes(f"{at}.{key}", before.get(key), after.get(key))
        return
    old, new = _named(before), _named(after)
    if old is None or new is None:
        yield Change(what=at.removeprefix("."), before=before, after=after)
        return
    for name in dict.fromkeys((*old, *new)):
        yield from _changes(f"{at}[{name}]", old.get(name), new.get(name))
    were, are = (
        [name for name in names if name in old.keys() & new.keys()] for names in (old, new)
    )
    if were != are:
        yield Change(what=f"{at}.order".removeprefix("."), before=[*were], after=[*are])


def _named(value: JsonValue) -> dict[str, JsonValue] | None:
    """The entries of a list by what tells them apart; None for what is no list of such entries."""
    if not isinstance(value, list):
        return None
    named: dict[str, JsonValue] = {}
    for entry in value:
        names = [name for name in NAMES if name in entry] if isinstance(entry, dict) else []
        if not isinstance(entry, dict) or not names or str(entry[names[0]]) in named:
            return None
        named[str(entry[names[0]])] = entry
    return named


def _refuse_mixed(act: ReviseScheme) -> None:
    given = {
        "scheme": act.scheme is not None,
        "drop_items": bool(act.drop_items),
        "owners_limit_fen": act.owners_limit_fen is not None,
    }
    fields = [name for name, there in given.items() if there]
    if act.budget_fen is not None and act.scheme is None:
        raise refusal("renovation.budget_without_scheme", where="budget_fen")
    if len(fields) > 1:
        raise refusal("renovation.revision_mixed", where=fields[1], one=fields[0], other=fields[1])


def _yuan(fen: int) -> str:
    return f"{fen // 100:,}.{fen % 100:02d}"
