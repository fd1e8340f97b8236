"""The ballot of a home: filled in, checked, cast, and found again by its receipt."""

import secrets
from collections.abc import Mapping
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from models.fields import ReceiptCode
from models.values.refusal import Problem, Refused, refusal
from models.values.voting import Motion
from proof.receipts import read_code
from service.bodies import CastBallot
from service.http.problems import read_fields
from service.pages import ballot_form
from service.pages.homes import Home
from service.pages.needs import takes_ballots
from service.pages.proofs import proof_of
from service.pages.steps import LOOKED, count_step
from service.parts import Parts
from service.reading.prices import by_answer, load_prices
from service.residents.household import load_share
from service.routes.dependencies import RunningParts
from service.routes.pages.dependencies import CurrentHome, CurrentHomeForm, home_page
from service.views import BoxView, list_papers

router = APIRouter(include_in_schema=False)


@router.get("/mine/ballot")
async def show_ballot(
    home: CurrentHome, parts: RunningParts, request: Request, box: str = ""
) -> Response:
    """The ballot of a box, to be filled in."""
    paper = await paper_of(parts, home, box)
    if paper.official_by:
        # Here no ballot counts: where it does is said first.
        return RedirectResponse(f"/mine/opinion?box={quote(paper.id)}", 303)
    sent = await _ballot(request, parts, home, paper, FormData(), ())
    unit = home.voter.unit_number
    await count_step(request, parts, sent, LOOKED, home.situation.id, paper.id, unit)
    return sent


@router.post("/mine/ballot")
async def check_ballot(form: CurrentHomeForm, parts: RunningParts, request: Request) -> Response:
    """What was filled in, to be checked before it counts; or the form again, with what is missing."""
    home = form.home
    paper = await paper_of(parts, home, str(form.fields.get("box", "")))
    motions = motions_of(paper)
    filled = ballot_form.filled(form.fields, motions)
    if filled.problems or "change" in form.fields:
        wrong = () if "change" in form.fields else filled.problems
        return await _ballot(request, parts, home, paper, form.fields, wrong)
    values = {
        "paper": paper,
        "lines": tuple(ballot_form.lines(motions, filled.choices)),
        "fields": ballot_form.fields_of(form.fields),
        "command_id": secrets.token_hex(16),
    }
    return home_page(request, home, "ballot_check.html", values)


@router.post("/mine/ballot/cast")
async def cast_ballot(form: CurrentHomeForm, parts: RunningParts, request: Request) -> Response:
    """Cast it. The page is the receipt; sent again it is the same receipt."""
    home, voter = form.home, form.home.voter
    paper = await paper_of(parts, home, str(form.fields.get("box", "")))
    motions = motions_of(paper)
    filled = ballot_form.filled(form.fields, motions)
    try:
        ballot = read_fields(
            CastBallot,
            {
                "command_id": form.fields.get("command_id"),
                "unit_number": voter.unit_number,
                "choices": dict(filled.choices),
                "box_id": paper.id,
            },
        )
        receipt, _ = await parts.intake.cast(
            home.situation.id, ballot, voter.route, version=voter.version, first=voter.first
        )
    except Refused as refused:
        wrong = ballot_form.at_questions(refused.problems, motions)
        return await _ballot(request, parts, home, paper, form.fields, wrong)
    values = {"paper": paper, "receipt": receipt.published()}
    return home_page(request, home, "receipt.html", values)


@router.get("/mine/ballots/{code}")
async def find_ballot(
    home: CurrentHome, code: ReceiptCode, parts: RunningParts, request: Request
) -> Response:
    """Where the ballot with this code is now: taken, counted, replaced by a later one."""
    found = await parts.lookup.find(home.situation.id, read_code(code))
    values = {"found": found, "proof": proof_of(found)}
    return home_page(request, home, "found_ballot.html", values)


async def _ballot(
    request: Request,
    parts: Parts,
    home: Home,
    paper: BoxView,
    given: FormData,
    problems: tuple[Problem, ...],
) -> Response:
    async with parts.database.session() as session:
        unit = home.voter.unit_number
        share = await load_share(session, home.situation.id, unit)
        prices = await load_prices(session, home.situation, paper, unit)
    values = {
        "paper": paper,
        "motions": tuple(motions_of(paper).values()),
        "given": given,
        "share": share,
        "prices": by_answer(prices),
    }
    return home_page(request, home, "ballot.html", values, problems)


async def paper_of(parts: Parts, home: Home, box: str) -> BoxView:
    """The box in which the home votes; the one that is open where none is named.

    Raises:
        Refused: `voting.no_box` where there is none.
    """
    async with parts.database.reading() as reading:
        papers = await list_papers(reading, home.situation.id, home.voter.unit_number)
    for each in papers:
        if each.id == box or (not box and takes_ballots(each, home.situation.now)):
            return each
    raise refusal("voting.no_box")


def motions_of(paper: BoxView) -> Mapping[str, Motion]:
    """What the owners are asked in a box, by its id."""
    listed = paper.motions if isinstance(paper.motions, list) else []
    motions = [Motion.model_validate(each) for each in listed]
    return {motion.id: motion for motion in motions}
