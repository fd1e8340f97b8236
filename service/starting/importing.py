"""A roll that comes in through the service: one use case for the pages, for programs and for the terminal."""

import asyncio
import base64
import binascii
import csv
import io
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from formats.roll import accepted_roll
from models.files.renovation import LEVELS, PlaceEntry
from models.files.roll import Finding, Roll, RollReport
from models.tables import Estate, Place
from models.values.actor import Actor
from models.values.refusal import Problem, Refused, refusal
from proof.canonical import digest
from proof.commands import command_key
from rules.authority import ROLES_OF_WRITE, Grant
from runtime.privacy.keys import PersonKeys
from runtime.record import place_log
from runtime.record.grants import load_grants
from runtime.spreadsheets.roll_files import check_roll_file
from service.estates.convening import load_chain
from service.estates.rolls import ImportedRoll, RollRequest, compare_roll, write_roll
from service.estates.units import owner_secret_of
from service.http.problems import SpokenProblem, spoken
from service.parts import Parts
from service.situation import actor_in_role
from service.starting.bodies import GivenRoll, ImportRoll, RollAnswer, RollFile, RollRow

MOST_BYTES = 8_000_000
"""Of a roll that comes through the service; larger ones: `gongjian roll` on its machine."""
ROWS = "units.csv"
"""The name of a roll that came unit by unit, in the log of imports."""
COLUMNS = tuple(RollRow.model_fields)
IMPORTED = "roll.imported"
WARNED = 100
"""So many warnings are told."""


class ReadRoll(NamedTuple):
    """A roll that can be imported, and what was told on reading it."""

    roll: Roll
    told: tuple[Problem, ...]


async def read_given(given: GivenRoll) -> ReadRoll:
    """The roll in a body.

    Raises:
        Refused: every problem of it, `where` by row and column of the file or by place and field of the
            units; `form.file_wanted` for neither file nor units, or both; `file.too_large`.
    """
    if (given.file is None) == (not given.units):
        raise refusal("form.file_wanted", where="roll")
    if given.file is None:
        report = await asyncio.to_thread(check_roll_file, _as_file(given.units), ROWS)
        if report.roll is None:
            raise Refused(*(_at_unit(each) for each in report.problems))
    else:
        report = await asyncio.to_thread(_checked, given.file)
    told = (*report.readings, *report.warnings)
    return ReadRoll(accepted_roll(report), tuple(each.problem for each in told[:WARNED]))


def _checked(file: RollFile) -> RollReport:
    try:
        content = base64.b64decode(file.content, validate=True)
    except (binascii.Error, ValueError):
        content = b""
    if not content:
        raise refusal("form.file_wanted", where="roll.file.content")
    if len(content) > MOST_BYTES:
        raise refusal("file.too_large", where=file.name, have=len(content), most=MOST_BYTES)
    return check_roll_file(content, file.name, sheet=file.sheet or None, mapping=file.columns)


def _as_file(units: Sequence[RollRow]) -> bytes:
    """The units as the file that they would stand in: there is one reader of rolls."""
    used = [name for name in COLUMNS if any(getattr(each, name) for each in units)]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([used, *([getattr(each, name) for name in used] for each in units)])
    return text.getvalue().encode()


def _at_unit(found: Finding) -> Problem:
    """A problem at its unit and field: the first unit stands in row 2 of the file."""
    steps = ["roll.units"]
    steps += [str(found.row - 2)] if found.row is not None and found.row > 1 else []
    steps += [found.field] if found.field else []
    return found.problem.model_copy(update={"where": ".".join(steps)})


async def take_roll(parts: Parts, sender_id: str, body: ImportRoll, language: str) -> RollAnswer:
    """Import a roll, or in a preview compare it, by a person who keeps the rolls of that place.

    Sent twice it is done once, whatever was imported in between.

    Raises:
        Refused: as `read_given`, `write_roll` and `compare_roll`; `granting.place_unknown`,
            `journal.command_reused`.
    """
    read = await read_given(body.roll)
    warnings = spoken(read.told, language)
    refuse_broken_chain(body.places)
    request = await request_for(
        parts,
        sender_id,
        read.roll,
        body.estate,
        body.place or "/".join(each.id for each in body.places),
        remove=body.remove,
        named=body.places,
        synthetic=body.synthetic,
    )
    if body.preview:
        return _answer(await compare_roll(parts.database, request), warnings, preview=True)
    key = command_key(sender_id, "rolls", body.command_id)
    # The roll is known by its digest: its owners stand in no log.
    meant = body.model_dump(mode="json", exclude={"roll"})
    asked = digest({"of": IMPORTED, "roll": read.roll.sha256, "body": meant})

    async def work(session: AsyncSession) -> RollAnswer:
        event = await place_log.told_before(session, key, asked)
        if event is not None:
            return RollAnswer.model_validate({**event.details, "warnings": warnings})
        answer = _answer(await write_roll(session, request), warnings)
        path = await _path_of(session, answer.estate_id)
        actor = _keeper(await load_grants(session, sender_id), path)
        details = answer.model_dump(mode="json", exclude={"difference", "warnings"})
        log_id = path.rpartition("/")[2]
        await place_log.append(session, log_id, actor, key, asked, IMPORTED, details)
        return answer

    return await parts.database.transaction(work)


def refuse_broken_chain(places: Sequence[PlaceEntry]) -> None:
    """Refuse places that are not district, street office, community and grid in this order.

    Raises:
        Refused: `opening.place_chain`.
    """
    if places and tuple(each.level for each in places) != LEVELS:
        raise refusal("opening.place_chain", where="places", expected=", ".join(LEVELS))


async def request_for(
    parts: Parts,
    sender_id: str,
    roll: Roll,
    estate: str,
    place: str,
    *,
    remove: bool,
    named: Sequence[PlaceEntry] = (),
    synthetic: bool = False,
) -> RollRequest:
    """What a person asks to import, for an estate by its id, or by its name at the grid of a path.

    Places that are `named` need not be there yet.

    Raises:
        Refused: `credential.no_role`, `granting.place_unknown`, `roll.estate_unknown`.
    """
    async with parts.database.session() as session:
        grants = await load_grants(session, sender_id)
        known = await session.get(Estate, estate)
        if known is None and not place:
            raise refusal("roll.estate_unknown", where="estate", estate=estate)
        path = place if known is None else await _path_of(session, known.id)
        _keeper(grants, path)
        places = tuple(named) if known is None else ()
        if known is None and not places:
            places = await load_chain(session, place)
    return RollRequest(
        roll=roll,
        estate=estate,
        by=sender_id,
        of_person=True,
        secret=owner_secret_of(parts.settings),
        people=PersonKeys.of(parts.settings),
        places=places,
        synthetic=synthetic,
        remove=remove,
    )


def _keeper(grants: tuple[Grant, ...], path: str) -> Actor:
    return actor_in_role(grants, path, *ROLES_OF_WRITE["import_roll"].roles)


async def _path_of(session: AsyncSession, estate_id: str) -> str:
    of_estate = select(Place.path).join(Estate, Estate.place_id == Place.id)
    return (await session.scalars(of_estate.where(Estate.id == estate_id))).one()


def _answer(
    done: ImportedRoll, warnings: tuple[SpokenProblem, ...], *, preview: bool = False
) -> RollAnswer:
    found = done.difference
    return RollAnswer(
        estate_id=done.estate_id,
        created=done.created,
        imported=done.imported,
        units=done.units,
        added=len(found.added),
        changed=len(found.changed),
        removed=len(found.removed),
        difference=found if preview else None,
        warnings=warnings,
    )
