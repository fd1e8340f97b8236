"""What the pages' routes ask for: the home that has entered, and a form of it."""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated, NamedTuple

from fastapi import Depends, Request, Response
from starlette.datastructures import FormData

from models.values.refusal import Problem
from service.http.problems import status_for
from service.pages.forms import own_form
from service.pages.homes import Home, home_in
from service.pages.rendering import page
from service.routes.dependencies import RunningParts


async def home_in_cookie(request: Request, parts: RunningParts) -> Home:
    """The home that has entered; refused as `home_in` says."""
    return await home_in(request, parts)


CurrentHome = Annotated[Home, Depends(home_in_cookie)]


class HomeForm(NamedTuple):
    """A form that a home has sent from one of our pages."""

    home: Home
    fields: FormData


async def form_of_home(request: Request, parts: RunningParts, home: CurrentHome) -> HomeForm:
    """The form and its home; a form of another page is refused with `credential.…`."""
    return HomeForm(home, await own_form(request, parts.settings.address, home.session))


async def form_with_file(
    request: Request, parts: RunningParts, home: CurrentHome
) -> AsyncIterator[HomeForm]:
    """`form_of_home`, of a form that may carry one file, which is closed when the answer is made."""
    form = await own_form(request, parts.settings.address, home.session, files=1)
    try:
        yield HomeForm(home, form)
    finally:
        await form.close()


CurrentHomeForm = Annotated[HomeForm, Depends(form_of_home)]
HomeFormWithFile = Annotated[HomeForm, Depends(form_with_file)]


def home_page(
    request: Request,
    home: Home,
    template: str,
    values: Mapping[str, object],
    problems: tuple[Problem, ...] = (),
) -> Response:
    """A page of a home; with problems it has the status of the first one."""
    return page(
        request,
        template,
        {**values, "home": home},
        status=status_for(problems) if problems else 200,
        zone=home.zone,
        session=home.session,
        problems=problems,
    )
