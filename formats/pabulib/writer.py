"""Writing `.pb` files, also from a menu and ballots of our own."""

import re
from collections.abc import Mapping, Sequence

from formats.pabulib.election import Election, SectionTable
from formats.pabulib.reader import read_pabulib
from models.values.decisions.menu import (
    SECTIONS,
    BallotForm,
    Menu,
    MenuBallot,
    MenuRules,
    TallyUnit,
)
from models.values.refusal import refusal
from rules.menu.tally import counted, points_of, tally

SPECIAL = re.compile(r'[;"\r\n]')


def write_pabulib(election: Election) -> bytes:
    """The file of an election, UTF-8 with LF; read again it is the same election."""
    return _file(election.meta, election.projects, election.votes)


def _file(meta: SectionTable, projects: SectionTable, votes: SectionTable) -> bytes:
    lines = []
    for section, table in (("META", meta), ("PROJECTS", projects), ("VOTES", votes)):
        lines += [section, *(";".join(map(_cell, row)) for row in (table.columns, *table.rows))]
    return "".join(f"{line}\n" for line in lines).encode()


def _cell(text: str) -> str:
    """Quoted where it must be; csv.writer would leave a lone carriage return bare."""
    if SPECIAL.search(text):
        return '"' + text.replace('"', '""') + '"'
    return text


def as_election(
    menu: Menu,
    ballots: Mapping[str, MenuBallot],
    winners: Sequence[str] = (),
    about: Mapping[str, str] | None = None,
) -> Election:
    """The election of our own menu and ballots, by pseudonym, as a reader of its file sees it.

    The points of ordinal ballots are written out, so that the file says how they were scored.
    `about` are more META entries, like description and country.

    Raises:
        Refused: `menu.pb_voter_id` for a pseudonym that a file cannot hold.
    """
    for number, voter in enumerate(ballots, start=1):
        if not voter or voter != voter.strip() or not voter.isprintable() or voter in SECTIONS:
            raise refusal("menu.pb_voter_id", where=f"ballot {number}", number=number)
    meta = _meta(menu, len(ballots), about or {})
    content = _file(meta, _projects(menu, ballots, winners), _votes(menu, ballots))
    return read_pabulib(content, "export.pb")


def _meta(menu: Menu, ballots: int, about: Mapping[str, str]) -> SectionTable:
    rules = menu.rules
    entries = {
        **about,
        "num_projects": str(len(menu.items)),
        "num_votes": str(ballots),
        "budget": _money(menu.budget, menu.scale),
        "vote_type": menu.form.value,
        "rule": about.get("rule", "greedy"),
        "min_length": str(rules.min_length),
        **_limits(rules, menu.scale),
    }
    return SectionTable(("key", "value"), tuple(entries.items()))


def _limits(rules: MenuRules, scale: int) -> dict[str, str]:
    limits = {
        "max_length": rules.max_length,
        "min_points": rules.min_points,
        "max_points": rules.max_points,
        "min_sum_points": rules.min_sum_points,
        "max_sum_points": rules.max_sum_points,
    }
    entries = {name: str(limit) for name, limit in limits.items() if limit is not None}
    for name, cost in (("min_sum_cost", rules.min_sum_cost), ("max_sum_cost", rules.max_sum_cost)):
        if cost is not None:
            entries[name] = _money(cost, scale)
    if rules.min_score > 1:
        entries["min_project_score_threshold"] = str(rules.min_score)
    return entries


def _projects(
    menu: Menu, ballots: Mapping[str, MenuBallot], winners: Sequence[str]
) -> SectionTable:
    figures = tally(menu, counted(ballots.values()))
    score = menu.unit is TallyUnit.SCORE
    columns = ("project_id", "cost", "votes", *(("score",) if score else ()))
    rows = []
    for item in menu.items:
        numbers = [figures.votes[item.id], *((figures.score[item.id],) if score else ())]
        mark = "1" if item.id in winners else "0"
        cost = _money(item.cost, menu.scale)
        rows.append((item.id, cost, *map(str, numbers), item.title, item.category, mark))
    return SectionTable((*columns, "name", "category", "selected"), tuple(rows))


def _votes(menu: Menu, ballots: Mapping[str, MenuBallot]) -> SectionTable:
    rows = [(voter, ",".join(ballot.items)) for voter, ballot in ballots.items()]
    if menu.form is BallotForm.APPROVAL:
        return SectionTable(("voter_id", "vote"), tuple(rows))
    points = (",".join(map(str, points_of(menu, ballot))) for ballot in ballots.values())
    return SectionTable(
        ("voter_id", "vote", "points"),
        tuple((*row, each) for row, each in zip(rows, points, strict=True)),
    )


def _money(amount: int, scale: int) -> str:
    """The amount in currency units with as many decimals as the scale has, so that it is kept."""
    digits = len(str(scale)) - 1
    whole, part = divmod(amount, scale)
    return f"{whole}.{part:0{digits}d}" if digits else str(whole)
