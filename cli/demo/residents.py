"""How the households of the demo come in: with a letter and its second fact, or by the city's portal."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

from pydantic import JsonValue, TypeAdapter

from cli.demo.agents import AgentsWay, give_mandates
from cli.demo.client import Client, HttpAnswer
from cli.demo.town.estate import DemoUnit, second_fact
from cli.demo.town.people import COMMITTEE
from cli.demo.town.portal import DemoPortal
from models.values.refusal import refusal
from service.access.printing import PrintedLetter

SAMPLE = 60
"""So many households enter with their letters, and so many over the portal: a fifth of the units each, if that is less."""
SPARE_S = 60
"""A ticket that ends so soon is not used any more."""
NO_LETTER = "/v1/letters/of-no-unit-at-all"
LETTERS = TypeAdapter(tuple[PrintedLetter, ...])


class NotLetIn(Exception):  # noqa: N818 - an answer, not an error
    """Nobody comes in like this; `code` is that of the refusal."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Household(Protocol):
    """Acts for households, each by the way that it takes."""

    async def give_mandates(
        self, units: Sequence[str], motions: Sequence[str], now: datetime
    ) -> None:
        """These units have agents from now on, who vote for them; before letters are printed."""

    async def print_letters(self) -> int:
        """A letter for every unit; how many they are."""

    async def ticket(self, unit_number: str) -> str:
        """A ticket of a unit; raises `NotLetIn`."""

    def has_entered(self, unit_number: str) -> bool:
        """Whether the household has come in before."""

    async def vote(self, sender: str, body: Mapping[str, JsonValue]) -> HttpAnswer:
        """Send a ballot as the household of this unit; raises `NotLetIn`."""


class Residents:
    """The households of the estate: none of them has a ticket that it did not get by entering.

    A few have an agent, who enters with a letter of its own. The first ones enter with their letters, the next ones over the portal, and vote with their tickets.
    All others vote in the portal, which signs each ballot's assertion and hands it in: one request for each,
    so that the demo does not take twice its time. Without a portal all enter with letters.
    """

    def __init__(
        self, client: Client, units: Sequence[DemoUnit], portal: DemoPortal | None
    ) -> None:
        self._client = client
        self._portal = portal
        self._facts = {unit.number: second_fact(unit) for unit in units}
        self._sample = min(SAMPLE, len(units) // 5)
        self._links: dict[str, str] = {}
        self._tickets: dict[str, tuple[str, float]] = {}
        self._agents: dict[str, AgentsWay] = {}
        self.with_letter: set[str] = set()
        self.over_portal: set[str] = set()
        self.in_portal: set[str] = set()
        """Who voted in the portal and was not here themselves."""
        self.by_agent: set[str] = set()

    async def give_mandates(
        self, units: Sequence[str], motions: Sequence[str], now: datetime
    ) -> None:
        """Have agents registered, whose ballots are those of their units.

        Raises:
            Refused: `demo.act_refused`, `demo.service_silent`.
        """
        self._agents = await give_mandates(self._client, units, motions, now)

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
            self.with_letter.discard(unit_number)
            self.over_portal.discard(unit_number)
            raise NotLetIn(answer.code)
        ticket = answer.text("ticket")
        ends = datetime.fromisoformat(answer.text("ticket_expires_at")).timestamp()
        self._tickets[unit_number] = (ticket, ends)
        return ticket

    async def vote(self, sender: str, body: Mapping[str, JsonValue]) -> HttpAnswer:
        """Send a ballot as the household of this unit does it.

        Raises:
            NotLetIn: as the service refuses.
        """
        if sender in self._agents:
            answer = await self._vote_as_agent(self._agents[sender], body)
            self.by_agent.add(sender)
            return answer
        portal, rid = self._portal, self._client.renovation_id
        if portal is None or self._enters(sender):
            return await self._client.post("/ballots", await self.ticket(sender), body)
        answer = await self._client.post("/portal-ballots", lambda: portal.vouch(rid, sender), body)
        if answer.accepted:
            self.in_portal.add(sender)
        return answer

    def has_entered(self, unit_number: str) -> bool:
        """Whether the household has come in before, by its letter or over the portal."""
        return unit_number in self.with_letter or unit_number in self.over_portal

    async def _vote_as_agent(self, way: AgentsWay, body: Mapping[str, JsonValue]) -> HttpAnswer:
        """Enter with the agent's letter and its second fact, and cast what the household wants."""
        entered = await self._client.enter_by_letter(way.link, way.fact)
        if not entered.accepted:
            raise NotLetIn(entered.code)
        ballot = {name: said for name, said in body.items() if name != "unit_number"}
        return await self._client.post("/proxy-ballots", entered.text("ticket"), ballot)

    def _enters(self, unit_number: str) -> bool:
        known = self.has_entered(unit_number)
        return known or len(self.with_letter) + len(self.over_portal) < 2 * self._sample

    async def _enter(self, unit_number: str) -> HttpAnswer:
        portal, rid = self._portal, self._client.renovation_id
        early = len(self.with_letter) < self._sample and unit_number not in self.over_portal
        if portal is None or early or unit_number in self.with_letter:
            self.with_letter.add(unit_number)
            fact = self._facts.get(unit_number, "")
            return await self._client.enter_by_letter(self._links.get(unit_number, NO_LETTER), fact)
        self.over_portal.add(unit_number)
        return await self._client.enter_by_portal(lambda: portal.vouch(rid, unit_number))
