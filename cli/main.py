"""The entry point of `gongjian`: loads a command, prints refusals, sets the exit code."""

import errno
import os
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import NamedTuple, NoReturn

import typer

from cli.output import FLAG, Commands, choose_json, json_text, shown, wants_json
from models.values.refusal import Problem, Refused, problem
from runtime.leaving import run_and_leave

REFUSED = 1
UNREACHABLE = 2
NO_ANSWER = 503
"""The status in the problem document where no server answered."""
DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EFBIG})
"""Errors of a write to an open file, which name no file."""

RAISED_BY_SERVERS = (
    ("temporalio.service", "RPCError"),
    ("httpx", "TransportError"),
    ("sqlalchemy.exc", "DBAPIError"),
    ("asyncpg", "PostgresError"),
    ("asyncpg", "InterfaceError"),
)
"""The module and the class of what says that a server did not answer."""


class Listed(NamedTuple):
    """A command or a group of commands: the module that has it, and its line in the help."""

    module: str
    help: str


COMMANDS: Mapping[str, Listed] = {
    "up": Listed(
        "cli.local.commands",
        "Start database, Temporal, worker and service here and keep them running (Ctrl-C stops).",
    ),
    "serve": Listed(
        "cli.local.commands", "Run the HTTP service alone; the settings come from the environment."
    ),
    "migrate": Listed(
        "cli.local.commands",
        "Bring the schema of DATABASE_OWNER_URL up to date, or take steps back (data is lost).",
    ),
    "temporal-setup": Listed(
        "cli.local.commands",
        "Register search attributes and reconciliation at TEMPORAL_ADDRESS; safe to run again.",
    ),
    "use-build": Listed(
        "cli.local.commands",
        "Send new and running workflows at TEMPORAL_ADDRESS to the workers of a build; may be repeated.",
    ),
    "start": Listed(
        "cli.opening", "Open a renovation from a file; the same files again open nothing new."
    ),
    "training": Listed(
        "cli.training",
        "Open an invented case to practise with; the link lets one person play everybody and move the clock.",
    ),
    "login": Listed(
        "cli.people.commands",
        "Sign in: with an invitation's link once, then with name, password and code, or by a browser.",
    ),
    "logout": Listed(
        "cli.people.commands", "End every session of this machine, at the service and in the file."
    ),
    "account": Listed("cli.people.accounts", "The accounts with which people sign in: close one."),
    "official": Listed("cli.people.commands", "Who holds which role: give, end, list."),
    "firm": Listed(
        "cli.people.firms",
        "Firms that build, and banks: register, confirm, refuse, end, list.",
    ),
    "client": Listed(
        "cli.people.clients", "Programs with keys of their own: add, rotate, revoke, list."
    ),
    "webhook": Listed(
        "cli.people.webhooks", "Addresses that are told of events: add, change, test, list, log."
    ),
    "feed": Listed(
        "cli.people.webhooks",
        "What happened in all cases of your places, in one order; ask again with the last line's position.",
    ),
    "notices": Listed(
        "cli.access.notices",
        "Notices: what arrived, what came back, on paper, on the board, and of training cases.",
    ),
    "admin": Listed("cli.people.commands", "What only the operator of this machine does."),
    "act": Listed(
        "cli.acts.commands",
        "Do an official act as whoever is signed in here; of several, the only one who may.",
    ),
    "call": Listed(
        "cli.people.calls",
        "Call a door of the API that has no command of its own; without --as or --credential a GET is anybody's.",
    ),
    "list": Listed(
        "cli.cases",
        "A page of the renovations; without a filter the ones that were opened last come first.",
    ),
    "view": Listed(
        "cli.reading.views", "Lists of cases that you look for again: save, list, forget."
    ),
    "status": Listed(
        "cli.cases", "Where a renovation stands, what it waits for, and what of it needs attention."
    ),
    "show": Listed(
        "cli.reading.commands",
        "What is written about a case, as whoever asks may read it: nobody, a home, or who is signed in here.",
    ),
    "estates": Listed(
        "cli.reading.commands",
        "Estates and places: which there are; the units of one, and where these came from.",
    ),
    "history": Listed(
        "cli.reading.history",
        "The record of a renovation: who did what when, in which capacity.",
    ),
    "explain": Listed(
        "cli.reading.explain",
        "Why a home owes what it owes: every factor, its source, the rounding; and whether it is right.",
    ),
    "why": Listed(
        "cli.reading.why",
        "Why a renovation waits: of whom, until when, what follows, and what must be true for it.",
    ),
    "audit": Listed(
        "cli.cases",
        "Check the hash chain, who acted, the tables by the events, and the ballots by their receipts.",
    ),
    "export": Listed("cli.proofs.logs", "The record in forms that other programs read."),
    "anchor": Listed(
        "cli.proofs.anchors",
        "Put the heads of all cases into one signed tree, and ask other instances to cosign it.",
    ),
    "repair": Listed(
        "cli.repair",
        "Compare record and engine, and rebuild from the record what the engine has lost.",
    ),
    "credentials": Listed(
        "cli.cases",
        "The letters of the first kind again, for a case opened before `letters print`; keep it secret.",
    ),
    "letters": Listed(
        "cli.access.letters",
        "The letters with which residents enter: print, renew, hand out, withdraw, enter.",
    ),
    "clock": Listed(
        "cli.clock",
        "Show what falls due when; move the clock of a training case (`sandbox: {clock: told}`).",
    ),
    "roll": Listed("cli.roll.commands", "The owners' roll: check a file, import it."),
    "vote": Listed(
        "cli.votes.commands",
        "An open vote: ballots, paper, attendance, objections, consents, reminders.",
    ),
    "suggest": Listed(
        "cli.suggestions.resident",
        "Suggest something for the estate, join a neighbour's suggestion, take either back.",
    ),
    "suggestions": Listed(
        "cli.suggestions.official",
        "Suggestions of residents: list, write down, review, merge, answer.",
    ),
    "proposals": Listed(
        "cli.votes.proposals",
        "What waits for a second person: list it, confirm it, refuse it.",
    ),
    "decide": Listed(
        "cli.rules.decide",
        "What a rule says about a vote: verdict, every check with both numbers, what follows.",
    ),
    "packs": Listed(
        "cli.rules.decide",
        "Every rule, cap and dated pack with its law, its dates and how certain they are.",
    ),
    "allocate": Listed(
        "cli.rules.allocate",
        "Who pays how much: shares, fees, relief and refunds, exact to the fen.",
    ),
    "ledger": Listed(
        "cli.ledger.commands", "The ledger of money: every balance again from the transfers alone."
    ),
    "statement": Listed(
        "cli.ledger.statements",
        "Bank statements and cash: what came in, for which unit it is.",
    ),
    "menu": Listed("cli.rules.menu", "Tally a menu vote and choose works within its budget."),
    "evidence": Listed("cli.evidence", "Evidence that anybody can check."),
    "verify": Listed(
        "cli.verify",
        "Check the evidence of a vote as its verify.py does, and with the rules of this release; or that of a case.",
    ),
    "access": Listed(
        "cli.privacy.access",
        "Who has read what in a case that is not for everybody: when, in which role, why.",
    ),
    "person": Listed("cli.privacy.people", "Data of a person: all of it, and their erasure."),
    "retention": Listed(
        "cli.privacy.people", "How long which data are kept, and what is due to be erased."
    ),
    "keys": Listed("cli.keys", "The secret keys: which there are, and a new one for a purpose."),
    "demo": Listed(
        "cli.demo.command",
        "Carry the renovation of an invented estate from the first vote to the evaluation.",
    ),
}
"""In the order of the help, which is shown without loading any of the modules.

A command loads its own module only, and that loads servers' libraries when the command runs: who
asks for a rule need not wait for Temporal and PostgreSQL.
"""


def application(command: str | None = None) -> typer.Typer:
    """The application with one command, or with all names and no command if it is none of ours."""
    app = _empty()
    if command is not None and command in COMMANDS:
        import_module(COMMANDS[command].module).register(app)
        return app
    for name, each in COMMANDS.items():
        app.command(name, help=each.help)(_keep_subcommands)
    return app


def whole_application() -> typer.Typer:
    """The application with every command, for those who look at all of them."""
    app = _empty()
    for module in dict.fromkeys(each.module for each in COMMANDS.values()):
        import_module(module).register(app)
    return app


def command_lines() -> Iterator[str]:
    """Every command with its group, `official` and `official add` alike, for those who call all of them."""

    def below(command: object, words: tuple[str, ...]) -> Iterator[str]:
        if words:
            yield " ".join(words)
        for name, each in getattr(command, "commands", {}).items():
            yield from below(each, (*words, name))

    return below(typer.main.get_command(whole_application()), ())


def _empty() -> typer.Typer:
    app = Commands(
        name="gongjian",
        help=(
            "Participatory renovation of old residential estates, from the first vote to the"
            " evaluation."
        ),
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    app.callback()(_keep_subcommands)
    return app


def _keep_subcommands() -> None:
    """A callback: without one typer would run a single command without its name."""


def __getattr__(name: str) -> typer.Typer:
    """`app`, the whole application, made when somebody asks for it."""
    if name == "app":
        return whole_application()
    raise AttributeError(name)


def main() -> None:
    """Run a command: 0 done, 1 refused (each problem on one line), 2 usage or no connection.

    With `--json` a refusal is one problem document (RFC 9457) on standard error.
    """
    choose_json(wanted=FLAG in sys.argv)
    try:
        _run(application(sys.argv[1] if len(sys.argv) > 1 else None))
    except Refused as refusal:
        _say(*refusal.problems)
        sys.exit(REFUSED)
    except Exception as error:
        failed = _failed_file(error)
        if failed is not None:
            _say(failed)
            sys.exit(REFUSED)
        if not _is_no_connection(error):
            raise
        _say(problem("line.no_answer", reason=_first_line(error)), status=NO_ANSWER)
        sys.exit(UNREACHABLE)


def _run(app: typer.Typer) -> None:
    """Run a command; where a program reads, a wrong call is a refusal like any other."""
    if not wants_json():
        app()
        return
    from typer._click.exceptions import ClickException
    from typer.exceptions import Abort

    try:
        code = app(standalone_mode=False)
    except ClickException as wrong:
        _say(problem("line.usage", where="", reason=wrong.format_message()))
        sys.exit(wrong.exit_code)
    except Abort:
        sys.exit(REFUSED)
    sys.exit(code if isinstance(code, int) else 0)


def _say(*problems: Problem, status: int | None = None) -> None:
    """One line each, or one document; the catalogues are only read where there is something to say."""
    from runtime.language.choice import spoken
    from runtime.language.moments import on_clock
    from runtime.language.sentences import sentence

    language = spoken(os.environ)
    if wants_json():
        from service.http.problems import problem_document, status_for

        document = problem_document(problems, status or status_for(problems), language)
        sys.stderr.write(f"{json_text(document)}\n")
        return
    for each in problems:
        sys.stderr.write(f"gongjian: {shown(sentence(on_clock(each, ''), language))}\n")


def _failed_file(error: Exception) -> Problem | None:
    """What to say of a file or folder that could not be read or written, wherever it was.

    A command may say more of its own file; none has to. A full disk names no file.
    """
    if not isinstance(error, OSError) or isinstance(error, ConnectionError):
        return None
    if error.filename is None and error.errno not in DISK:
        return None
    name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else "-"
    reason = error.strerror or type(error).__name__
    return problem("cases.file_failed", file=name, reason=reason)


def _is_no_connection(error: Exception) -> bool:
    """Whether a server did not answer. A library that the command has not loaded has raised nothing."""
    if isinstance(error, OSError):
        return True  # of no file, see `_failed_file`: no address, no route, no such socket, no time left
    kinds = (
        getattr(sys.modules[module], kind)
        for module, kind in RAISED_BY_SERVERS
        if module in sys.modules
    )
    return isinstance(error, tuple(kinds))


def _first_line(error: Exception) -> str:
    """The reason without SQL, parameters or traceback."""
    cause = getattr(error, "orig", None) or error
    lines = str(cause).strip().splitlines()
    return lines[0] if lines else type(cause).__name__


def run() -> NoReturn:
    """The command `gongjian`."""
    run_and_leave(main)


if __name__ == "__main__":
    run()
