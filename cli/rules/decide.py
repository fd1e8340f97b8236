"""`decide` and `packs`: any published vote under any rule of decision, without a server.

The input is the numbers of one vote (`rules.voting.inputs.facts`); a cap takes weights or lots instead.
Exit code 0 for every verdict; 1 when the input or the question is refused, each problem on a line.
"""

import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue

from cli.inputs import of_file, read_file
from cli.output import show, table
from cli.rules.decide_shown import (
    cap_json,
    cap_lines,
    concentration_json,
    menu_json,
    pack_rows,
    ruling_json,
    ruling_lines,
)
from cli.shown import words
from cli.words import Language, named, speak
from models.values.decisions.menu import Approval
from models.values.decisions.rules import Amounts, ChosenRule, Facts, RecordedDecision, Rule
from models.values.refusal import refusal, refuse_if_any
from rules.menu import greedy
from rules.voting.caps import apply_cap
from rules.voting.concentration import concentration
from rules.voting.inputs.caps import beyond_the_vote, cap_input, holdings_from
from rules.voting.inputs.facts import facts_from, read_json, read_object
from rules.voting.inputs.menu import disagreements_of, menu_from
from rules.voting.judging import judged
from rules.voting.law import TABLES
from rules.voting.options import as_decided, decide_menu, decide_options
from rules.voting.registry import (
    cap_named,
    rule_in,
    rule_named,
    table_in_force,
    table_named,
)
from rules.voting.settings import configured

STDIN = "-"


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("decide")(decide)
    app.command("packs")(packs)


def decide(  # noqa: PLR0917 - typer passes every option by its name
    pack: Annotated[str, typer.Option(help="A rule (FR.25), a cap, or a dated pack (CN-2021).")],
    input_: Annotated[str, typer.Option("--input", help="The vote's numbers as JSON; - is stdin.")],
    matter: Annotated[str, typer.Option(help="The matter, with a dated pack or a region.")] = "",
    on: Annotated[str, typer.Option(help="The day of the vote, YYYY-MM-DD.")] = "",
    after: Annotated[
        str, typer.Option(help="The rule of the first vote, if this is a second.")
    ] = "",
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A default [M] or [D].")
    ] = None,
    holders: Annotated[
        Path | None, typer.Option(help="JSON list of holders: concentration of voting power.")
    ] = None,
    as_class: Annotated[str, typer.Option(help="Another class, by a decision on record.")] = "",
    decided_by: Annotated[str, typer.Option(help="Who decided that.")] = "",
    decided_on: Annotated[str, typer.Option(help="When, YYYY-MM-DD.")] = "",
    document: Annotated[str, typer.Option(help="Where it is written.")] = "",
    language: Language = "",
) -> None:
    """What a rule says about a vote: verdict, every check with both numbers, what follows.

    Example: gongjian decide --pack CN-3707-2022 --input vote.json
    """
    speak(language)
    record = _record(as_class, decided_by, decided_on, document)
    settings = _pairs(set_ or [])
    day = _day(on, "--on") if on else None
    name = "stdin" if input_ == STDIN else input_
    if cap_named(pack) is None:
        chosen = _chosen(pack, matter, day, record)
        data = sys.stdin.buffer.read() if input_ == STDIN else read_file(Path(input_))
        _decide(chosen, data, name, settings, after, holders)
    else:
        data = sys.stdin.buffer.read() if input_ == STDIN else read_file(Path(input_))
        _cap(pack, data, name)


def packs() -> None:
    """Every rule, cap and dated pack with its law, its dates and how certain they are.

    Example: gongjian packs
    """
    rows = pack_rows()
    columns = ("valid_from", "valid_until", "confidence", "law")
    cells = (
        (
            str(row["id"]),
            named("law_kind", str(row["kind"])),
            *(str(row[column] or "-") for column in columns),
        )
        for row in rows
    )
    show(rows, lambda: [table(words("id kind valid_from until confidence law"), cells)])


def _decide(
    chosen: ChosenRule,
    data: bytes,
    name: str,
    settings: dict[str, str],
    after: str,
    holders: Path | None,
) -> None:
    rule = configured(chosen.rule, settings)
    value = read_object(data, name)
    asked = value.pop("menu", None)
    facts = facts_from(value, name)
    with of_file(name):
        ruling = judged(rule, facts, after=after or None)
        options = None if facts.options is None else decide_options(rule, facts.options, facts)
    shown = ruling_json(rule, facts, as_decided(ruling, options), options)
    if asked is not None:
        shown |= _menu(rule, asked, facts, name)
    if chosen.table:
        shown["chosen"] = chosen.model_dump(mode="json", exclude={"rule"})
    if settings:
        shown["settings"] = dict(settings)
    if holders is not None:
        holdings = holdings_from(read_json(read_file(holders), str(holders)), str(holders))
        refuse_if_any(beyond_the_vote(holdings, facts, str(holders)))
        shown["concentration"] = concentration_json(concentration(rule, facts, holdings))
    show(shown, lambda: ruling_lines(shown))


def _menu(rule: Rule, asked: object, facts: Facts, name: str) -> dict[str, JsonValue]:
    """Which works may be chosen and which of them greedy takes within the budget."""
    numbers = menu_from(asked, name)
    refuse_if_any(disagreements_of(numbers, facts, name))
    if numbers.approval is Approval.EACH and (facts.yes != Amounts() or facts.no != Amounts()):
        raise refusal("decide.menu_and", where=f"{name}: yes, no")
    found = decide_menu(rule, numbers.approval, numbers.support, facts)
    sure = found.verdict == "PASS"
    outcome = greedy(numbers.menu, numbers.ballots(), only=found.able if sure else ())
    return menu_json(numbers.approval, found, outcome)


def _cap(pack: str, data: bytes, name: str) -> None:
    cap = cap_named(pack)
    assert cap is not None
    given = cap_input(cap, read_object(data, name), name)
    with of_file(name):
        result = apply_cap(cap, given.shares, original_owner=given.original_owner, lots=given.lots)
    shown = cap_json(cap, result)
    show(shown, lambda: cap_lines(shown))


def _chosen(pack: str, matter: str, on: date | None, record: RecordedDecision | None) -> ChosenRule:
    """The rule that `--pack` means: itself, or that of a matter in a dated pack or a region."""
    table = table_named(pack)
    if table is None and any(each.region == pack for each in TABLES):
        table = table_in_force(pack, _needed_day(on))
    if table is None:
        rule = rule_named(pack, on)
        if matter or record:
            raise refusal("decide.matter_not_wanted", pack=pack)
        return ChosenRule(rule=rule, table="", matter="", cls="", legal_cls="", article="")
    if on is not None and not table.in_force(on):
        until = table.valid_until.isoformat() if table.valid_until else "-"
        days = {"since": table.valid_from.isoformat(), "until": until, "on": on.isoformat()}
        raise refusal("decide.not_in_force", pack=table.id, **days)
    if not matter:
        known = ", ".join(sorted(each.matter for each in table.matters))
        raise refusal("decide.matter_needed", where="--matter", pack=table.id, known=known)
    return rule_in(table, matter, on, record)


def _record(cls: str, by: str, on: str, document: str) -> RecordedDecision | None:
    given = [each.strip() for each in (cls, by, on, document)]
    if not any(given):
        return None
    if not all(given):
        raise refusal("decide.override_incomplete", where="--as-class")
    return RecordedDecision(
        cls=given[0],
        decided_by=given[1],
        decided_on=_day(given[2], "--decided-on"),
        document=given[3],
    )


def _needed_day(on: date | None) -> date:
    if on is None:
        raise refusal("decide.day_invalid", where="--on", value="")
    return on


def _day(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise refusal("decide.day_invalid", where=where, value=text[:40]) from None


def _pairs(given: list[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for pair in given:
        name, sign, value = pair.partition("=")
        if not sign or not name:
            raise refusal("cases.pair_invalid", where=pair, pair=pair)
        pairs[name] = value
    return pairs
