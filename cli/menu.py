"""`menu`: count a menu vote (菜单式改造) from a Pabulib file and choose the works."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue
from rich.markup import escape
from rich.table import Table

from cli.inputs import read_file
from cli.shown import result_console
from formats.pabulib import Election, read_pabulib
from models.values.decisions.menu import (
    Completion,
    Menu,
    MenuOutcome,
    MenuRule,
    TieRule,
    Utility,
)
from rules.menu import counted, equal_shares, greedy


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("menu")(menu)


def menu(
    file: Annotated[Path, typer.Argument(help="An election as a Pabulib .pb file.")],
    rule: Annotated[MenuRule, typer.Option(help="How the works are chosen.")] = MenuRule.GREEDY,
    completion: Annotated[
        Completion, typer.Option(help="What equal shares does with money that is left.")
    ] = Completion.ADD1,
    utility: Annotated[
        Utility, typer.Option(help="What a supported work is worth under equal shares.")
    ] = Utility.COST,
    ties: Annotated[
        TieRule, typer.Option(help="Which of two equal works comes first.")
    ] = TieRule.LISTED,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Tally a menu vote and choose works within its budget."""
    election = read_pabulib(read_file(file), file.name)
    rules = election.menu.rules.model_copy(update={"ties": ties})
    menu_ = election.menu.model_copy(update={"rules": rules})
    ballots = counted(election.ballots)
    if rule is MenuRule.GREEDY:
        outcome = greedy(menu_, ballots)
    else:
        outcome = equal_shares(menu_, ballots, completion=completion, utility=utility)
    if as_json:
        shown = outcome_json(menu_, outcome, len(election.ballots))
        print(json.dumps(shown, ensure_ascii=False))
        return
    console = result_console()
    console.print(outcome_table(election, menu_, outcome))
    for line in outcome_lines(menu_, outcome, len(election.ballots)):
        console.print(escape(line), highlight=False)


def outcome_json(menu_: Menu, outcome: MenuOutcome, ballots: int) -> dict[str, JsonValue]:
    """An outcome for a program; money in currency units, whole or as exact text."""
    shares = outcome.rule is MenuRule.EQUAL_SHARES
    endowment = None if outcome.endowment is None else str(outcome.endowment / menu_.scale)
    return {
        "rule": outcome.rule.value,
        "completion": outcome.completion.value if shares else None,
        "tie_rule": outcome.tie_rule.value,
        "unit": outcome.unit.value,
        "ballots": ballots,
        "tally": dict(outcome.tally),
        "winners": list(outcome.winners),
        "cost": amount(outcome.cost, menu_.scale),
        "budget": amount(outcome.budget, menu_.scale),
        "endowment": endowment,
        "ties": [{"items": list(tie.items), "decisive": tie.decisive} for tie in outcome.ties],
    }


def outcome_table(election: Election, menu_: Menu, outcome: MenuOutcome) -> Table:
    """Every work with its tally, the most wanted first, winners marked with their turn."""
    published = election.published_winners()
    turns = {item: str(turn) for turn, item in enumerate(outcome.winners, start=1)}
    table = Table("work", outcome.unit.value, "cost", "wins", "published", "title")
    for item in sorted(menu_.items, key=lambda each: -outcome.tally[each.id]):
        table.add_row(
            escape(item.id),
            f"{outcome.tally[item.id]:,}",
            _grouped(amount(item.cost, menu_.scale)),
            turns.get(item.id, ""),
            _mark(published, item.id),
            escape(item.title),
        )
    return table


def outcome_lines(menu_: Menu, outcome: MenuOutcome, ballots: int) -> list[str]:
    """The figures under the table: money, rule, ties."""
    cost = _grouped(amount(outcome.cost, menu_.scale))
    budget = _grouped(amount(outcome.budget, menu_.scale))
    lines = [f"{ballots:,} ballots; {len(outcome.winners)} works for {cost} of {budget}"]
    rule = outcome.rule.value
    if outcome.endowment is not None:
        each = _grouped(_rounded_down(outcome.endowment / menu_.scale))
        rule += f", completion {outcome.completion.value}, {each} a voter"
    lines.append(f"rule {rule}; equal works: {outcome.tie_rule.value} first")
    lines += [
        f"equal: {', '.join(tie.items)}{' (the tie rule decided)' if tie.decisive else ''}"
        for tie in outcome.ties
    ]
    return lines


def amount(minor: int, scale: int) -> int | str:
    """Minor units as currency units: a whole number, or else exact decimals."""
    whole, part = divmod(minor, scale)
    return f"{whole}.{part:0{len(str(scale)) - 1}d}" if part else whole


def _rounded_down(value: Fraction) -> str:
    hundredths = int(value * 100)
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def _grouped(value: int | str) -> str:
    whole, dot, part = str(value).partition(".")
    return f"{int(whole):,}{dot}{part}"


def _mark(published: frozenset[str] | None, item: str) -> str:
    if published is None:
        return "-"
    return "yes" if item in published else ""
