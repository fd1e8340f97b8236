"""A case as whoever asks may read it: homes and errors are taken out, as `rules.disclosure` has them."""

from collections.abc import Collection
from typing import TypeVar

from rules.authority import Grant
from rules.disclosure import Disclosed, may_read
from rules.disclosure.events import REDACTED
from runtime.record.awaited import AwaitedLine
from runtime.record.cases import CaseRow, Trouble
from runtime.record.consents import PART_CONSENT, OccupiedPart
from service.clock.bodies import ClockView, WaitView
from service.reading.shaping import Viewer, viewer_under
from service.views import ListedRenovation, RenovationView

Line = TypeVar("Line", AwaitedLine, WaitView)
Listed = TypeVar("Listed", ListedRenovation, CaseRow)


def case_for(viewer: Viewer, view: RenovationView, held_after: int | None) -> RenovationView:
    """One case; `held_after` is where its record ends for this viewer, None where it is read whole."""
    return view.model_copy(
        update={
            "events": view.events if held_after is None else held_after,
            "awaited": tuple(_awaited(viewer, each) for each in view.awaited),
            "needs_attention": tuple(_trouble(viewer, each) for each in view.needs_attention),
            "consents_missing": tuple(_part(viewer, each) for each in view.consents_missing),
        }
    )


def listed_for(grants: Collection[Grant], line: Listed) -> Listed:
    """A line of the list, for somebody with these roles."""
    viewer = viewer_under(grants, line.place_path)
    return line.model_copy(
        update={
            "awaited": tuple(_awaited(viewer, each) for each in line.awaited),
            "needs_attention": tuple(_trouble(viewer, each) for each in line.needs_attention),
        }
    )


def clock_for(viewer: Viewer, view: ClockView) -> ClockView:
    """The clock with its agenda."""
    return view.model_copy(update={"waits": tuple(_awaited(viewer, each) for each in view.waits)})


def _trouble(viewer: Viewer, trouble: Trouble) -> Trouble:
    """What broke inside is for who can do something about it."""
    if may_read("Trouble.error", viewer.reader) is Disclosed.YES:
        return trouble
    return trouble.model_copy(update={"error": REDACTED, "reference": REDACTED})


def _part(viewer: Viewer, part: OccupiedPart) -> OccupiedPart:
    return part if _reads_home(viewer, part.unit_number) else _hidden(part)


def _awaited(viewer: Viewer, line: Line) -> Line:
    """The agenda names the home whose consent is awaited; nothing else in it names one."""
    work, _, unit = line.subject.partition(" ")
    if line.what != PART_CONSENT or _reads_home(viewer, unit):
        return line
    part = _hidden(OccupiedPart(work_id=work, unit_number=unit))
    return line.model_copy(update={"subject": part.subject})


def _hidden(part: OccupiedPart) -> OccupiedPart:
    return part.model_copy(update={"unit_number": REDACTED})


def _reads_home(viewer: Viewer, unit_number: str) -> bool:
    own = viewer.unit_number == unit_number
    return own or may_read("OccupiedPart.unit_number", viewer.reader) is Disclosed.YES
