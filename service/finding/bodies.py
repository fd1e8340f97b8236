"""The bodies and answers of saved views."""

from datetime import datetime

from models.fields import Awaited, OptionalId, PlacePath, Reference, Words
from models.values.base import Carried, Value
from models.values.states import RenovationState, Stage
from runtime.record.cases import CaseFilter
from service.bodies import CommandBody


class WantedCases(Value):
    """What a list of cases is narrowed to; what is left out narrows nothing (`GET /v1/renovations`)."""

    place: PlacePath | None = None
    stage: Stage | None = None
    waiting: Awaited | None = None
    overdue: bool = False
    stuck: bool = False
    outcome: RenovationState | None = None
    contractor: OptionalId = ""
    rule_pack: OptionalId = ""
    words: Words = ""

    def asked(self) -> CaseFilter:
        """The same as the list of cases is asked."""
        return CaseFilter.model_validate(self.model_dump(exclude_none=True))


class SaveView(CommandBody):
    """Keep a list of cases under a name; an earlier one of that name is replaced."""

    name: Reference
    wanted: WantedCases = WantedCases()


class DropView(CommandBody):
    """Forget the list of this name."""

    name: Reference


class SavedViewLine(Carried):
    """A list that whoever asks has saved."""

    name: str
    wanted: WantedCases
    saved_at: datetime
