"""What every route works with: made once by the composition root, found on the application."""

from dataclasses import dataclass

from fastapi import Request
from temporalio.client import Client

from runtime.database import Database
from runtime.journal import Journal
from runtime.settings import Settings
from service.clock import CaseClocks
from service.credentials import VoterCheck
from service.gateway import Gateway
from service.intake import Intake
from service.lookup import Lookup


@dataclass(frozen=True, kw_only=True)
class Counter:
    """The parts of a running service."""

    settings: Settings
    database: Database
    journal: Journal
    client: Client
    gateway: Gateway
    clocks: CaseClocks
    intake: Intake
    voters: VoterCheck
    lookup: Lookup


def counter_of(request: Request) -> Counter:
    """The running parts, for `Depends`."""
    counter: Counter = request.app.state.counter
    return counter
