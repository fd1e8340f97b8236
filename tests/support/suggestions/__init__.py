"""Suggestions over the doors of a case and of its estate, for the tests of them."""

from collections.abc import Mapping
from typing import Any

import httpx

from tests.support.channels import Channels, official, owner_of
from tests.support.votes.portal import vouching

AUTHOR, NEIGHBOURS = "1-101", ("1-102", "1-201", "1-202", "1-301")
WORDS = {"theme": "Lamps", "reason": "The stairs are dark", "proposal": "Put lamps on each floor"}
SHEET = "5a" * 32


class Suggestions(Channels):
    """One case of twelve units, three of which are enough, and its estate."""

    @property
    def estate(self) -> str:
        return f"{self.rid}.estate"

    async def suggest(self, unit: str = AUTHOR, **words: str) -> httpx.Response:
        who = owner_of(self.rid, unit)
        return await self.post("/suggestions", who, unit_number=unit, **{**WORDS, **words})

    async def made(self, unit: str = AUTHOR, **words: str) -> str:
        answer = await self.suggest(unit, **words)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def published(self, unit: str = AUTHOR, **words: str) -> str:
        name = await self.made(unit, **words)
        answer = await self.review(name, "committee")
        assert answer.status_code == 201, answer.text
        return name

    async def review(
        self, name: str, who: str, decision: str = "publish", reason: str = ""
    ) -> httpx.Response:
        body: dict[str, Any] = {"decision": decision, "reason": reason}
        return await self.post(f"/suggestions/{name}/review", official(who), **body)

    async def support(self, name: str, unit: str, command_id: str = "") -> httpx.Response:
        who, path = owner_of(self.rid, unit), f"/suggestions/{name}/support"
        return await self.post(path, who, command_id, unit_number=unit)

    async def qualified(self) -> str:
        """A suggestion that three households support."""
        name = await self.published()
        for unit in NEIGHBOURS[:2]:
            assert (await self.support(name, unit)).status_code == 201
        return name

    async def answer(
        self, *names: str, who: str = "committee", outcome: str = "referred", **place: str
    ) -> httpx.Response:
        body: dict[str, Any] = {
            "suggestions": [*names],
            "outcome": outcome,
            "reason": "It costs little",
            **place,
        }
        return await self.post("/suggestions/replies", official(who), **body)

    async def read(
        self, who: Mapping[str, str] | None = None, query: str = ""
    ) -> dict[str, dict[str, Any]]:
        """What whoever asks reads of the case's suggestions, by their ids."""
        return _by_id(await self.get(f"/suggestions{query}", who or {}))

    async def read_in_estate(
        self, who: Mapping[str, str] | None = None, query: str = ""
    ) -> dict[str, dict[str, Any]]:
        path = f"/v1/estates/{self.estate}/suggestions{query}"
        return _by_id(await self.http.get(path, headers=dict(who or {})))

    async def by_portal(self, path: str, unit: str, **body: Any) -> httpx.Response:
        """What a resident sends by the portal, which vouches for the unit in the estate."""
        who = vouching(self.rid, unit, renovation_id=None, estate_id=self.estate)
        return await self.in_estate(path, who, unit_number=unit, **body)

    async def in_estate(
        self, path: str, who: Mapping[str, str], command_id: str = "", **body: object
    ) -> httpx.Response:
        self.commands += 1
        given = {"command_id": command_id or f"{self.rid}-{self.commands}", **body}
        address = f"/v1/estates/{self.estate}/suggestions{path}"
        return await self.http.post(address, json=given, headers=dict(who))

    async def waits(self) -> list[tuple[str, str]]:
        rows = await self.sql.fetch(
            "SELECT what, subject FROM case_wait WHERE renovation_id = $1 AND what LIKE '%suggestion'"
            " ORDER BY what",
            self.rid,
        )
        return [(row["what"], row["subject"]) for row in rows]

    async def notices(self) -> list[tuple[str, str]]:
        rows = await self.sql.fetch(
            "SELECT template, audience FROM notice WHERE renovation_id = $1 AND template LIKE 'suggestion%'"
            " ORDER BY created_at, template",
            self.rid,
        )
        return [(row["template"], row["audience"]) for row in rows]


def _by_id(answer: httpx.Response) -> dict[str, dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return {each["id"]: each for each in answer.json()}
