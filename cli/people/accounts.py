"""`account …`: the way in of a person, closed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.output import Commands, show
from cli.people.clients import command_of
from cli.people.own import own_requests
from cli.servers import DATA
from cli.words import Language, listed, number_of, said, speak

accounts = Commands(help="The accounts with which people sign in: close one.", no_args_is_help=True)
Data = Annotated[Path | None, DATA]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(accounts, name="account")


@accounts.command("close")
def close_account(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="Whose; your own id too.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in the log.")],
    as_: Annotated[
        str, typer.Option("--as", metavar="PERSON", help="Which of your sign-ins.")
    ] = "",
    command_id: Annotated[str, typer.Option(help="The same id is done once; else a new one.")] = "",
    language: Language = "",
    data: Data = None,
) -> None:
    """Nobody signs in as this person any more; every session ends now. A new invitation opens it again.

    Example: gongjian account close li --reason "the telephone was stolen"
    """
    speak(language)
    path = f"/v1/accounts/{person}/closing"
    done = own_requests(data, as_).post(path, command_of(command_id, {"reason": reason}))
    assert isinstance(done, dict)
    held = done["grants"]
    grants = listed(map(str, held)) if isinstance(held, list) and held else "-"
    sessions = number_of("sessions", int(str(done["sessions_ended"])))
    text = said("line.account_closed", person=person, sessions=sessions, grants=grants)
    show(done, lambda: [text])
