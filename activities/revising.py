"""A revised scheme: checked like that of an opening, written as the next version, and told as a difference."""

from dataclasses import dataclass

from pydantic import JsonValue

from activities.cost_sharing.rows import share_units
from activities.recording import Case
from activities.suggestions import drop_from_scheme
from activities.voting.series import gap_was_left, levy_may_be_asked
from formats.renovation_file.foreseen import scheme_warnings
from formats.renovation_file.reading import check_scheme
from models.messages.acts import ReviseScheme
from models.tables import Estate, Scheme
from models.values.refusal import Problem, refusal
from models.values.scheme import Change
from rules import revision
from rules.voting import pack_for


@dataclass(frozen=True, kw_only=True)
class RevisedScheme:
    """The next version and what is different in it; money in fen."""

    version: int
    budget_before_fen: int
    budget_fen: int
    changes: tuple[Change, ...]
    warnings: tuple[Problem, ...]
    suggestions: tuple[str, ...]
    """What residents suggested and this version has no more; they are owed a reply again."""

    def details(self, act: ReviseScheme) -> dict[str, JsonValue]:
        """The details of the event."""
        return {
            "version": self.version,
            "dropped": list(act.drop_items),
            "levy": act.owners_limit_fen is not None,
            "budget_before_fen": self.budget_before_fen,
            "budget_fen": self.budget_fen,
            "changes": [change.model_dump(mode="json") for change in self.changes],
            "warnings": [warning.model_dump(mode="json") for warning in self.warnings],
            "reason": act.reason,
            **({"suggestions_dropped": [*self.suggestions]} if self.suggestions else {}),
        }


async def revise(case: Case, act: ReviseScheme) -> RevisedScheme:
    """Write the next version of the scheme.

    Raises:
        Refused: what `rules.revision.revised` and `check_scheme` find; `renovation.levy_not_asked`;
            `renovation.gap_remains` when nobody paid for a gap and it is still there.
    """
    number, before = await case.scheme()
    row = await case.session.get_one(Scheme, (case.renovation.id, number))
    if act.owners_limit_fen is not None and not await levy_may_be_asked(case):
        raise refusal("renovation.levy_not_asked", where="owners_limit_fen")
    after = revision.revised(before, act)
    budget_fen = revision.revised_budget_fen(row.budget_fen, before, after, act)
    if act.scheme is not None:
        units = await share_units(case)
        estate = await case.session.get_one(Estate, case.renovation.estate_id)
        pack = pack_for(case.renovation.rule_pack)
        check_scheme(after, budget_fen, case.timetable, units, estate.name, pack)
    if await gap_was_left(case):
        revision.refuse_same_gap(revision.settled(after, adopted=True))
    case.session.add(
        Scheme(
            renovation_id=case.renovation.id,
            version=number + 1,
            title=act.title or row.title,
            content=after.model_dump(mode="json"),
            budget_fen=budget_fen,
            created_at=case.now,
        )
    )
    return RevisedScheme(
        version=number + 1,
        suggestions=await drop_from_scheme(case, after),
        budget_before_fen=row.budget_fen,
        budget_fen=budget_fen,
        changes=(*_title(row.title, act.title), *revision.differences(before, after)),
        warnings=scheme_warnings(after) if act.scheme is not None else (),
    )


def _title(before: str, after: str) -> tuple[Change, ...]:
    return (Change(what="title", before=before, after=after),) if after not in ("", before) else ()
