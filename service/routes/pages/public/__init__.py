"""The pages that everybody may see: which cases there are, and where each of them stands."""

from service.routes.pages.public import ballots, cases, estates, front, history

ROUTERS = (front.router, estates.router, cases.router, ballots.router, history.router)
