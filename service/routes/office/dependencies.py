"""What the office's routes ask for: who has signed in, the case, and a form of theirs."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Annotated, NamedTuple

from fastapi import Depends, Request, Response
from starlette.datastructures import FormData

from models.fields import Id
from models.values.base import Carried
from models.values.refusal import Problem
from models.values.timetable import Timetable
from rules.authority import acts_as
from runtime.privacy.keys import PersonKeys
from service.http.problems import read_fields, status_for
from service.pages.display import Language, display_of
from service.pages.forms import own_form
from service.pages.office.session import Office, office_in, situation_for
from service.pages.office.words import in_words, office_words
from service.pages.rendering import page
from service.parts import Parts
from service.reading.parties import as_party
from service.reading.shaping import Viewer, viewer_under
from service.routes.dependencies import RunningParts
from service.situation import Situation

ZONE: str = Timetable.model_fields["zone"].default
"""Of pages that are about no case."""


class CaseInPath(Carried):
    """The case of a path, if it is about one; the session is asked for it before the route reads its path."""

    renovation_id: Id | None = None


async def office_in_cookie(request: Request, parts: RunningParts) -> Office:
    """Who has signed in; refused as `office_in` says, also where the path names what is no case."""
    named = read_fields(CaseInPath, request.path_params)
    return await office_in(request, parts, named.renovation_id)


CurrentOffice = Annotated[Office, Depends(office_in_cookie)]


async def case_in_path(renovation_id: Id, parts: RunningParts, office: CurrentOffice) -> Situation:
    """The case of the path, for whoever holds a role at its place."""
    return await situation_for(parts, office, renovation_id)


CurrentCase = Annotated[Situation, Depends(case_in_path)]


async def form_of_office(
    request: Request, parts: RunningParts, office: CurrentOffice
) -> AsyncIterator[FormData]:
    """The form that was sent from one of our pages; another one is refused with `credential.…`."""
    form = await own_form(request, parts.settings.address, office.token, files=1)
    try:
        yield form
    finally:
        await form.close()


CurrentForm = Annotated[FormData, Depends(form_of_office)]
LONGEST_TEXT = 12_000_000
"""Of a field of a form that carries a file on, in base64."""


async def upload_of_office(
    request: Request, parts: RunningParts, office: CurrentOffice
) -> AsyncIterator[FormData]:
    """A form with a file, or with one that its check page carries on."""
    address = parts.settings.address
    form = await own_form(request, address, office.token, files=1, longest=LONGEST_TEXT)
    try:
        yield form
    finally:
        await form.close()


CurrentUpload = Annotated[FormData, Depends(upload_of_office)]


class View(NamedTuple):
    """How pages of an office are answered: to whom, and about which case."""

    request: Request
    office: Office
    case: Situation | None

    @property
    def language(self) -> Language:
        """The language in which the person reads."""
        return display_of(self.request).language

    def show(
        self,
        template: str,
        values: Mapping[str, object],
        problems: tuple[Problem, ...] = (),
    ) -> Response:
        """A page; with problems it has their status."""
        case = self.case
        return page(
            self.request,
            f"office/{template}",
            {"office": self.office, "case": case, **office_words(self.language), **values},
            status=status_for(problems) if problems else 200,
            zone=case.timetable.zone if case is not None else ZONE,
            session=self.office.token,
            problems=in_words(problems, self.language),
        )


async def view_of_office(request: Request, office: CurrentOffice) -> View:
    """Pages about no case."""
    return View(request, office, None)


async def view_of_case(request: Request, office: CurrentOffice, case: CurrentCase) -> View:
    """Pages about a case."""
    return View(request, office, case)


OfficeView = Annotated[View, Depends(view_of_office)]
CaseView = Annotated[View, Depends(view_of_case)]


async def reader_of_case(
    situation: CurrentCase, office: CurrentOffice, parts: RunningParts
) -> Viewer:
    """Who reads the complaints of the case of the path."""
    return await reader_for(parts, situation, office)


async def reader_for(parts: Parts, situation: Situation, office: Office) -> Viewer:
    """Who reads complaints of a case; those about their own home or firm they do not (P-6)."""
    viewer = viewer_under(office.here(situation), situation.place_path)
    everywhere = replace(viewer, acts_as=acts_as(office.grants))
    async with parts.database.session() as session:
        people = PersonKeys.of(parts.settings)
        return await as_party(session, people, situation, everywhere)


CaseReader = Annotated[Viewer, Depends(reader_of_case)]
