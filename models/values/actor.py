"""Who acts, and in which capacity: every act and every event names one."""

from enum import StrEnum
from typing import Literal

from models.values.base import Carried


class Role(StrEnum):
    """The capacities of rules.md section 6, plus the engine itself."""

    ENGINE = "engine"
    OWNER = "owner"
    RESIDENT = "resident"
    OWNERS_COMMITTEE = "owners_committee"
    RESIDENTS_COMMITTEE = "residents_committee"
    GRID_WORKER = "grid_worker"
    STREET_OFFICE = "street_office"
    DISTRICT_BUREAU = "district_bureau"
    CONTRACTOR = "contractor"
    SUPERVISOR = "supervisor"
    """Supervising engineer (监理工程师)."""
    CHIEF_SUPERVISOR = "chief_supervisor"
    """Chief supervising engineer (总监理工程师)."""
    EVALUATOR = "evaluator"
    """Member of the bid evaluation committee (评标委员会)."""
    AUDITOR = "auditor"
    PAYMENT_PROVIDER = "payment_provider"
    """The bank or payment service that reports money received."""
    CITY_PORTAL = "city_portal"
    """A city's own portal, which knows its citizens and hands in the ballots of their units."""
    ADMINISTRATOR = "administrator"
    """Keeps the installation and gives a district its first office; does no act of a renovation."""
    OPERATOR = "operator"
    """Whoever runs the machine. No grant has it: the record names breaking the glass by it."""


RESIDENTS = frozenset({Role.OWNER, Role.RESIDENT})
"""Who they are, the roll says, and no list of officials."""


class Actor(Carried):
    """A verified person or system, its capacity and place, with the label of that day.

    `place` is the path of the place the role was granted for ("district/street/community…").
    """

    id: str
    role: Role
    label: str
    place: str = ""
    on_behalf_of: str | None = None

    @property
    def party(self) -> str:
        """Who bids, builds or pays in: the firm for which a person acts, else whoever acts."""
        return self.on_behalf_of or self.id


ENGINE = Actor(id="engine", role=Role.ENGINE, label="工作流引擎 / engine")
"""The actor of what the workflow does by itself: a timer that fired, a count, a notice."""
SEALED_BIDDER = "sealed-"
"""So begins the id of a bidder whom nobody may know before the opening (Tendering Law art. 22)."""

FIRM = "firm-"
"""So begins the id of a firm: no person, office or player of a case has such a one."""


class AddedOfficial(Carried):
    """Somebody who may act from now on, in a role for a place of the case's chain and below it."""

    id: str
    label: str
    role: Role
    place: Literal["district", "street_office", "community", "grid"] = "grid"
