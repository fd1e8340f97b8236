"""How the agents of the demo come in: registered by two committees, each with a letter and a number of identity."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

from pydantic import JsonValue, TypeAdapter

from cli.demo.client import Client, HttpAnswer
from cli.demo.town.people import COMMITTEE, COMMUNITY, DemoOfficial, agent
from models.values.refusal import refusal
from proof.canonical import utc_text
from service.access.bodies import LetterRow

VALID = timedelta(days=90)
"""Longer than the vote lasts, the extension too."""
LETTERS = TypeAdapter(tuple[LetterRow, ...])


class AgentsWay(NamedTuple):
    """How the agent of a household comes in: the path of the letter's link, and the second fact."""

    link: str
    fact: str


async def give_mandates(
    client: Client, units: Sequence[str], motions: Sequence[str], now: datetime
) -> dict[str, AgentsWay]:
    """The committee proposes what owners have signed; the residents' committee confirms it, and hands the letters out.

    The agents' ways by their units.

    Raises:
        Refused: `demo.act_refused`, `demo.service_silent`.
    """
    proposed: list[JsonValue] = []
    for number, unit in enumerate(units, start=1):
        asked = _mandate(number, unit, motions, now)
        made = await _done(client, "/mandates", COMMITTEE, f"mandate-{number}", asked)
        proposed.append({name: made.text(name) for name in ("id", "content_sha256")})
    sheet: dict[str, JsonValue] = {"proposals": proposed}
    await _done(client, "/proposals/confirmations", COMMUNITY, "mandates", sheet)
    ways: dict[str, AgentsWay] = {}
    written = await client.read("/letters", client.official(COMMITTEE.id))
    letters = [each for each in LETTERS.validate_python(written) if each.kind == "agent"]
    for number, unit in enumerate(units, start=1):
        letter = next(each for each in letters if each.unit_number == unit)
        path = f"/letters/{letter.id}/link"
        handed = await _done(client, path, COMMUNITY, f"agent-{number}", {})
        ways[unit] = AgentsWay(urlsplit(handed.text("link")).path, agent(number)[1])
    return ways


def _mandate(
    number: int, unit: str, motions: Sequence[str], now: datetime
) -> Mapping[str, JsonValue]:
    name, identity = agent(number)
    return {
        "unit_number": unit,
        "agent_name": name,
        "agent_identity": identity,
        "motions": list(motions),
        "document": f"授权委托书 {number}",
        "valid_from": utc_text(now),
        "valid_until": utc_text(now + VALID),
    }


async def _done(
    client: Client, path: str, who: DemoOfficial, step: str, body: Mapping[str, JsonValue]
) -> HttpAnswer:
    whole = {"command_id": f"{client.renovation_id}-demo-{step}", **body}
    answer = await client.post(path, client.official(who.id), whole)
    if not answer.accepted:
        raise refusal(
            "demo.act_refused", where=path, act=path, status=answer.status, reason=answer.reason
        )
    return answer
