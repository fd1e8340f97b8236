"""The pages of a home: each shows what the API's own readers say and sends what its commands take."""

from service.routes.pages.resident import (
    agent,
    ballot,
    overview,
    own,
    publications,
    reports,
    share,
    votes,
    works,
)

ROUTERS = (
    overview.router,
    agent.router,
    ballot.router,
    votes.router,
    publications.router,
    reports.router,
    share.router,
    works.router,
    own.router,
)
