"""All routers of the office's pages, for the composition root."""

from service.routes.office import (
    acts,
    bidding,
    campaign,
    cases,
    letters,
    opening,
    rehearsing,
    rolls,
    training,
    work,
)

OFFICE = (
    work.router,
    rolls.router,
    opening.router,
    rehearsing.router,
    cases.router,
    acts.router,
    campaign.router,
    letters.router,
    bidding.router,
    training.router,
)
