"""`menu`: count a menu vote (菜单式改造) from a Pabulib file and choose the works."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer
from pydantic import JsonValue

from cli.inputs import read_file
from cli.output import show, table
from cli.shown import words
from cli.words import named, number_of, said, spoken_here
from formats.pabulib import FILE_RULES, Election, FileRule, read_pabulib
from models.values.decisions.menu import (
    Approval,
    Completion,
    Menu,
    MenuOutcome,
    MenuRule,
    TieRule,
    Utility,
)
from models.values.decisions.rules import DIMENSIONS, Amounts
from models.values.refusal import Problem, problem, refusal, refuse_if_any
from rules.menu import beyond_limits, counted, equal_shares, greedy, supported
from rules.voting.inputs.facts import facts_from, read_object
from rules.voting.inputs.menu import MenuNumbers, disagreements_of
from rules.voting.numbers import total
from rules.voting.options import MenuRuling, decide_menu
from rules.voting.registry import rule_named
from runtime.language.sentences import sentence

if TYPE_CHECKING:
    from rich.table import Table

SHOWN = 40
MOST_NAMED = 10
"""So many works are named in a note; of more the rest is not."""


class Chosen(NamedTuple):
    """How the works are chosen: the method, and what the reader must know about it."""

    rule: FileRule
    by_file: bool
    """It is the file's own: the published winners are to be the same."""
    notes: tuple[Problem, ...]


class Approved(NamedTuple):
    """Which works the owners have approved by a rule of law."""

    pack: str
    approval: Approval
    found: MenuRuling
    support: Mapping[str, Amounts]


CONTRADICTED = frozenset({"menu.tally_differs", "menu.winners_differ"})
"""The file says itself what came of its ballots, and that is not what they give."""


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("menu")(menu)


def menu(
    file: Annotated[Path, typer.Argument(help="An election as a Pabulib .pb file.")],
    rule: Annotated[
        MenuRule | None, typer.Option(help="How the works are chosen; else as the file says.")
    ] = None,
    completion: Annotated[
        Completion | None, typer.Option(help="What equal shares does with money that is left.")
    ] = None,
    utility: Annotated[
        Utility, typer.Option(help="What a supported work is worth under equal shares.")
    ] = Utility.COST,
    ties: Annotated[
        TieRule, typer.Option(help="Which of two equal works comes first.")
    ] = TieRule.LISTED,
    pack: Annotated[
        str, typer.Option(help="A rule of law (CN.278.major): only what it approves may be chosen.")
    ] = "",
    input_: Annotated[
        Path | None, typer.Option("--input", help="With it: the vote's numbers as for decide.")
    ] = None,
    approval: Annotated[
        Approval, typer.Option(help="Each work by its supporters, or the whole by one question.")
    ] = Approval.EACH,
) -> None:
    """Tally a menu vote and choose works within its budget.

    Example: gongjian menu election.pb --rule equal-shares
    """
    election = read_pabulib(read_file(file), file.name)
    chosen = _method(election, rule, completion, file.name)
    rules = election.menu.rules.model_copy(update={"ties": ties})
    menu_ = election.menu.model_copy(update={"rules": rules})
    approved = _approved(election, pack, input_, approval)
    outcome = _outcome(menu_, election, chosen.rule, utility, approved)
    notes = [*chosen.notes, *_notes(election, outcome, chosen, approved)]
    ballots = len(election.ballots)
    shown = outcome_json(menu_, outcome, ballots)
    shown |= {"rule_of_file": election.rule_name() or None, **_law_json(approved)}
    shown["notes"] = [{"code": note.code, "sentence": sentence(note)} for note in notes]
    show(
        shown,
        lambda: [
            outcome_table(election, menu_, outcome),
            *outcome_lines(menu_, outcome, ballots),
            *(sentence(note, spoken_here()) for note in notes),
        ],
    )
    if any(note.code in CONTRADICTED for note in notes):
        raise typer.Exit(1)


def _method(
    election: Election, rule: MenuRule | None, completion: Completion | None, file: str
) -> Chosen:
    """The file's own rule unless another one is asked for.

    Raises:
        Refused: `menu.rule_unknown` for a rule of the file that is not carried.
    """
    name = election.rule_name()
    own = FILE_RULES.get(name.casefold())
    notes: list[Problem] = []
    if rule is None and own is None and name:
        known = ", ".join(FILE_RULES)
        where = f"{file} section META, field rule"
        raise refusal("menu.rule_unknown", where=where, rule=name[:SHOWN], known=known)
    if rule is None and own is None:
        notes.append(problem("menu.rule_not_said", rule=MenuRule.GREEDY.value))
    asked = own or FileRule(MenuRule.GREEDY)
    if rule is not None and (rule is not asked.rule or not asked.skip):
        asked = FileRule(rule, Completion.ADD1)
    if completion is not None:
        asked = asked._replace(completion=completion)
    if name and asked != own:
        words = {"of_file": name[:SHOWN], "rule": asked.rule.value}
        notes.append(problem("menu.rule_other", **words))
    return Chosen(asked, asked == own, tuple(notes))


def _approved(
    election: Election, pack: str, input_: Path | None, approval: Approval
) -> Approved | None:
    """What the law says about each work, by the ballots of the file and the numbers around them."""
    if not pack and input_ is None:
        return None
    if not pack or input_ is None:
        raise refusal("menu.law_incomplete", where="--pack, --input")
    facts = facts_from(read_object(read_file(input_), str(input_)), str(input_))
    support, answered = _support(election)
    if approval is Approval.EACH and facts.participating == Amounts():
        part = {each: total(answered.of(each), facts.abstain.of(each)) for each in DIMENSIONS}
        facts = facts.model_copy(update={"participating": Amounts.model_validate(part)})
    numbers = MenuNumbers(election.menu, approval, support)
    refuse_if_any(disagreements_of(numbers, facts, str(input_)))
    return Approved(
        pack, approval, decide_menu(rule_named(pack), approval, support, facts), support
    )


def _support(election: Election) -> tuple[dict[str, Amounts], Amounts]:
    """The supporters of each work and all ballots, in heads and, where every ballot says it, in area."""
    areas = election.area_of_ballots()
    known = areas is not None and None not in areas
    weights = [each or 0 for each in areas] if areas and known else [0] * len(election.ballots)
    sums = {name: [0, 0] for name in election.menu.costs}
    for ballot, area in zip(election.ballots, weights, strict=True):
        for name in supported(election.menu, ballot):
            sums[name][0] += 1
            sums[name][1] += area

    def amounts(heads: int, area: int) -> Amounts:
        return Amounts(head=heads, area=area if known else None)

    everybody = amounts(len(election.ballots), sum(weights))
    return {name: amounts(*both) for name, both in sums.items()}, everybody


def _outcome(
    menu_: Menu,
    election: Election,
    asked: FileRule,
    utility: Utility,
    approved: Approved | None,
) -> MenuOutcome:
    ballots = counted(election.ballots)
    only = None
    if approved is not None:
        only = approved.found.able if approved.found.verdict == "PASS" else frozenset[str]()
    if asked.rule is MenuRule.GREEDY:
        return greedy(menu_, ballots, only=only, skip=asked.skip)
    return equal_shares(menu_, ballots, completion=asked.completion, utility=utility, only=only)


def _notes(
    election: Election, outcome: MenuOutcome, chosen: Chosen, approved: Approved | None
) -> Iterator[Problem]:
    """What must be said beside the result: nothing to spend, nobody voted, published otherwise."""
    if not outcome.budget:
        yield problem("menu.budget_zero")
    if not election.ballots:
        yield problem("menu.nobody_voted")
    elif not outcome.winners:
        yield problem("menu.nothing_chosen")
    beyond, limits = beyond_limits(election.menu, counted(election.ballots))
    if beyond:
        yield problem("menu.ballots_beyond", count=beyond, limits=", ".join(limits))
    if approved is not None:
        barred = [name for name in election.menu.costs if name not in approved.found.able]
        if barred:
            yield problem("menu.not_approved", works=_few(barred))
    published = election.published_tally() or {}
    other = [
        f"{name} {'?' if said is None else said} ({outcome.tally[name]})"
        for name, said in published.items()
        if said != outcome.tally[name]
    ]
    if other:
        yield problem("menu.tally_differs", count=len(other), works=_few(other))
    winners = election.published_winners()
    if winners is not None and chosen.by_file and approved is None:
        odd = [
            name for name in election.menu.costs if (name in winners) != (name in outcome.winners)
        ]
        if odd:
            yield problem("menu.winners_differ", works=_few(odd))


def _few(words: Sequence[str]) -> str:
    return ", ".join([*words[:MOST_NAMED], *(["…"] if len(words) > MOST_NAMED else [])])


def _law_json(approved: Approved | None) -> dict[str, JsonValue]:
    """By which law works may be chosen; of each work its supporters, the verdict and every check."""
    if approved is None:
        return {}
    found = approved.found
    rulings = {"": found.ruling} if found.ruling is not None else found.works
    shown: dict[str, JsonValue] = {
        name: {
            "verdict": ruling.verdict,
            "supporters": approved.support[name].model_dump(mode="json") if name else None,
            "checks": [check.model_dump(mode="json") for check in ruling.checks],
        }
        for name, ruling in rulings.items()
    }
    law: dict[str, JsonValue] = {
        "pack": approved.pack,
        "approval": approved.approval.value,
        "verdict": found.verdict,
        "may_be_chosen": [*sorted(found.able)],
    }
    return {"law": {**law, **({"question": shown[""]} if "" in shown else {"works": shown})}}


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


def outcome_table(election: Election, menu_: Menu, outcome: MenuOutcome) -> "Table":
    """Every work with its tally, the most wanted first, winners marked with their turn."""
    published = election.published_winners()
    turns = {item: str(turn) for turn, item in enumerate(outcome.winners, start=1)}
    unit = named("unit", outcome.unit.value)
    rows = [
        (
            item.id,
            f"{outcome.tally[item.id]:,}",
            _grouped(amount(item.cost, menu_.scale)),
            turns.get(item.id, ""),
            _mark(published, item.id),
            item.title,
        )
        for item in sorted(menu_.items, key=lambda each: -outcome.tally[each.id])
    ]
    return table([said("line.work"), unit, *words("cost wins published title")], rows)


def outcome_lines(menu_: Menu, outcome: MenuOutcome, ballots: int) -> list[str]:
    """The figures under the table: money, rule, ties."""
    cost = _grouped(amount(outcome.cost, menu_.scale))
    budget = _grouped(amount(outcome.budget, menu_.scale))
    counts = {
        "ballots": number_of("ballots", ballots),
        "works": number_of("works", len(outcome.winners)),
    }
    lines = [said("line.chosen_for", **counts, cost=cost, budget=budget)]
    rule = named("menu_rule", outcome.rule.value)
    if outcome.endowment is not None:
        each = _grouped(_rounded_down(outcome.endowment / menu_.scale))
        completion = named("completion", outcome.completion.value)
        rule = said("line.rule_shares", rule=rule, completion=completion, each=each)
    lines.append(said("line.rule_used", rule=rule, ties=named("ties", outcome.tie_rule.value)))
    for tie in outcome.ties:
        code = "line.equal_decided" if tie.decisive else "line.equal"
        lines.append(said(code, works=", ".join(tie.items)))
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
    return said("line.yes") if item in published else ""
