"""The page of a letter's link: the second fact, and in."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from models.fields import Secret
from models.values.refusal import Refused
from service.access.bodies import Entered, EnterLetter
from service.access.entering import enter, leave, look
from service.http.problems import read_fields, status_for
from service.identity.browser import forget
from service.pages.flats import OTHERS, let_in, others_of
from service.pages.forms import own_form, texts
from service.pages.homes import AGENT, COOKIE
from service.pages.rendering import page
from service.pages.steps import OPENED, count_step
from service.parts import Parts
from service.routes.dependencies import RunningParts
from service.routes.pages.dependencies import CurrentHomeForm

router = APIRouter(include_in_schema=False)


@router.get("/letters/{link}")
async def show_letter(link: Secret, parts: RunningParts, request: Request) -> Response:
    """What the link opens, and the question for the second fact; looking uses nothing up."""
    letter = await look(parts, link)
    sent = page(request, "letter.html", {"letter": letter})
    if letter.kind != AGENT:
        await count_step(request, parts, sent, OPENED, letter.renovation_id, "", link)
    return sent


@router.post("/letters/{link}")
async def enter_by_letter(link: Secret, parts: RunningParts, request: Request) -> Response:
    """Enter with the second fact; a wrong one is said on the same page."""
    form = texts(await own_form(request, parts.settings.address))
    letter = await look(parts, link)
    try:
        entered = await enter(parts, link, read_fields(EnterLetter, form).fact)
    except Refused as refused:
        at_field = tuple(each.model_copy(update={"where": "fact"}) for each in refused.problems)
        status = status_for(refused.problems)
        return page(request, "letter.html", {"letter": letter}, status=status, problems=at_field)
    return await _let_in(request, parts, entered)


@router.post("/mine/leave")
async def leave_home(form: CurrentHomeForm, parts: RunningParts, request: Request) -> Response:
    """Leave: the session is over, those of the owner's other flats too, and the browser forgets them."""
    for each in (form.home.session, *others_of(request)):
        await leave(parts, each)
    sent = page(request, "left.html", {})
    forget(sent, COOKIE)
    forget(sent, OTHERS)
    return sent


async def _let_in(request: Request, parts: Parts, entered: Entered) -> Response:
    """On to the own page; a link that was handed out is good once, and the own one is shown now."""
    on = "/agent" if entered.kind == AGENT else "/mine"
    sent: Response = RedirectResponse(on, 303)
    if entered.link:
        sent = page(request, "own_link.html", {"link": entered.link, "on": on})
    await let_in(request, parts, entered, sent)
    return sent
