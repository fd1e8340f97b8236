"""What the cells of a `.pb` file say: the menu, the limits of a ballot, the ballots."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from formats.file_text import read_text
from formats.pabulib.election import Election
from formats.pabulib.shape import SHOWN, Section, Shape
from models.values.decisions.menu import (
    SECTIONS,
    BallotForm,
    Menu,
    MenuBallot,
    MenuItem,
    MenuRules,
    TallyUnit,
)

FORMS: Mapping[str, BallotForm] = {
    "approval": BallotForm.APPROVAL,
    "choose-1": BallotForm.APPROVAL,
    "ordinal": BallotForm.ORDINAL,
    "cumulative": BallotForm.CUMULATIVE,
    "scoring": BallotForm.CUMULATIVE,
}
COUNTS = {"num_projects": "PROJECTS", "num_votes": "VOTES"}
NOTHING = ("", "none")

_MONEY = re.compile(r"([0-9]{1,18})(?:[.,]([0-9]{1,9}))?")
_WHOLE = re.compile(r"([+-]?[0-9]{1,18})(?:\.0+)?")


def read_pabulib(data: bytes, name: str) -> Election:
    """The election in a file, UTF-8 with or without BOM, or GB18030.

    Raises:
        Refused: everything that is wrong, at most 100 problems; `where` is like
            "anin.pb line 31, section VOTES, field vote". Codes begin with `menu.pb_` or `file.`,
            and no problem repeats a voter.
    """
    shape = Shape(name)
    sections = shape.sections(read_text(data, name))
    shape.refuse()
    return _Reader(shape, sections).election()


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the cells of one file; the shape notes what is wrong with them."""

    shape: Shape
    sections: Mapping[str, Section]

    def election(self) -> Election:
        """What the sections say.

        Raises:
            Refused: everything that is wrong.
        """
        meta = self._meta(self.sections["META"])
        form = FORMS.get(meta.get("vote_type", ""))
        if form is None:
            expected = ", ".join(FORMS)
            self._meta_wrong("vote_type", "menu.pb_vote_type", expected=expected)
        self._counts(meta)
        menu = self._menu(meta, form or BallotForm.APPROVAL)
        self.shape.refuse()
        assert menu is not None
        ballots = self._ballots(self.sections["VOTES"], menu)
        self.shape.refuse()
        return Election(
            meta=self.sections["META"].table(),
            projects=self.sections["PROJECTS"].table(),
            votes=self.sections["VOTES"].table(),
            menu=menu,
            ballots=tuple(ballots),
        )

    def _meta(self, section: Section) -> dict[str, str]:
        """META by its keys, each once: of two values nobody knows which one holds."""
        first: dict[str, int] = {}
        for key, line in zip(section.cells("key"), section.lines, strict=True):
            if first.setdefault(key, line) != line:
                shown = key[:SHOWN]
                self.shape.wrong(
                    "menu.pb_key_twice", line, "META", shown, key=shown, first=first[key]
                )
        return dict(zip(section.cells("key"), section.cells("value"), strict=True))

    def _meta_wrong(self, key: str, code: str, **params: str | int) -> None:
        """A problem of a META value, on its line or, where there is none, on the heading's."""
        meta = self.sections["META"]
        keys = meta.cells("key")
        place = keys.index(key) if key in keys else None
        value = meta.cells("value")[place] if place is not None else ""
        line = meta.line if place is None else meta.lines[place]
        self.shape.wrong(code, line, "META", key, value=value[:SHOWN], key=key, **params)

    def _counts(self, meta: Mapping[str, str]) -> None:
        """What META counts is there: a truncated file is no election."""
        for key, section in COUNTS.items():
            have = len(self.sections[section].rows)
            if key in meta and _whole(meta[key]) != have:
                self._meta_wrong(key, "menu.pb_count", have=have, section=section)

    def _menu(self, meta: Mapping[str, str], form: BallotForm) -> Menu | None:
        projects = self.sections["PROJECTS"]
        costs = projects.cells("cost")
        limits = ("budget", "min_sum_cost", "max_sum_cost")
        money = [*costs, *(meta.get(key, "") for key in limits)]
        digits = max(
            len(match[2] or "") for cell in [*money, "0"] if (match := _MONEY.fullmatch(cell))
        )
        for key in limits:
            if (key == "budget" or meta.get(key)) and not _MONEY.fullmatch(meta.get(key, "")):
                self._meta_wrong(key, "menu.pb_not_money")
        rules = self._rules(meta, form, digits)
        items = self._items(projects, costs, digits)
        budget = _minor(meta.get("budget", ""), digits)
        if self.shape.found or budget is None or rules is None:
            return None
        return Menu(
            items=tuple(items), budget=budget, form=form, rules=rules, scale=int("1" + "0" * digits)
        )

    def _items(self, projects: Section, costs: Sequence[str], digits: int) -> list[MenuItem]:
        items: list[MenuItem] = []
        seen: dict[str, int] = {}
        titles = projects.cells("name")
        categories = projects.cells("category" if "category" in projects.columns else "categories")
        for row, item in enumerate(projects.cells("project_id")):
            line = projects.lines[row]
            cost = _minor(costs[row], digits)
            if cost is None:
                shown = costs[row][:SHOWN]
                self.shape.wrong(
                    "menu.pb_not_money", line, "PROJECTS", "cost", key="cost", value=shown
                )
            if item in seen:
                shown = item[:SHOWN]
                self.shape.wrong(
                    "menu.pb_project_twice",
                    line,
                    "PROJECTS",
                    "project_id",
                    item=shown,
                    first=seen[item],
                )
                continue
            seen[item] = line
            if not _is_id(item):
                self.shape.wrong(
                    "menu.pb_project_id", line, "PROJECTS", "project_id", item=item[:SHOWN]
                )
            elif cost is not None:
                items.append(
                    MenuItem(id=item, title=titles[row], cost=cost, category=categories[row])
                )
        return items

    def _rules(
        self,
        meta: Mapping[str, str],
        form: BallotForm,
        digits: int,
    ) -> MenuRules | None:
        """The limits of a ballot that META sets."""
        numbers: dict[str, int | None] = {}
        for key in (
            "min_length",
            "max_length",
            "min_points",
            "max_points",
            "min_sum_points",
            "max_sum_points",
            "min_project_score_threshold",
        ):
            numbers[key] = _whole(meta[key]) if meta.get(key) else None
            if meta.get(key) and numbers[key] is None:
                self._meta_wrong(key, "menu.pb_not_whole")
        for key in ("min_sum_cost", "max_sum_cost"):
            numbers[key] = _minor(meta[key], digits) if meta.get(key) else None
        if meta.get("vote_type") == "choose-1":
            numbers["max_length"] = numbers["max_length"] or 1
        least = numbers.pop("min_project_score_threshold")
        shortest = numbers.pop("min_length")
        if self.shape.found:
            return None
        return MenuRules.model_validate(
            {
                **{key: number for key, number in numbers.items() if number is not None},
                "min_length": 1 if shortest is None else max(shortest, 0),
                "min_score": max(least or 1, 1),
                "unit": _unit(self.sections["PROJECTS"].columns, form),
            }
        )

    def _ballots(self, votes: Section, menu: Menu) -> list[MenuBallot]:
        with_points = "points" in votes.columns and menu.form is not BallotForm.APPROVAL
        if menu.form is BallotForm.CUMULATIVE and not with_points:
            self.shape.wrong(
                "menu.pb_no_column", votes.line, "VOTES", "points", column="points", have=""
            )
            self.shape.refuse()
        points = votes.cells("points") if with_points else [""] * len(votes.rows)
        seen: dict[str, int] = {}
        ballots = []
        for row, (voter, vote) in enumerate(
            zip(votes.cells("voter_id"), votes.cells("vote"), strict=True)
        ):
            line = votes.lines[row]
            if not voter:
                self.shape.wrong("menu.pb_no_voter", line, "VOTES", "voter_id")
            elif seen.setdefault(voter, line) != line:
                self.shape.wrong(
                    "menu.pb_voter_twice", line, "VOTES", "voter_id", first=seen[voter]
                )
            items = self._chosen(vote, menu.costs, line)
            given = (
                self._points(points[row], len(items), line)
                if points[row] or (with_points and items and menu.form is BallotForm.CUMULATIVE)
                else ()
            )
            ballots.append(_ballot(menu.form, items, given))
        return ballots

    def _chosen(self, vote: str, costs: Mapping[str, int], line: int) -> tuple[str, ...]:
        """The works that a ballot names."""
        if vote in costs:
            return (vote,)
        if vote.casefold() in NOTHING:
            return ()
        items = tuple([item.strip() for item in vote.split(",")])
        for item in items:
            if item not in costs:
                self.shape.wrong(
                    "menu.pb_project_unknown", line, "VOTES", "vote", item=item[:SHOWN]
                )
        if len(set(items)) < len(items):
            twice = next(item for item in items if items.count(item) > 1)
            self.shape.wrong("menu.pb_vote_twice", line, "VOTES", "vote", item=twice[:SHOWN])
        return items

    def _points(self, text: str, need: int, line: int) -> tuple[int, ...]:
        """The points of a ballot's works, in their order."""
        cells = [] if text.casefold() in NOTHING else [cell.strip() for cell in text.split(",")]
        if len(cells) != need:
            self.shape.wrong(
                "menu.pb_points_count", line, "VOTES", "points", have=len(cells), need=need
            )
            return (0,) * need
        points = [_whole(cell) for cell in cells]
        if None in points:
            self.shape.wrong(
                "menu.pb_not_whole", line, "VOTES", "points", key="points", value=text[:SHOWN]
            )
        return tuple(each or 0 for each in points)


def _ballot(form: BallotForm, items: tuple[str, ...], points: tuple[int, ...]) -> MenuBallot:
    """Equal choices are equal ballots: only an ordinal ballot keeps the order of its works."""
    if form is BallotForm.ORDINAL or len(items) < 2:  # noqa: PLR2004
        return MenuBallot(items, points)
    if not points:
        return MenuBallot(tuple(sorted(items)))
    pairs = sorted(zip(items, points, strict=True))
    return MenuBallot(tuple(item for item, _ in pairs), tuple(each for _, each in pairs))


def _unit(columns: Sequence[str], form: BallotForm) -> TallyUnit:
    """The score if the file publishes one, else the votes, else what the form of ballot counts."""
    if "score" in columns:
        return TallyUnit.SCORE
    if "votes" in columns or form is BallotForm.APPROVAL:
        return TallyUnit.VOTES
    return TallyUnit.SCORE


def _is_id(text: str) -> bool:
    return bool(text) and "," not in text and text.isprintable() and text.upper() not in SECTIONS


def _minor(text: str, digits: int) -> int | None:
    """An amount in units of 10**-digits, exactly; None if it is none."""
    match = _MONEY.fullmatch(text)
    if match is None:
        return None
    return int(match[1] + (match[2] or "").ljust(digits, "0"))


def _whole(text: str) -> int | None:
    match = _WHOLE.fullmatch(text)
    return int(match[1]) if match else None
