"""Ballots on paper: typed twice by two people; what is kept of a typing tells no choice.

The first typing leaves a keyed digest of each line, the second one is compared with it. What agrees
is cast; what differs is typed again, twice. The paper wins by nobody's word but by two typings.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from models.values.refusal import Problem, problem
from models.values.voting import INVALID, Channel, Motion
from rules.ballots.ballot import Choices, choice_problems, plain_ballot
from rules.ballots.states import ROUTE_OF

FEW = 5
"""Of fewer ballots than this nobody is told how many are invalid: it would tell whose."""
_LINE = b"gongjian/paper/line"
_COMMAND = b"gongjian/paper/command"
_BATCH = b"gongjian/paper/batch"
_CODE = b"gongjian/paper/code"


class Line(NamedTuple):
    """One line as it was typed: what the unit's ballot says, or None where the batch has none."""

    unit_number: str
    choices: Choices | None


class RollPlace(NamedTuple):
    """Where a unit stands on the frozen roll."""

    entry_id: str
    excluded_reason: str | None


def batch_key(key: bytes, batch_id: str, code: str) -> bytes:
    """The key of one bundle's digests; the code is written on the bundle and kept nowhere else."""
    return _keyed(key, _BATCH, batch_id.encode(), code.encode())


def code_check(of_batch: bytes) -> bytes:
    """32 bytes that tell whether the second typist has the bundle's code."""
    return _keyed(of_batch, _CODE)


def line_digest(key: bytes, batch_id: str, line: Line) -> bytes:
    """32 bytes that are the same for the same line only; without the key they say nothing."""
    choices_json = b"" if line.choices is None else plain_ballot(line.choices)
    return _keyed(key, _LINE, batch_id.encode(), line.unit_number.encode(), choices_json)


def ballot_command(key: bytes, batch_id: str, unit_number: str) -> str:
    """The command id of a line's ballot: cast again it is the same one; nobody else can take it."""
    digest = _keyed(key, _COMMAND, batch_id.encode(), unit_number.encode())
    return f"paper.{digest.hex()[:40]}"


def differing(first: Mapping[str, bytes], second: Mapping[str, bytes]) -> tuple[str, ...]:
    """The units whose two digests are not the same, or that only one of the typings has."""
    return tuple(
        sorted(unit for unit in first.keys() | second.keys() if first.get(unit) != second.get(unit))
    )


def is_invalid(line: Line) -> bool:
    """Whether the ballot is blank or marked twice on some motion."""
    return line.choices is not None and INVALID in line.choices.values()


def invalid_ballots(lines: Sequence[Line]) -> int | None:
    """How many ballots of a typing are invalid on some motion, for the count sheet; None of a few."""
    ballots = sum(line.choices is not None for line in lines)
    return None if ballots < FEW else sum(is_invalid(line) for line in lines)


def same_route(channel: Channel) -> tuple[Channel, ...]:
    """The channels whose ballots stand for each other."""
    return tuple(each for each, route in ROUTE_OF.items() if route == ROUTE_OF[channel])


def line_problems(
    lines: Sequence[Line],
    motions: Mapping[str, Motion],
    roll: Mapping[str, RollPlace],
    elsewhere: Mapping[str, str],
    channel: Channel,
) -> tuple[Problem, ...]:
    """Everything that is wrong with the lines of a batch, by their numbers from 1.

    `elsewhere` has the batch in which an entry's ballot was typed already. A motion that was left
    blank is "invalid", so a line that leaves one out was not typed to its end.
    """
    problems: list[Problem] = []
    seen: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        where, unit = f"lines.{number}", line.unit_number
        place = roll.get(unit)
        if place is None:
            problems.append(problem("voting.unit_not_on_roll", where=where, unit=unit))
            continue
        problems += _place_problems(unit, where, place, seen, elsewhere)
        seen.setdefault(place.entry_id, unit)
        if line.choices is None:
            continue
        problems += (
            problem.model_copy(update={"where": f"{where}.{problem.where}"})
            for problem in choice_problems(motions, line.choices, channel)
        )
        problems += (
            problem("paper.motion_left_out", where=where, unit=unit, motion=name)
            for name in motions
            if name not in line.choices
        )
    return tuple(problems)


def again_problems(
    reference: str, wanted: Sequence[str], given: Sequence[str]
) -> tuple[Problem, ...]:
    """After two typings that differ, exactly the lines that differed (`wanted`) are typed again."""
    params: dict[str, str | int] = {"batch": reference}
    if not wanted:
        return (problem("paper.batch_complete", where="reference", **params),)
    if set(wanted) == set(given):
        return ()
    return (problem("paper.other_lines", where="lines", **params, units=", ".join(sorted(wanted))),)


def _place_problems(
    unit: str,
    where: str,
    place: RollPlace,
    seen: Mapping[str, str],
    elsewhere: Mapping[str, str],
) -> list[Problem]:
    problems: list[Problem] = []
    params: dict[str, str | int] = {"unit": unit}
    if place.excluded_reason is not None:
        problems.append(
            problem("voting.unit_excluded", where=where, **params, reason=place.excluded_reason)
        )
    if place.entry_id in seen:
        problems.append(
            problem("paper.owner_twice", where=where, **params, other=seen[place.entry_id])
        )
    if place.entry_id in elsewhere:
        problems.append(
            problem(
                "paper.in_another_batch", where=where, **params, batch=elsewhere[place.entry_id]
            )
        )
    return problems


def _keyed(key: bytes, *parts: bytes) -> bytes:
    """Each part is preceded by its length, so that no two lists of parts are one message."""
    message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return hmac.digest(key, message, hashlib.sha256)
