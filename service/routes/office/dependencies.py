"""What the office's routes ask for: who has signed in, the case, and a form of theirs."""

from typing import Annotated, NamedTuple

from fastapi import Depends, Request, Response
from starlette.datastructures import FormData

from models.fields import Id
from models.values.refusal import Problem
from service.pages.forms import own_form
from service.pages.office.session import Office, office_in, situation_for
from service.pages.office.words import office_words
from service.pages.rendering import page
from service.routes.dependencies import RunningParts
from service.situation import Situation


async def office_in_cookie(request: Request, parts: RunningParts) -> Office:
    """Who has signed in; refused as `office_in` says."""
    return await office_in(request, parts, request.path_params.get("renovation_id"))


CurrentOffice = Annotated[Office, Depends(office_in_cookie)]


async def case_in_path(renovation_id: Id, parts: RunningParts, office: CurrentOffice) -> Situation:
    """The case of the path, for whoever holds a role at its place."""
    return await situation_for(parts, office, renovation_id)


CurrentCase = Annotated[Situation, Depends(case_in_path)]


async def form_of_office(request: Request, parts: RunningParts, office: CurrentOffice) -> FormData:
    """The form that was sent from one of our pages; another one is refused with `credential.…`."""
    return await own_form(request, parts.settings.address, office.token)


CurrentForm = Annotated[FormData, Depends(form_of_office)]


class View(NamedTuple):
    """How pages of an office are answered: to whom, and about which case."""

    request: Request
    office: Office
    case: Situation | None

    def show(
        self,
        template: str,
        status: int = 200,
        *,
        problems: tuple[Problem, ...] = (),
        **values: object,
    ) -> Response:
        """A page."""
        case = self.case
        return page(
            self.request,
            f"office/{template}",
            status,
            zone=case.timetable.zone if case is not None else "Asia/Shanghai",
            session=self.office.token,
            problems=problems,
            office=self.office,
            case=case,
            **office_words(self.request),
            **values,
        )


async def view_of_office(request: Request, office: CurrentOffice) -> View:
    """Pages about no case."""
    return View(request, office, None)


async def view_of_case(request: Request, office: CurrentOffice, case: CurrentCase) -> View:
    """Pages about a case."""
    return View(request, office, case)


OfficeView = Annotated[View, Depends(view_of_office)]
CaseView = Annotated[View, Depends(view_of_case)]
