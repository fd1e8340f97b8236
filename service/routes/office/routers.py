"""All routers of the office's pages, for the composition root."""

from service.routes.office import (
    acts,
    bidding,
    campaign,
    cases,
    entering,
    letters,
    opening,
    people,
    rehearsing,
    rolls,
    training,
    work,
)

OFFICE = (
    entering.router,
    work.router,
    people.router,
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
