"""The money of a home: what it owes and why, when it is due, what came in."""

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from models.values.explanation import PublishedBill
from service.ledger.reading import entries_of_home
from service.pages.display import display_of
from service.pages.shares import joined_means, joined_of, lines_of, rounding_of
from service.paper.shares import share_pdf
from service.reading.reasons import explain_share, load_published
from service.residents.household import load_household
from service.routes.dependencies import RunningParts
from service.routes.pages.dependencies import CurrentHome, home_page

router = APIRouter(include_in_schema=False)
MOVES = 50
"""Lines of the home's account on its page."""


@router.get("/mine/share")
async def show_share(home: CurrentHome, parts: RunningParts, request: Request) -> Response:
    """The own share as computed today, its instalments, and what came in."""
    async with parts.database.session() as session:
        household = await load_household(session, home.situation, home.voter.unit_number)
        moves = await entries_of_home(session, home.situation, home.voter.unit_number, MOVES + 1)
    parts_of = [(part, part.open_fen, part.due) for part in household.instalments]
    why, language = household.why, display_of(request).language
    values = {
        "household": household,
        "moves": moves[:MOVES],
        "more_moves": len(moves) > MOVES,
        "instalments": parts_of,
        "renovation_id": home.situation.id,
        "why": why,
        "why_items": lines_of(why, language) if why else (),
        "why_rounding": rounding_of(why, language) if why else (),
        "why_joined": joined_of(why, language) if why else (),
        "why_means": joined_means(why, language) if why else (),
        "why_json": why.model_dump_json() if why else "",
    }
    return home_page(request, home, "resident/share.html", values)


@router.get("/mine/share/bill")
async def read_bill(home: CurrentHome, parts: RunningParts) -> PublishedBill:
    """The bill as an owner reads it: with what homes have to pay that joined later, which the page proves from."""
    async with parts.database.session() as session:
        return await load_published(session, home.situation)


@router.get("/mine/share.pdf")
async def print_share(home: CurrentHome, parts: RunningParts) -> Response:
    """The same on paper."""
    async with parts.database.session() as session:
        why = await explain_share(session, home.situation, home.voter.unit_number)
    made = await run_in_threadpool(share_pdf, why, home.situation.title, parts.settings.paper_fonts)
    return Response(made, media_type="application/pdf")
