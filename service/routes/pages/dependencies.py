"""What the pages' routes ask for: the home that has entered, and a form of it."""

from typing import Annotated, NamedTuple

from fastapi import Depends, Request
from starlette.datastructures import FormData

from service.pages.forms import own_form
from service.pages.homes import Home, home_in
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


CurrentHomeForm = Annotated[HomeForm, Depends(form_of_home)]
