"""A roll that goes to the service in the name of whoever is signed in."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import JsonValue

from cli.people.clients import command_of
from cli.people.requests import LONG_S, in_name_of

if TYPE_CHECKING:
    from pathlib import Path

    from cli.people.session_file import KeptSession
    from service.estates.rolls import ImportedRoll


def roll_body(
    name: str, content: bytes, sheet: str | None = None, mapping: Mapping[str, str] | None = None
) -> dict[str, JsonValue]:
    """The roll of a body: the file as it is."""
    columns: dict[str, JsonValue] = {**(mapping or {})}
    written = base64.b64encode(content).decode()
    return {"file": {"name": name, "content": written, "sheet": sheet or "", "columns": columns}}


def send_roll(
    home: Path, person: KeptSession, asked: dict[str, JsonValue], *, dry_run: bool
) -> ImportedRoll:
    """What an import did, or would do, with its difference, which the service shows before.

    Raises:
        Refused: what the service refuses.
    """
    from service.estates.rolls import ImportedRoll
    from service.starting.bodies import RollAnswer

    body, requests = command_of("", asked), in_name_of(home, person)

    def answered(**more: JsonValue) -> RollAnswer:
        answer = requests.post("/v1/roll-imports", {**body, **more}, LONG_S)
        return RollAnswer.model_validate(answer)

    seen = answered(preview=True)
    done = seen if dry_run else answered()
    assert seen.difference is not None
    return ImportedRoll(
        estate_id=done.estate_id,
        imported=done.imported,
        created=done.created,
        units=done.units,
        difference=seen.difference,
    )
