"""One renovation as everybody may see it: where it stands, whose turn it is, what came of it."""

from collections.abc import Mapping
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Request, Response

from models.fields import EventNumber, Id
from models.values.states import Stage
from rules.voting import pack_for
from runtime.ballots.boxes import annulled_votes
from service.channels.open_box import read_ready
from service.pages.display import display_of
from service.pages.public.complaints import load_months
from service.pages.public.course import course_of, load_days
from service.pages.public.lane import Lanes, load_lanes
from service.pages.public.money import load_money, names_of_firms, planned
from service.pages.public.outcome import measured
from service.pages.rendering import page
from service.pages.results import motions_in, results_of, turnout_bars
from service.pages.schemes import list_versions, load_scheme
from service.pictures.showing import list_published, load_published
from service.reading.progress import DONE
from service.reading.results import list_indicators, load_survey
from service.residents.opinions import load_opinions
from service.routes.dependencies import CaseSituation, RunningParts
from service.routes.pictures import picture_response
from service.situation import Situation
from service.views import RenovationView, list_works, load_renovation, turnout_of

router = APIRouter(prefix="/cases/{renovation_id}", include_in_schema=False)


class ReadCase(NamedTuple):
    """A case and its view."""

    situation: Situation
    view: RenovationView


async def case_in_path(situation: CaseSituation, parts: RunningParts) -> ReadCase:
    """The case that the path names; refused with `renovation.unknown`.

    On the evening of a vote a whole estate looks at it: it is read for all of them together, until
    something happens in it or its clock is moved, and else once a while (`service.edge.ready`).
    """

    async def read() -> RenovationView:
        async with parts.database.session() as session:
            return await load_renovation(session, situation.id)

    view = await parts.ready_cases.read(("view", *situation.key), read)
    return ReadCase(situation, view.model_copy(update={"case_now": situation.now}))


CurrentCase = Annotated[ReadCase, Depends(case_in_path)]


@router.get("")
async def show_case(case: CurrentCase, parts: RunningParts, request: Request) -> Response:
    """Where it stands, whose turn it is, until when, and what follows."""
    stages = tuple(Stage)
    now = stages.index(Stage(case.view.stage))
    done = len(stages) if case.view.state in DONE else now

    async def read() -> Lanes:
        async with parts.database.session() as session:
            return await load_lanes(session, case.situation, case.view.closed_at)

    lanes = await parts.ready_cases.read(("lanes", *case.situation.key), read)
    shown = [(each, _stands(place, done)) for place, each in enumerate(stages)]
    values = {"stages": shown, "lanes": lanes}
    return _page(request, case, "public/case.html", values)


@router.get("/vote")
async def show_vote(case: CurrentCase, parts: RunningParts, request: Request) -> Response:
    """Who has taken part so far; after the close the result with every test of the law."""
    language = display_of(request).language
    pack = pack_for(case.situation.rule_pack)
    boxes = [each for each in (case.view.box, *case.view.other_boxes) if each is not None]
    shown = []
    for box in boxes:
        turnout = await read_ready(parts, case.situation.id, turnout_of, box.id)
        days = await read_ready(parts, case.situation.id, load_days, box.id)
        bars = turnout_bars(turnout, pack)
        course = course_of(days, box.opens_at, box.closes_at, bars, case.situation.timetable.zone)
        shown.append((box, course, bars, results_of(box, language), turnout))
    async with parts.database.session() as session:
        annulled = await annulled_votes(session, case.situation.id)
    values = {
        "annulled": bool(boxes) and boxes[0].attempt in annulled,
        "boxes": shown,
        "law": pack.text,
        "official_address": parts.settings.official_vote_url,
        "titles": {motion.id: motion.title for box in boxes for motion in motions_in(box)},
        "opinions": {
            box.id: await read_ready(parts, case.situation.id, load_opinions, box.id)
            for box in boxes
            if box.official_by
        },
    }
    return _page(request, case, "public/vote.html", values)


@router.get("/scheme")
async def show_scheme(
    case: CurrentCase, parts: RunningParts, request: Request, version: EventNumber | None = None
) -> Response:
    """What is to be done, what it costs, and who pays before the owners do; no unit stands in it."""
    async with parts.database.session() as session:
        scheme = await load_scheme(session, case.situation.id, version)
        versions = await list_versions(session, case.situation.id)
    total = sum(item.cost_fen for item in scheme.items) if scheme else 0
    values = {
        "scheme": scheme,
        "total_fen": total,
        "planned": planned(scheme) if scheme else (),
        "versions": versions,
        "version": version or (versions[0].number if versions else 0),
    }
    return _page(request, case, "public/scheme.html", values)


@router.get("/tender")
async def show_tender(case: CurrentCase, parts: RunningParts, request: Request) -> Response:
    """The terms of the tender, the bids once they are opened, and the contract."""
    async with parts.database.session() as session:
        firms = await names_of_firms(session, case.situation)
    return _page(request, case, "public/tender.html", {"firms": firms})


@router.get("/works")
async def show_works(case: CurrentCase, parts: RunningParts, request: Request) -> Response:
    """The works and their inspections, photographs, and complaints with who answers until when."""
    async with parts.database.session() as session:
        works = await list_works(session, case.situation.id)
        pictures = await list_published(session, case.situation.id)
        months = await load_months(session, case.situation)
    values = {"works": works, "pictures": pictures, "months": months}
    return _page(request, case, "public/works.html", values)


@router.get("/money")
async def show_money(case: CurrentCase, parts: RunningParts, request: Request) -> Response:
    """Who is to pay, what came in, what was certified and paid, and what a stopped case leaves; in sums."""
    async with parts.database.session() as session:
        money = await load_money(session, case.situation)
        firms = await names_of_firms(session, case.situation)
    return _page(request, case, "public/money.html", {"sums": money, "firms": firms})


@router.get("/outcome")
async def show_outcome(case: CurrentCase, parts: RunningParts, request: Request) -> Response:
    """What came of it: every indicator beside its target, and the survey of the homes in sums."""
    async with parts.database.session() as session:
        indicators = measured(await list_indicators(session, case.situation.id))
        survey = await load_survey(session, case.situation)
    values = {"indicators": indicators, "survey": survey}
    return _page(request, case, "public/outcome.html", values)


@router.get("/pictures/{picture_id}")
async def show_picture(situation: CaseSituation, picture_id: Id, parts: RunningParts) -> Response:
    """A photograph that was published."""
    async with parts.database.session() as session:
        return picture_response(await load_published(session, situation.id, picture_id))


def _page(
    request: Request, case: ReadCase, template: str, values: Mapping[str, object]
) -> Response:
    zone = case.situation.timetable.zone
    return page(request, template, {**values, "case": case.view, "zone": zone}, zone=zone)


def _stands(place: int, done: int) -> str:
    if place < done:
        return "done"
    return "now" if place == done else ""
