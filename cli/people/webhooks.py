"""`webhook …` and `feed`: what a program follows, and the addresses that are told of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue

from cli.output import Commands, show
from cli.people.clients import As, CommandId, command_of
from cli.people.own import own_requests
from cli.servers import DATA
from cli.words import Language, named, said, speak

webhooks = Commands(
    help="Addresses that are told of events: add, change, test, list, log.", no_args_is_help=True
)
Data = Annotated[Path | None, DATA]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The webhook's name.")]
After = Annotated[int | None, typer.Option(min=0, help="The position in the feed after which.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(webhooks, name="webhook")
    app.command("feed")(read_feed)


@webhooks.command("add")
def add_webhook(
    name: Name,
    url: Annotated[str, typer.Argument(metavar="URL", help="Where it is told: https://…")],
    *,
    place: Annotated[str, typer.Option(help="The path of the place, as d/s/c.")],
    kind: Annotated[
        list[str] | None, typer.Option(help="Events of this kind only; several times.")
    ] = None,
    training: Annotated[bool, typer.Option(help="Of training cases too.")] = False,
    after: After = None,
    as_: As = "",
    command_id: CommandId = "",
    language: Language = "",
    data: Data = None,
) -> None:
    """Have an address told of what happens below a place; what signs the messages is printed once.

    Example: gongjian webhook add city https://portal.example/hook --place d --kind voting.decided
    """
    speak(language)
    kinds: list[JsonValue] = [*(kind or ())]
    body: dict[str, JsonValue] = {
        "webhook": name,
        "url": url,
        "place": place,
        "kinds": kinds,
        "training": training,
        "after": after,
    }
    answer = own_requests(data, as_).post("/v1/webhooks", command_of(command_id, body))
    assert isinstance(answer, dict)
    _show_secret(answer)


@webhooks.command("change")
def change_webhook(
    name: Name,
    state: Annotated[
        str, typer.Argument(metavar="active|paused|ended", help="From now on; ended is for good.")
    ],
    after: After = None,
    as_: As = "",
    command_id: CommandId = "",
    language: Language = "",
    data: Data = None,
) -> None:
    """Pause it, let it go on (from another position too), or end it for good.

    Example: gongjian webhook change city active --after 1200
    """
    speak(language)
    body = command_of(command_id, {"state": state, "after": after})
    done = own_requests(data, as_).post(f"/v1/webhooks/{name}/changes", body)
    show(done, lambda: [_line(done)])


@webhooks.command("rotate")
def rotate_secret(
    name: Name,
    overlap_hours: Annotated[
        int, typer.Option(min=0, max=168, help="So long the secret of before signs too.")
    ] = 24,
    as_: As = "",
    command_id: CommandId = "",
    language: Language = "",
    data: Data = None,
) -> None:
    """Sign with a new secret, which is printed once; the one of before signs too for some hours.

    Example: gongjian webhook rotate city --overlap-hours 48
    """
    speak(language)
    body = command_of(command_id, {"overlap_hours": overlap_hours})
    answer = own_requests(data, as_).post(f"/v1/webhooks/{name}/rotation", body)
    assert isinstance(answer, dict)
    _show_secret(answer)


@webhooks.command("test")
def try_webhook(
    name: Name, as_: As = "", command_id: CommandId = "", language: Language = "", data: Data = None
) -> None:
    """Send it a test message now, and say what came of it.

    Example: gongjian webhook test city
    """
    speak(language)
    path = f"/v1/webhooks/{name}/tests"
    done = own_requests(data, as_).post(path, command_of(command_id, {}))
    show(done, lambda: [_attempt_line(done)])


@webhooks.command("list")
def list_webhooks(as_: As = "", language: Language = "", data: Data = None) -> None:
    """Your webhooks, and how far each was told.

    Example: gongjian webhook list --json
    """
    speak(language)
    found = own_requests(data, as_).get("/v1/webhooks")
    show(found, lambda: map(_line, found if isinstance(found, list) else ()))


@webhooks.command("log")
def list_deliveries(
    name: Name,
    as_: As = "",
    language: Language = "",
    data: Data = None,
) -> None:
    """The newest attempts to tell it something, and what came of them.

    Example: gongjian webhook log city
    """
    speak(language)
    found = own_requests(data, as_).get(f"/v1/webhooks/{name}/deliveries")
    show(found, lambda: map(_attempt_line, found if isinstance(found, list) else ()))


def read_feed(
    place: Annotated[str, typer.Option(help="Below this place only, as d/s/c.")] = "",
    after: Annotated[int, typer.Option(min=0, help="The position up to which you have read.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most so many.")] = 100,
    training: Annotated[bool, typer.Option(help="Training cases too.")] = False,
    as_: As = "",
    language: Language = "",
    data: Data = None,
) -> None:
    """What happened in all cases of your places, in one order; ask again with the last line's position.

    Example: gongjian feed --place d/s --after 1200
    """
    speak(language)
    query = {"after": str(after), "limit": str(limit), "training": str(training).lower()}
    if place:
        query["place"] = place
    page = own_requests(data, as_).get("/v1/feed", **query)
    show(page, lambda: _page_lines(page))


def _page_lines(page: JsonValue) -> Iterator[str]:
    assert isinstance(page, dict)
    events = page["events"]
    assert isinstance(events, list)
    for each in events:
        assert isinstance(each, dict)
        what = named("event", str(each["kind"]))
        yield f"{each['position']}  {_at(each['happened_at'])}  {each['renovation_id']}  {what}"
    more = "line.feed_more" if page["more"] else "line.feed_read"
    yield said(more, next=int(str(page["next"])))


def _at(moment: JsonValue) -> str:
    return f"{datetime.fromisoformat(str(moment)).astimezone():%Y-%m-%d %H:%M}"


def _show_secret(answer: Mapping[str, JsonValue]) -> None:
    told = said("line.webhook_secret" if answer["secret"] else "line.webhook_secret_told")
    secret = [str(answer["secret"])] if answer["secret"] else []
    show(answer, lambda: [_line(answer["webhook"]), told, *secret])


def _line(webhook: JsonValue) -> str:
    assert isinstance(webhook, dict)
    state = named("webhook_state", str(webhook["state"]))
    if webhook["error"]:
        state += f" ({named('webhook_error', str(webhook['error']))})"
    elif webhook["failing_since"]:
        since, tries = _at(webhook["failing_since"]), int(str(webhook["failures"]))
        state += f" ({said('line.webhook_failing', since=since, tries=tries)})"
    position = said("line.webhook_told", position=int(str(webhook["position"])))
    return f"{webhook['webhook']}  {webhook['place']}  {webhook['url']}  {state}  {position}"


def _attempt_line(attempt: JsonValue) -> str:
    assert isinstance(attempt, dict)
    came = attempt["status"] or named("webhook_error", str(attempt["error"]))
    what = f"evt_{attempt['position']}  {attempt['attempt']}"
    return f"{_at(attempt['sent_at'])}  {what}  {came}  {attempt['milliseconds']} ms"
