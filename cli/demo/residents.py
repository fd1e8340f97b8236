"""How the households of the demo come in: with a letter and its second fact, or over the city's portal."""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

from pydantic import TypeAdapter

from cli.demo.client import Client, HttpAnswer
from cli.demo.town.estate import DemoUnit, second_fact
from cli.demo.town.people import COMMITTEE
from cli.demo.town.portal import DemoPortal
from models.values.refusal import refusal
from service.access.printing import PrintedLetter

BY_LETTER = 60
"""So many households enter with their letters; the others have an account with the portal, if there is one."""
SPARE_S = 60
"""A ticket that ends so soon is not used any more."""
LETTERS = TypeAdapter(tuple[PrintedLetter, ...])


class NotLetIn(Exception):  # noqa: N818 - an answer, not an error
    """Nobody comes in like this; `code` is that of the refusal."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Household(Protocol):
    """Gives the tickets of households, and prints their letters."""

    async def print_letters(self) -> int:
        """A letter for every unit; how many they are."""

    async def ticket(self, unit_number: str) -> str:
        """A ticket of a unit; raises `NotLetIn`."""


class Residents:
    """The tickets of the households, each got by the way that the household takes.

    Without a portal all of them enter with letters.
    """

    def __init__(
        self, client: Client, units: Sequence[DemoUnit], portal: DemoPortal | None
    ) -> None:
        self._client = client
        self._portal = portal
        self._facts = {unit.number: second_fact(unit) for unit in units}
        self._links: dict[str, str] = {}
        self._tickets: dict[str, tuple[str, float]] = {}
        self.with_letter: set[str] = set()
        self.over_portal: set[str] = set()

    async def print_letters(self) -> int:
        """The committee prints a letter for every unit; how many they are.

        Raises:
            Refused: `demo.act_refused`.
        """
        body = {"command_id": f"{self._client.renovation_id}-demo-letters"}
        session = self._client.official(COMMITTEE.id)
        answer = await self._client.post("/letters/printing", session, body)
        if not answer.accepted:
            what = "letters"
            raise refusal(
                "demo.act_refused", where=what, act=what, status=answer.status, reason=answer.reason
            )
        letters = LETTERS.validate_python(answer.body)
        self._links = {each.unit_number: urlsplit(each.link).path for each in letters}
        return len(letters)

    async def ticket(self, unit_number: str) -> str:
        """A ticket of a unit, got now or a while ago.

        Raises:
            NotLetIn: as the service refuses.
        """
        ticket, ends = self._tickets.get(unit_number, ("", 0.0))
        if ends > time.time() + SPARE_S:
            return ticket
        answer = await self._enter(unit_number)
        if not answer.accepted:
            raise NotLetIn(answer.code)
        ticket = answer.text("ticket")
        ends = datetime.fromisoformat(answer.text("ticket_expires_at")).timestamp()
        self._tickets[unit_number] = (ticket, ends)
        return ticket

    async def _enter(self, unit_number: str) -> HttpAnswer:
        portal, link = self._portal, self._links.get(unit_number)
        early = len(self.with_letter) < BY_LETTER or unit_number in self.with_letter
        if link is not None and (portal is None or early):
            self.with_letter.add(unit_number)
            return await self._client.enter_by_letter(link, self._facts[unit_number])
        if portal is None:
            raise NotLetIn("access.letter_unknown")
        rid = self._client.renovation_id
        answer = await self._client.enter_by_portal(lambda: portal.vouch(rid, unit_number))
        if answer.accepted:
            self.over_portal.add(unit_number)
        return answer
