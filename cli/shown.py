"""Formats cases for a terminal or as JSON: the list, one case, its history."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from cli.output import table
from cli.words import ENGLISH, listed, named, said, spoken_here, wait_named
from models.values.refusal import Problem, problem

if TYPE_CHECKING:
    from rich.table import Table

    # For a rule or a menu nobody needs the database.
    from models.values.waits import Lack
    from runtime.finding.counts import CaseCounts
    from runtime.record.awaited import AwaitedLine
    from runtime.record.cases import CaseRow, Trouble
    from runtime.record.contracts import ContractLine
    from runtime.record.events import EventRow


def list_table(cases: Iterable[CaseRow]) -> Table:
    """Every case on one line."""
    titles = words("renovation title stage state waiting_for due events clock late needs_attention")
    rows = [
        (
            case.id,
            case.title,
            named("stage", case.stage),
            named("state", case.state),
            wait_named(case.waiting_for),
            due(case.due_at, case.zone, case.provisional),
            str(case.events),
            said("line.clock_wall") if case.told_now is None else named("clock_kind", "told"),
            "\n".join(
                said(
                    "line.late_one",
                    who=who_named(each.who),
                    since=moment(each.late_since, case.zone),
                    what=wait_named(each.what),
                )
                for each in case.late
            ),
            listed(named("event", trouble.step) for trouble in case.needs_attention),
        )
        for case in cases
    ]
    return table(titles, rows, folded=titles[-2:])


def counts_tables(counts: CaseCounts) -> list[Table]:
    """How many cases each place has, and who is awaited, on a line each."""
    stages = sorted(counts.stages)
    titles = [*words("place"), *(named("stage", each) for each in stages)]
    places = [
        (
            f"{each.path} {each.name}",
            *(str(each.stages.get(stage, 0)) for stage in stages),
            str(each.running),
            str(each.ended),
            str(each.late),
            str(each.stuck),
        )
        for each in counts.places
    ]
    awaited = [(who_named(each.who), str(each.awaited), str(each.late)) for each in counts.waiting]
    return [
        table([*titles, *words("running ended late needs_attention")], places),
        table(words("waiting_for awaited late"), awaited),
    ]


def stuck_table(cases: Iterable[CaseRow]) -> Table:
    """Every step that broke on one line, with what finds it in the logs."""
    titles = words("renovation title step since asked_for_by error reference")
    rows = [
        (
            case.id,
            case.title,
            named("event", trouble.step),
            moment(trouble.since, case.zone),
            said("line.a_person") if trouble.by_act else said("line.the_engine"),
            trouble.error,
            trouble.reference,
        )
        for case in cases
        for trouble in case.needs_attention
    ]
    return table(titles, rows)


def status_lines(case: CaseRow) -> list[tuple[str, str]]:
    """What an official wants to know about one case, as names and words."""
    language = spoken_here()
    lines = [
        ("renovation", case.id),
        ("title", case.title),
        ("place", case.place_path),
        ("state", named("state", case.state)),
        ("stage", named("stage", case.stage)),
        ("waiting_for", wait_named(case.waiting_for) or "-"),
        ("due_case_time", due(case.due_at, case.zone, case.provisional)),
        *(("awaited", awaited_words(each, case.zone, language)) for each in case.awaited),
        *(
            ("needs_attention", trouble_words(each, case.zone, language))
            for each in case.needs_attention
        ),
        *(
            (
                "consent_missing",
                said("line.consent_of", work=part.work_id, unit=part.unit_number),
            )
            for part in case.consents_missing
        ),
        *(("lacks", lack_words(each)) for each in case.lacks),
        *(("contract", contract_words(each, case.zone, language)) for each in case.contracts),
        ("rule_pack", case.rule_pack),
        ("clock", clock_words(case)),
        *([("stands_at", moment(case.told_now, case.zone))] if case.told_now is not None else []),
        ("opened", moment(case.opened_at, case.zone)),
        ("closed", moment(case.closed_at, case.zone)),
        ("events", str(case.events)),
        ("workflow", case.workflow_id),
    ]
    return [(said(f"line.{name}"), value) for name, value in lines]


def lack_words(lack: Lack) -> str:
    """Who is missing for what, as a sentence."""
    return said(
        f"lack.{lack.kind.value}",
        roles=listed(named("role", each.value) for each in lack.roles),
        acts=listed(named("deed", each) for each in lack.acts),
        have=lack.have,
        need=lack.need,
    )


def awaited_words(line: AwaitedLine, zone: str, language: str) -> str:
    """Who is awaited for what, late since when, and what happens then, as a sentence."""
    from runtime.language.sentences import awaited, sentence

    figures = {
        "what": awaited(line.what, language, line.subject),
        "who": who_named(line.who),
        "due": due(line.due_at, zone, line.provisional),
        "since": moment(line.late_since, zone),
        "level": who_named(line.level or line.who),
    }
    late = "late" if line.late_since is not None else "awaited"
    then = sentence(problem(f"then.{line.consequence}"), language) if line.consequence else ""
    ends = "then" if then and line.due_at else "open"
    return sentence(problem(f"{late}.{ends}", **figures, then=then), language)


def contract_words(contract: ContractLine, zone: str, language: str) -> str:
    """With whom for how much, since when, how it stands and until when it is decided about, as a sentence."""
    from runtime.language.sentences import sentence

    figures = {
        "contract": contract.id,
        "bidder": contract.bidder_id,
        "yuan": f"{contract.value_fen // 100:,}.{contract.value_fen % 100:02}",
        "signed": moment(contract.signed_at, zone),
        "start": moment(contract.start_by, zone),
        "by": moment(contract.decide_by, zone),
    }
    state = "asked" if contract.decide_by is not None else contract.state
    return sentence(problem(f"contract.{state}", **figures), language)


def due(value: datetime | None, zone: str, provisional: bool) -> str:
    """A moment at which a period is over, and whether a holiday may still move it."""
    shown = moment(value, zone)
    return said("line.provisional", moment=shown) if provisional else shown


def trouble_words(trouble: Trouble, zone: str, language: str) -> str:
    """What broke, what becomes of it, and where the logs have it, as a sentence."""
    from runtime.language.sentences import sentence

    figures = {
        "step": named("event", trouble.step),
        "since": moment(trouble.since, zone),
        "error": trouble.error,
        "reference": trouble.reference,
    }
    if trouble.by_act:
        return sentence(problem("attention.act", **figures), language)
    return sentence(problem("attention.own_step", **figures), language)


def clock_words(case: CaseRow) -> str:
    """What kind of time a case has."""
    if case.told_now is not None:
        return said("line.clock_told")
    return said("line.clock_sandbox") if case.ran_fast else said("line.clock_real")


def event_json(event: EventRow) -> dict[str, JsonValue]:
    """One event as it is exported, with the hashes that prove it."""
    return {
        "seq": event.seq,
        "kind": event.kind,
        "happened_at": event.happened_at.isoformat(),
        "recorded_at": event.recorded_at.isoformat(),
        "actor": {
            "id": event.actor_id,
            "role": event.actor_role,
            "label": event.actor_label,
            "place": event.actor_place,
            "on_behalf_of": event.on_behalf_of,
        },
        "command_id": event.command_id,
        "details": event.details,
        "rule_pack": event.rule_pack,
        "workflow_id": event.workflow_id,
        "run_id": event.run_id,
        "prev_hash": event.prev_hash,
        "hash": event.hash,
    }


def status_json(case: CaseRow) -> dict[str, JsonValue]:
    """One case for a program."""
    told = case.told_now is not None
    return {
        "id": case.id,
        "title": case.title,
        "place": case.place_path,
        "state": case.state,
        "stage": case.stage,
        "waiting_for": case.waiting_for,
        "due_at": case.due_at.isoformat() if case.due_at else None,
        "provisional": case.provisional,
        "awaited": [each.model_dump(mode="json") for each in case.awaited],
        "needs_attention": [each.model_dump(mode="json") for each in case.needs_attention],
        "consents_missing": [each.model_dump(mode="json") for each in case.consents_missing],
        "lacks": [each.model_dump(mode="json") for each in case.lacks],
        "contracts": [each.model_dump(mode="json") for each in case.contracts],
        "rule_pack": case.rule_pack,
        "clock": "told" if told else "wall",
        "stands_at": case.told_now.isoformat() if case.told_now is not None else None,
        "sandbox": told or case.ran_fast,
        "events": case.events,
        "workflow_id": case.workflow_id,
    }


def moment(value: datetime | None, zone: str) -> str:
    """A moment on a wall clock of the place, whose zone is that of the timetable."""
    return value.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M") if value else "-"


def change_lines(details: Mapping[str, JsonValue]) -> list[str]:
    """What the event of an act says to be added (+), removed (-) and changed (~), a line each."""
    changes = details.get("changes")
    lines = []
    for change in changes if isinstance(changes, list) else ():
        if not isinstance(change, dict):
            continue
        what, before, after = change["what"], change["before"], change["after"]
        if before is None:
            lines.append(f"+ {what}: {_plain(after)}")
        elif after is None:
            lines.append(f"- {what}: {_plain(before)}")
        else:
            lines.append(f"~ {what}: {_plain(before)} -> {_plain(after)}")
    return lines


def warning_lines(warnings: Iterable[Problem]) -> list[str]:
    """What will not fit later, with its place and its sentence, a line each."""
    from runtime.language.sentences import sentence

    language = spoken_here()
    return [said("line.warning", text=sentence(each, language)) for each in warnings]


def words(names: str) -> list[str]:
    """The headings of a table."""
    return [said(f"line.{name}") for name in names.split()]


def who_named(who: str) -> str:
    """An official's role, or a level, in words."""
    return who if spoken_here() == ENGLISH else named("role", who)


def _plain(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
