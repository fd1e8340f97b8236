"""The composition root of the HTTP service: settings, parts and routes become one ASGI application.

FastAPI serves all routes but one and makes the OpenAPI document. `Front` stands before it: it limits
the length of bodies and answers the ballot route, where FastAPI's time per request would count.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from models.values.refusal import Refused, refusal
from runtime.settings import Settings
from service.edge.access_log import AccessLog
from service.front import Front
from service.http.command_keys import CommandKeys
from service.http.problems import database_away, malformed
from service.http.route_index import RouteIndex
from service.notices.sending import NoticeSender
from service.pages.refused import answer_of
from service.parts import open_parts
from service.privacy.keeping import PrivacyKeeper
from service.programs.doors import scopes_of
from service.routes import (
    acts,
    bidding,
    channels,
    clock,
    cost_sharing,
    feedback,
    health,
    inspection,
    pictures,
    proposals,
    publications,
    renovations,
    voting,
)
from service.routes.dependencies import OFFICIAL
from service.routes.document import DocumentedApi
from service.routes.engine import ui
from service.routes.estates import reading, starting
from service.routes.feed import anchors, following, notices
from service.routes.money import ledger, waiting
from service.routes.office.routers import OFFICE
from service.routes.pages import letter, public, resident, shared
from service.routes.privacy import access as readings
from service.routes.privacy import bundles, people
from service.routes.reading import ballots, counts, history, money, words, works
from service.routes.sign_in import access, firms, identity, pages, passkeys
from service.routes.suggestions import doors as suggestions
from service.routes.suggestions import mine, office
from service.suggestions.reminding import SuggestionReminder
from service.webhooks.sending import WebhookSender

log = structlog.get_logger("service")
ROUTERS = (
    health.router,
    access.router,
    identity.router,
    firms.router,
    identity.of_case,
    passkeys.router,
    pages.router,
    renovations.router,
    voting.router,
    channels.router,
    proposals.router,
    cost_sharing.router,
    waiting.router,
    ledger.router,
    bidding.router,
    inspection.router,
    feedback.router,
    pictures.router,
    publications.router,
    *suggestions.ROUTERS,
    clock.router,
    following.router,
    anchors.router,
    notices.router,
    *(money.router, words.posted, words.said, words.votes),
    *(works.planned, works.offered, works.built, reading.router, reading.places),
    *(starting.places, starting.rolls, starting.cases),
    *(ballots.beside, ballots.imported),
    bundles.router,
    readings.router,
    history.router,
    counts.router,
    people.router,
    ui.router,
    acts.router,
)
PAGES = (
    shared.router,
    letter.router,
    *public.ROUTERS,
    *resident.ROUTERS,
    *OFFICE,
    mine.router,
    office.router,
)
"""What browsers are answered; not in the OpenAPI document."""

DATABASE_ERRORS = (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
"""Handled one by one: Starlette answers `Exception` too, but then raises it again into the server."""


def create_app(settings: Settings, access: AccessLog | None = None) -> Front:
    """The service as an ASGI application; connections are made when its lifespan begins.

    It starts without its servers too and says so: readiness is 503 until they answer. `access` is the
    log of the process, where its connections write into it too.
    """
    api = DocumentedApi(
        title="gongjian",
        version="1",
        summary="Participatory renovation: read a case, vote, object, pay, bid, act.",
        lifespan=_lifespan,
        docs_url=None,  # the pages of the document viewers load remote assets
        redoc_url=None,
        openapi_url="/openapi.json",
        servers=[{"url": settings.address}],
        # It would send whoever adds a slash to the host that the request names.
        redirect_slashes=False,
    )
    api.state.settings = settings
    api.state.scopes = scopes_of((each for router in ROUTERS for each in router.routes), OFFICIAL)
    routes = [each for router in (*PAGES, *ROUTERS) for each in router.routes]
    # Not by include_router, which adds nothing here and looks through router after router.
    api.router.routes += [RouteIndex(routes), *routes]
    api.add_exception_handler(Refused, _refused)
    api.add_exception_handler(RequestValidationError, _malformed)
    api.add_exception_handler(HTTPException, _http)
    for kind in DATABASE_ERRORS:
        api.add_exception_handler(kind, _failed)
    api.add_exception_handler(Exception, _failed)
    tls = settings.address.startswith("https:")
    keys = CommandKeys(each for router in ROUTERS for each in router.routes)
    return Front(api, access or AccessLog(), keys, settings.max_body_bytes, tls=tls)


@asynccontextmanager
async def _lifespan(api: FastAPI) -> AsyncIterator[None]:
    async with open_parts(api.state.settings) as parts:
        api.state.parts = parts
        sending = [asyncio.create_task(WebhookSender(parts.database, parts.settings).run())]
        if parts.settings.send_notices:
            outbox = NoticeSender(parts.database, parts.settings, parts.journal)
            sending.append(asyncio.create_task(outbox.run()))
            sending.append(asyncio.create_task(SuggestionReminder(parts.database).run()))
        if parts.settings.keep_privacy:
            keeper = PrivacyKeeper(parts.database, parts.settings)
            sending.append(asyncio.create_task(keeper.run()))
        log.info("service_started")
        yield
        for each in sending:
            each.cancel()
        await asyncio.gather(*sending, return_exceptions=True)
    log.info("service_stopped")


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return answer_of(request, error.problems)


async def _malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return answer_of(request, malformed(error.errors()).problems)


async def _http(request: Request, error: Exception) -> Response:
    """The framework's own refusals: no such address, no such method, a body that is no JSON."""
    assert isinstance(error, HTTPException)
    codes = {
        404: "service.not_found",
        405: "service.method_not_allowed",
        400: "service.json_invalid",
    }
    code = codes.get(error.status_code)
    answer = failed(request, error) if code is None else refusal(code)
    return answer_of(request, answer.problems, error.headers)


async def _failed(request: Request, error: Exception) -> Response:
    """An unforeseen error: `service.database_away` (503) for a lost database, else `service.failed`."""
    answer = database_away(error) or failed(request, error)
    return answer_of(request, answer.problems)


def failed(request: Request, error: Exception) -> Refused:
    """What nobody foresaw is in the log, under a reference that the person is told."""
    reference = secrets.token_hex(4)
    log.error("request_failed", path=request.url.path, reference=reference, exc_info=error)
    return refusal("service.failed", reference=reference)
