"""What a home is asked for now, each with the page where it does it and until when."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import SurveyAnswer
from models.values.states import TicketState
from runtime.database import driver_connection
from runtime.record.consents import OccupiedPart, load_missing_consents
from service.open_matters import PublicationView, load_publications
from service.pages.homes import Home
from service.parts import Parts
from service.residents.household import HouseholdSummary, load_summary
from service.views import BoxView, list_papers

SURVEY = "survey"


class Need(NamedTuple):
    """One thing: the texts `need.<kind>` and what follows say it. `amount_fen` is money that is due."""

    kind: str
    href: str
    until: datetime | None = None
    amount_fen: int | None = None
    name: str = ""
    """What it is about, where there may be several of a kind."""


class Matters(NamedTuple):
    """What there is of a home now: what it is asked for, the soonest first, and what it may do."""

    needs: tuple[Need, ...]
    done: tuple[Need, ...]
    """What is done and may still be changed: a ballot that is in the box."""
    later_papers: tuple[BoxView, ...]
    publications: tuple[PublicationView, ...]
    household: HouseholdSummary


class OfAll(NamedTuple):
    """What every home of a renovation is asked for: one reads it for all of them."""

    publications: tuple[PublicationView, ...]
    consents_missing: tuple[OccupiedPart, ...]


async def load_matters(parts: Parts, home: Home) -> Matters:
    """What the home is asked for in its renovation."""
    rid, unit, now = home.situation.id, home.voter.unit_number, home.situation.now
    # Before the home's own session: whoever waits for it holds no connection.
    of_all = await _of_all(parts, home)
    async with parts.database.session() as session:
        papers = await list_papers(session, rid, unit)
        household = await load_summary(session, home.situation, unit, answers=False)
        survey = await _of_survey(session, home)
    found = [
        *_of_vote([each for each in papers if each.cast_with is None], now),
        *_of_money(household),
        *_of_answers(household),
        *_of_publications(of_all.publications, now),
        *_of_works(of_all.consents_missing, unit),
        *survey,
    ]
    found.sort(key=lambda need: (need.until is None, need.until or now))
    return Matters(
        tuple(found),
        tuple(_of_vote([each for each in papers if each.cast_with is not None], now)),
        tuple(each for each in papers if each.state == "open" and now < each.opens_at),
        of_all.publications,
        household,
    )


async def _of_all(parts: Parts, home: Home) -> OfAll:
    """Read until something happens in the case (`service.edge.ready`): on the evening of a vote all homes ask."""

    async def read() -> OfAll:
        async with parts.database.session() as session:
            posted = await load_publications(session, home.situation.id, home.zone)
            driver = await driver_connection(session)
            return OfAll(posted, await load_missing_consents(driver, home.situation.id))

    return await parts.ready_cases.read(("of_all", *home.situation.key), read)


def takes_ballots(paper: BoxView, now: datetime) -> bool:
    """Whether the box is open at this moment of the case."""
    return paper.state == "open" and paper.opens_at <= now < paper.closes_at


def _of_vote(papers: Sequence[BoxView], now: datetime) -> Iterator[Need]:
    for paper in papers:
        box = f"box={quote(paper.id)}"
        if takes_ballots(paper, now):
            kind, where = ("opinion", "opinion") if paper.official_by else ("ballot", "ballot")
            yield Need(kind, f"/mine/{where}?{box}", paper.closes_at)
        elif paper.objections_until is not None and paper.closes_at <= now < paper.objections_until:
            yield Need("vote_objection", f"/mine/vote-objection?{box}", paper.objections_until)


def _of_money(household: HouseholdSummary) -> Iterator[Need]:
    """The instalment that is to be paid next."""
    if household.basis == "settlement":
        return
    for part in household.instalments:
        if part.open_fen:
            kind = "instalment_late" if part.due else "instalment"
            yield Need(kind, "/mine/share", part.due_at, part.open_fen)
            return


def _of_answers(household: HouseholdSummary) -> Iterator[Need]:
    for ticket in household.tickets:
        if ticket.state == TicketState.RESOLVED:
            yield Need("answer", f"/mine/reports/{quote(ticket.id)}", name=ticket.text)


def _of_publications(publications: Sequence[PublicationView], now: datetime) -> Iterator[Need]:
    for posted in publications:
        if now < posted.closes_at:
            href = f"/mine/publications/{quote(posted.id)}"
            yield Need("publication", href, posted.closes_at, name=posted.subject)


def _of_works(missing: Sequence[OccupiedPart], unit: str) -> Iterator[Need]:
    for part in missing:
        if part.unit_number == unit:
            yield Need("consent", "/mine/consents", name=part.work_id)


async def _of_survey(session: AsyncSession, home: Home) -> list[Need]:
    rid = home.situation.id
    if home.situation.waiting_for != SURVEY:
        return []
    answered = await session.scalar(
        select(SurveyAnswer.score)
        .where(
            SurveyAnswer.renovation_id == rid,
            SurveyAnswer.unit_number == home.voter.unit_number,
        )
        .limit(1)
    )
    return [] if answered is not None else [Need("survey", "/mine/rating", home.situation.due_at)]
