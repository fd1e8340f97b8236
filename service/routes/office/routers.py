"""All routers of the office's pages, for the composition root."""

from service.routes.office import (
    acts,
    bidding,
    campaign,
    cases,
    entering,
    firms,
    letters,
    opening,
    overview,
    people,
    rolls,
    work,
    writes,
)
from service.routes.office.money import ledger, unclaimed
from service.routes.office.privacy import erasures
from service.routes.office.reading import history, readings
from service.routes.office.training import beginning, components, of_history, of_homes, playing
from service.routes.office.works import pictures

OFFICE = (
    entering.router,
    firms.router,
    work.router,
    overview.router,
    components.router,
    of_homes.router,
    of_history.router,
    people.router,
    erasures.router,
    erasures.asking,
    rolls.router,
    opening.router,
    beginning.router,
    cases.router,
    history.router,
    readings.router,
    acts.router,
    campaign.router,
    letters.router,
    pictures.router,
    unclaimed.router,
    ledger.router,
    bidding.router,
    playing.router,
    writes.router,
)
