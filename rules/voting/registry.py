"""Finding the law: a rule by its id and day, and by place, matter and day."""

from collections.abc import Iterable
from datetime import date

from models.values.decisions.rules import Cap, ChosenRule, MatterTable, RecordedDecision, Rule
from models.values.refusal import refusal
from rules.voting.law import CAPS, RULES, TABLES


def rule_named(rule_id: str, on: date | None = None, rules: Iterable[Rule] = RULES) -> Rule:
    """The rule with this id: the version in force on a day, else the newest.

    Raises:
        Refused: `voting.pack_unknown`, or `decide.not_in_force` when it was not law on that day.
    """
    versions = [rule for rule in rules if rule.id == rule_id]
    if not versions:
        raise refusal("voting.pack_unknown", pack=rule_id)
    newest = max(versions, key=lambda rule: (rule.valid_from, rule.version))
    if on is None:
        return newest
    in_force = [rule for rule in versions if rule.in_force(on)]
    if in_force:
        return max(in_force, key=lambda rule: (rule.valid_from, rule.version))
    until = newest.valid_until.isoformat() if newest.valid_until else "-"
    first = min(rule.valid_from for rule in versions).isoformat()
    raise refusal("decide.not_in_force", pack=rule_id, on=on.isoformat(), since=first, until=until)


def cap_named(cap_id: str) -> Cap | None:
    """The cap with this id, or None."""
    return next((cap for cap in CAPS if cap.id == cap_id), None)


def table_named(table_id: str) -> MatterTable | None:
    """The dated mapping with this id, or None."""
    return next((table for table in TABLES if table.id == table_id), None)


def table_in_force(
    jurisdiction: str, on: date, tables: Iterable[MatterTable] = TABLES
) -> MatterTable:
    """The mapping of a place on a day; the nation's where a city ("CN-3707") has none of its own.

    Raises:
        Refused: `voting.pack_unknown` when no law is known for that place and day.
    """
    known = tuple(tables)
    for place in dict.fromkeys((jurisdiction, jurisdiction.partition("-")[0])):
        found = [table for table in known if table.region == place and table.in_force(on)]
        if found:
            return max(found, key=lambda table: (table.valid_from, table.version))
    name = f"{jurisdiction} {on.isoformat()}"
    raise refusal("voting.pack_unknown", pack=name)


# waits for votes under the law of other places
def rule_for(
    jurisdiction: str, matter: str, on: date, override: RecordedDecision | None = None
) -> ChosenRule:
    """The rule that a matter needs in a place on a day (matter -> class -> rule).

    `override` is a decision on record to use another class; the answer keeps who decided, when,
    in which document. It may choose a stricter class; a milder one only where the law of the place
    leaves that to the owners (`may_undercut`).

    Raises:
        Refused: `voting.pack_unknown`, `decide.matter_unknown`, `decide.class_unknown`,
            `decide.undercut`, `decide.decided_later` (the record is younger than the vote).
    """
    return rule_in(table_in_force(jurisdiction, on), matter, on, override)


def rule_in(
    table: MatterTable,
    matter: str,
    on: date | None = None,
    override: RecordedDecision | None = None,
    rules: Iterable[Rule] = RULES,
) -> ChosenRule:
    """`rule_for` within one mapping; without a day, as of the mapping's own.

    Raises:
        Refused: as `rule_for`.
    """
    entry = next((entry for entry in table.matters if entry.matter == matter), None)
    if entry is None:
        known = ", ".join(sorted(entry.matter for entry in table.matters))
        raise refusal("decide.matter_unknown", matter=matter, pack=table.id, known=known)
    cls = entry.cls if override is None else _overridden(table, entry.cls, on, override)
    rule_id = next(each.rule for each in table.classes if each.cls == cls)
    day = on or max(table.valid_from, min(r.valid_from for r in rules if r.id == rule_id))
    return ChosenRule(
        rule=rule_named(rule_id, day, rules),
        table=table.id,
        matter=matter,
        cls=cls,
        legal_cls=entry.cls,
        article=entry.article,
        override=override,
    )


def _overridden(table: MatterTable, legal: str, on: date | None, override: RecordedDecision) -> str:
    order = [each.cls for each in table.classes]
    if override.cls not in order:
        raise refusal(
            "decide.class_unknown", cls=override.cls, pack=table.id, known=", ".join(order)
        )
    if on is not None and override.decided_on > on:
        decided = override.decided_on.isoformat()
        raise refusal("decide.decided_later", decided=decided, on=on.isoformat())
    if order.index(override.cls) < order.index(legal) and not table.may_undercut:
        raise refusal("decide.undercut", cls=override.cls, legal=legal, pack=table.id)
    return override.cls
