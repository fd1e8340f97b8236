"""`proposals`: what waits for a second person, and the second person's word."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from cli.servers import running
from cli.votes.commands import CommandId, Data, Id, print_all, sent_fields, write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from service.proposals.bodies import ProposalView

Named = Annotated[
    list[str] | None, typer.Option(metavar="ID", help="A proposal that was read; may stand again.")
]


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("proposals")(proposals)


def proposals(
    renovation: Id,
    confirm: Named = None,
    withdraw: Annotated[str, typer.Option(metavar="ID", help="One to take back.")] = "",
    reason: Annotated[str, typer.Option(help="Why it is taken back.")] = "",
    as_: Annotated[str, typer.Option("--as", metavar="ACTOR", help="Who acts.")] = "",
    command_id: CommandId = "",
    data: Data = None,
) -> None:
    """What waits for a second person, as JSON; with --confirm or --withdraw that person's word.

    Example: gongjian proposals r1 --as li
    """
    from service.http.problems import read_fields
    from service.proposals import deciding
    from service.proposals.bodies import ConfirmProposals, WithdrawProposal

    listed = _listed(data, renovation)
    if confirm:
        # What a proposal says never changes: who has read it by its id has read this.
        said = {each.id: each.content_sha256 for each in listed}
        lines = [{"id": each, "content_sha256": said.get(each, "0" * 64)} for each in confirm]
        sheet = read_fields(ConfirmProposals, sent_fields(command_id, proposals=lines))
        what = "confirm_proposal"
        print_all([write(data, renovation, as_, what, sheet, deciding.confirm_sheet)])
    elif withdraw:
        taken = read_fields(WithdrawProposal, sent_fields(command_id, reason=reason))
        print_all(
            [
                write(
                    data,
                    renovation,
                    as_,
                    "confirm_proposal",
                    taken,
                    lambda parts, situation, actor, command: deciding.withdraw_proposal(
                        parts, situation, actor, withdraw, command
                    ),
                )
            ]
        )
    else:
        print_all(listed)


def _listed(data: Path | None, renovation: str) -> Sequence[ProposalView]:
    from service.proposals.deciding import list_proposals
    from service.situation import load_situation

    async def work() -> Sequence[ProposalView]:
        async with running(data) as parts:
            situation = await load_situation(parts.database, renovation)
            async with parts.database.session() as session:
                return await list_proposals(session, situation)

    return asyncio.run(work())
