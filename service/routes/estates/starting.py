"""Places are set up, a roll comes in, a case is opened: by whoever may at the place, with a look at it before."""

import json

from fastapi import APIRouter, Request
from temporalio.service import RPCError

from formats.renovation_file.reading import read_renovation
from models.files.renovation import RenovationFile
from models.values.refusal import refusal
from runtime.language.moments import CHINESE
from service.estates.setting_up import SetUpPlaces, set_up_places
from service.pages import wording
from service.pages.display import Language
from service.parts import Parts
from service.routes.dependencies import CurrentPerson, RunningParts, SpokenLanguage
from service.starting import opening
from service.starting.bodies import (
    ImportRoll,
    OpenCase,
    OpenFromTemplate,
    OpeningAnswer,
    PlaceSetUp,
    RollAnswer,
)
from service.starting.importing import read_given, take_roll

places = APIRouter(prefix="/v1/places", tags=["opening"])
rolls = APIRouter(prefix="/v1/roll-imports", tags=["opening"])
cases = APIRouter(prefix="/v1/renovations", tags=["opening"])
FILE = "renovation.json"


@places.post("", status_code=201)
async def set_up(person: CurrentPerson, command: SetUpPlaces, parts: RunningParts) -> PlaceSetUp:
    """Set up a grid with the places above it, by an administrator; those that are there must be the same."""
    return PlaceSetUp(path=await set_up_places(parts.database, person, command))


@rolls.post("", status_code=201)
async def import_owners_roll(
    person: CurrentPerson, command: ImportRoll, parts: RunningParts, language: SpokenLanguage
) -> RollAnswer:
    """Make a roll that of an estate, whole or not at all, by who keeps it; `preview` shows what would change.

    The roll is a file of at most 1.35 MB (its bytes in base64) or its units one by one, at most 10,000.
    """
    return await take_roll(parts, person, command, language)


@cases.post("", status_code=201)
async def open_renovation(
    person: CurrentPerson,
    command: OpenCase,
    request: Request,
    parts: RunningParts,
    language: SpokenLanguage,
) -> OpeningAnswer:
    """Open a case as a file describes it, by who may call the vote there; `preview` shows its calendar.

    A training case (`sandbox`) comes with sessions for all its people.
    """
    file = _as_written(await request.body())
    actor = await opening.opener_of(parts, person, file.place_path)
    roll = None if command.roll is None else (await read_given(command.roll)).roll
    asked = opening.Opening(file, roll, actor)
    return await _opened(parts, asked, command, language)


@cases.post("/from-template", status_code=201)
async def open_from_template(
    person: CurrentPerson, command: OpenFromTemplate, parts: RunningParts, language: SpokenLanguage
) -> OpeningAnswer:
    """Open a case by the questions of a template, on the roll that the estate has; `preview` shows its calendar."""
    display: Language = "zh_CN" if language == CHINESE else "en"
    asked = await opening.opening_by_template(
        parts, person, command, lambda name: wording.text(f"work.{name}", display, {})
    )
    return await _opened(parts, asked, command, language)


async def _opened(
    parts: Parts, asked: opening.Opening, command: OpenCase | OpenFromTemplate, language: str
) -> OpeningAnswer:
    try:
        return await opening.open_case(
            parts, asked, command.command_id, language, preview=command.preview
        )
    except (RPCError, RuntimeError):
        # The case is written; the same command, sent once more, starts its workflow.
        raise refusal("service.not_confirmed") from None


def _as_written(body: bytes) -> RenovationFile:
    """The file as the terminal reads one: with every mistake told, names that nobody knows too."""
    text = json.dumps(json.loads(body)["renovation"], ensure_ascii=False)
    return read_renovation(text.encode(), FILE)
