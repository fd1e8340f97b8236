"""The door of officials: every act of `models.messages.acts` by its name."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Request
from pydantic import JsonValue

from models.messages.acts import Done
from models.values.refusal import refusal
from service.http.credentials import actor_of
from service.parts import Parts, running_parts

router = APIRouter(prefix="/v1/renovations/{renovation_id}", tags=["official acts"])


@router.post("/acts/{name}")
async def do_act(
    renovation_id: str,
    name: str,
    request: Request,
    body: Annotated[dict[str, JsonValue], Body()],
    parts: Annotated[Parts, Depends(running_parts)],
) -> Done:
    """Do an official act; `command_id` and the act's own fields. Sent twice, it is done once.

    The person comes from the credential. Refused with 403 (role, place), 409 (stage, closed), 422
    (a rule says no) or 503 (not confirmed yet: send the same command again).
    """
    actor_id = actor_of(parts.settings.credential_key, request.headers.get("authorization"))
    command_id = body.pop("command_id", None)
    if not isinstance(command_id, str):
        raise refusal("service.field_missing", where="command_id", field="command_id")
    return await parts.gateway.send(renovation_id, name, body, actor_id, command_id)
