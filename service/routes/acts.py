"""The official acts: one route for each act of `models.messages.acts`, with its own fields as the body."""

import inspect
from typing import Any

from fastapi import APIRouter
from pydantic import create_model

from models.fields import Id, Word
from models.messages.act_bodies import BODIES
from models.messages.acts import ACTS, Act, Done
from models.values.refusal import refusal
from rules.authority import ROLES_OF_ACT
from rules.four_eyes import ACTS_OF_TWO
from service.bodies import CommandBody
from service.proposals.acts import send_or_propose
from service.proposing import ProposalMade
from service.routes.dependencies import CaseSituation, CurrentOfficial, RunningParts

router = APIRouter(prefix="/v1/renovations/{renovation_id}", tags=["official acts"])


def body_for(kind: type[Act]) -> type[CommandBody]:
    """The act as it is sent: its own fields and the command id; the service adds who does it."""
    both: tuple[type[Any], ...] = (BODIES[kind.name], CommandBody)
    return create_model(kind.__name__, __base__=both, __doc__=kind.__doc__)


def _add_route(kind: type[Act]) -> None:
    async def act(
        renovation_id: Id, actor_id: CurrentOfficial, command: CommandBody, parts: RunningParts
    ) -> Done | ProposalMade:
        fields = command.model_dump(mode="json", exclude={"command_id"}, exclude_unset=True)
        return await send_or_propose(
            parts, renovation_id, kind.name, fields, actor_id, command.command_id
        )

    # FastAPI reads the type of the body from the signature.
    act.__annotations__["command"] = body_for(kind)
    authority = ROLES_OF_ACT[kind.name]
    proposed = kind.name in ACTS_OF_TWO
    how = " Proposed: done when a second person has confirmed it." if proposed else ""
    who = ", ".join(sorted(authority.roles))
    router.add_api_route(
        f"/acts/{kind.name}",
        act,
        methods=["POST"],
        response_model=ProposalMade if proposed else Done,
        status_code=202 if proposed else 200,
        name=kind.name,
        description=f"{inspect.getdoc(kind)}\n\nBy: {who} ({authority.article}). Sent twice, done once.{how}",
    )


for _kind in ACTS.values():
    _add_route(_kind)


@router.post("/acts/{name}", include_in_schema=False)
async def refuse_unknown_act(name: Word, _actor: CurrentOfficial, _in: CaseSituation) -> None:
    """There is no act of this name: 404, which lists none because the document does."""
    raise refusal("authority.unknown_act", act=name)
