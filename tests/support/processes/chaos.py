"""Clients that vote over HTTP like pages do while something dies, and the account of what they were told.

A page keeps the command id of a ballot and sends it again until it is answered. Each voter waits for
the answer before voting again, so that the last acknowledged ballot is the one that must count.
"""

import asyncio
import hashlib
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from time import monotonic
from typing import Any

import httpx
from pydantic import SecretStr

from proof.ballots import batch_statement, receipt_data
from proof.merkle import leaf_hash, root_from_path
from proof.signing import signed_by
from tests.support.votes.tickets import unit_ticket

CLIENTS = 64
PAUSE_S = 0.2
"""Between two tries of the same ballot: somebody outside is away, and is asked until it is back."""
PATIENCE_S = 60.0
WORDS = ("yes", "no", "abstain")
TRIED_AGAIN = (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.BAD_GATEWAY)


@dataclass
class Told:
    """What the clients were told: the receipt of each command, and the last word of each unit."""

    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)
    last: dict[str, dict[str, str]] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    tries_lost: int = 0
    """Requests that got no answer: the client cannot know what became of them."""
    strange: list[str] = field(default_factory=list)
    """Answers that no ballot of this load should get."""


class Crowd:
    """64 connections; each has some units and casts for them in turn until it is told to stop."""

    def __init__(
        self,
        rid: str,
        units: Sequence[str],
        motions: Sequence[str],
        key: SecretStr,
        service_url: Callable[[], str],
    ) -> None:
        self._rid, self._units, self._motions = rid, units, motions
        self._url = service_url
        self._bearers = {
            unit: {"Authorization": f"Bearer {unit_ticket(key, rid, unit)}"} for unit in units
        }
        self.told = Told()
        self._stopped = False

    def stop(self) -> None:
        """Let every client finish the ballot it is at."""
        self._stopped = True

    async def answered(self, more: int) -> None:
        """Return when so many ballots more have been acknowledged: the load is on."""
        enough = len(self.told.receipts) + more
        async with asyncio.timeout(PATIENCE_S):
            while len(self.told.receipts) < enough and not self.told.strange:
                await asyncio.sleep(PAUSE_S / 10)

    async def vote(self) -> Told:
        """Vote until `stop`; every ballot that was begun is carried to its answer."""
        await asyncio.gather(*(self._client(number) for number in range(CLIENTS)))
        return self.told

    async def _client(self, number: int) -> None:
        rng = random.Random(number)
        units = self._units[number::CLIENTS]
        limits = httpx.Limits(max_connections=1)
        async with httpx.AsyncClient(timeout=10, limits=limits, trust_env=False) as http:
            cast = 0
            while not self._stopped:
                unit = units[cast % len(units)]
                choices = {motion: rng.choice(WORDS) for motion in self._motions}
                command = f"{unit}/{cast}"
                receipt = await self._until_answered(http, command, unit, choices)
                if receipt is None:
                    return
                self.told.receipts[command] = receipt
                self.told.last[unit] = choices
                cast += 1

    async def _until_answered(
        self, http: httpx.AsyncClient, command: str, unit: str, choices: dict[str, str]
    ) -> dict[str, Any] | None:
        """The receipt; the same request again while nobody answers, or somebody is away."""
        body = {"command_id": command, "unit_number": unit, "choices": choices}
        last = monotonic() + PATIENCE_S
        while monotonic() < last:
            url = f"{self._url()}/v1/renovations/{self._rid}/ballots"
            try:
                answer = await http.post(url, json=body, headers=self._bearers[unit])
            except httpx.TransportError:
                self.told.tries_lost += 1
                await asyncio.sleep(PAUSE_S)
                continue
            self.told.statuses[answer.status_code] += 1
            if answer.status_code in (HTTPStatus.OK, HTTPStatus.CREATED):
                receipt: dict[str, Any] = answer.json()
                return receipt
            if answer.status_code not in TRIED_AGAIN:
                self.told.strange.append(answer.text[:300])
                return None
            await asyncio.sleep(PAUSE_S)
        self.told.strange.append(f"{command} was never answered")
        return None


def receipts_that_lie(receipts: Sequence[dict[str, Any]], public_key: str) -> list[str]:
    """The ids of the ballots whose receipt is not signed by this key, or not over what it says."""
    key = bytes.fromhex(public_key)
    known: dict[tuple[bytes, str], bool] = {}
    bad = []
    for each in receipts:
        batch = each["batch"]
        leaf = leaf_hash(
            receipt_data(
                ballot_id=each["ballot_id"],
                box_id=each["box_id"],
                leaf=bytes.fromhex(each["leaf_hash"]),
                cast_at=each.get("cast_at"),
                recorded_at=each["recorded_at"],
                unit_number=each["unit_number"],
            )
        )
        path = [bytes.fromhex(sister) for sister in batch["path"]]
        root = root_from_path(leaf, batch["index"], batch["size"], path)
        statement = batch_statement(batch["id"], root, each["box_id"], batch["size"])
        at = (hashlib.sha256(statement).digest(), each["signature"])
        if at not in known:
            known[at] = signed_by(key, statement, bytes.fromhex(each["signature"]))
        if not known[at] or each["public_key"] != public_key:
            bad.append(each["ballot_id"])
    return bad
