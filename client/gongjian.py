"""The service as a program sees it: cases, the feed, ballots, money, webhooks, official acts."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import httpx

from client.answers import (
    Accepted,
    Case,
    Delivery,
    Done,
    Entered,
    Event,
    FeedEvent,
    FeedPage,
    FoundBallot,
    Household,
    ImportedRoll,
    OpenedCase,
    Paper,
    PlaceSetUp,
    Progress,
    Receipt,
    Turnout,
    Webhook,
    WebhookSecret,
)
from client.sending import Credential, Sending

Choices = Mapping[str, Any]
"""Motion id to what is said: "yes", "no", "abstain"; of options an id, of a menu ids or id to points."""
PAGE = 100


class Gongjian:
    """One service. `credential` is the key of a program, a session, a ticket, or what makes one for each try.

    A command without a `command_id` gets one, and is sent under it until it is answered: it is done once.
    What the service refuses is a `ProblemError`; no answer in all `tries` is an `UnavailableError`.
    """

    def __init__(
        self,
        address: str,
        credential: Credential = None,
        *,
        tries: int = 4,
        longest_pause_s: float = 30.0,
        language: str = "en",
        timeout_s: float = 30.0,
    ) -> None:
        http = httpx.Client(
            base_url=address, timeout=timeout_s, headers={"Accept-Language": language}
        )
        self._sending = Sending(http, credential, tries, longest_pause_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End its connections."""
        self._sending.http.close()

    # What it has no method for

    def get(self, path: str, **query: Any) -> Any:
        """The JSON at a path of the document, as "/v1/renovations/r1/clock"."""
        return self._sending.get(path, query)

    def post(self, path: str, body: Mapping[str, Any], command_id: str = "") -> Any:
        """What is answered to a command."""
        return self._sending.post(path, body, command_id)

    # Cases

    def cases(self, **wanted: Any) -> Iterator[Case]:
        """Cases one after the other; `place`, `stage`, `waiting`, `overdue`, `stuck` narrow them."""
        for each in self._sending.pages("/v1/renovations", {"limit": PAGE, **wanted}):
            yield Case.model_validate(each)

    def progress(self, case: str) -> Progress:
        """Where a case stands, for everybody."""
        return Progress.model_validate(self.get(_in(case, "progress")))

    def events(self, case: str, after: int = 0) -> Iterator[Event]:
        """The record of a case in its order, after the event of a number."""
        for each in self._sending.pages(_in(case, "events"), {"after": after, "limit": PAGE}):
            yield Event.model_validate(each)

    def feed_page(self, after: int, **wanted: Any) -> FeedPage:
        """A page of the feed; `place`, `kind`, `training`, `limit` narrow it. Keep its `next`."""
        return FeedPage.model_validate(self.get("/v1/feed", after=after, **wanted))

    def feed(self, after: int = 0, **wanted: Any) -> Iterator[FeedEvent]:
        """What has happened after a position in all cases of one's places, to the newest event; then it ends.

        The `position` of the last one is where to go on; with a `kind` `feed_page` says it better.
        """
        more = True
        while more:
            page = self.feed_page(after, **wanted)
            yield from page.events
            after, more = page.next, page.more

    # Opening

    def set_up_places(self, places: Sequence[tuple[str, str]], command_id: str = "") -> PlaceSetUp:
        """Set up a grid: id and name of district, street office, community and grid."""
        levels = ("district", "street_office", "community", "grid")
        body = {
            f"{level}{part}": value
            for level, place in zip(levels, places, strict=True)
            for part, value in zip(("_id", ""), place, strict=True)
        }
        return PlaceSetUp.model_validate(self.post("/v1/places", body, command_id))

    def import_roll(
        self,
        estate: str,
        roll: Mapping[str, Any] | tuple[str, bytes],
        *,
        place: str | None = None,
        remove: bool = False,
        preview: bool = False,
        command_id: str = "",
    ) -> ImportedRoll:
        """Make a roll that of an estate: a file as (name, bytes), or a body of `units`. `preview` writes nothing."""
        body = {"estate": estate, "place": place, "remove": remove, "preview": preview}
        answer = self.post("/v1/roll-imports", {**body, "roll": _roll(roll)}, command_id)
        return ImportedRoll.model_validate(answer)

    def open_case(
        self,
        renovation: Mapping[str, Any],
        roll: Mapping[str, Any] | tuple[str, bytes] | None = None,
        *,
        preview: bool = False,
        command_id: str = "",
    ) -> OpenedCase:
        """Open a case as the file of a renovation describes it; `preview` shows its calendar and writes nothing."""
        given = None if roll is None else _roll(roll)
        body = {"renovation": dict(renovation), "roll": given, "preview": preview}
        return OpenedCase.model_validate(self.post("/v1/renovations", body, command_id))

    def open_from_template(
        self, estate: str, template: str, *, command_id: str = "", **answers: Any
    ) -> OpenedCase:
        """Open a case by the questions of a template: `title`, `costs`, `ends_on`; `preview` as in `open_case`."""
        body = {"estate": estate, "template": template, **answers}
        answer = self.post("/v1/renovations/from-template", body, command_id)
        return OpenedCase.model_validate(answer)

    # Votes

    def turnout(self, case: str) -> Turnout:
        """Who has taken part in the running vote."""
        return Turnout.model_validate(self.get(_in(case, "turnout")))

    def papers(self, case: str) -> tuple[Paper, ...]:
        """The boxes in which the home of the ticket votes, with their motions."""
        return tuple(Paper.model_validate(each) for each in self.get(_in(case, "ballot-papers")))

    def vote(
        self,
        case: str,
        unit: str,
        choices: Choices,
        *,
        box: str | None = None,
        command_id: str = "",
    ) -> Receipt:
        """Cast a ballot with the home's ticket, or change it."""
        return self._cast(_in(case, "ballots"), unit, choices, box, command_id, None)

    def vote_for_citizen(
        self,
        case: str,
        unit: str,
        choices: Choices,
        assertion: Credential,
        *,
        box: str | None = None,
        command_id: str = "",
    ) -> Receipt:
        """Cast a citizen's ballot with what the portal signs; `assertion` signs anew for each try."""
        path = _in(case, "portal-ballots")
        return self._cast(path, unit, choices, box, command_id, assertion)

    def enter_for_citizen(self, case: str, assertion: Credential) -> Entered:
        """A ticket for a citizen's home, with which a page of the portal does all that the home may."""
        answer = self._sending.post(_in(case, "portal-entries"), {}, "", assertion)
        return Entered.model_validate(answer)

    def find_ballot(self, case: str, code: str) -> FoundBallot:
        """A ballot by the code of its receipt."""
        return FoundBallot.model_validate(self.get(_in(case, f"ballots/{code}")))

    # Homes and money

    def household(self, case: str) -> Household:
        """What the home of the ticket owes, has paid, has said and was answered."""
        return Household.model_validate(self.get(_in(case, "household")))

    def open_ticket(
        self,
        case: str,
        unit: str,
        kind: str,
        text: str,
        *,
        confidential: bool = False,
        about_unit: str | None = None,
        about_firm: str | None = None,
        command_id: str = "",
    ) -> Accepted:
        """Complain, or suggest something, for the home of the ticket; whom it is about reads nothing of it."""
        body = {"unit_number": unit, "kind": kind, "text": text, "confidential": confidential}
        about = {"about_unit": about_unit, "about_firm": about_firm}
        body |= {name: each for name, each in about.items() if each is not None}
        return Accepted.model_validate(self.post(_in(case, "tickets"), body, command_id))

    def report_payments(
        self,
        case: str,
        payments: Sequence[Mapping[str, Any]],
        *,
        source: str = "owner",
        command_id: str = "",
    ) -> Accepted:
        """Book payments: each has `unit_number`, `amount_fen`, and a `reference` under which it is booked once."""
        body = {"payments": list(payments), "source": source}
        return Accepted.model_validate(self.post(_in(case, "payments"), body, command_id))

    def act(self, case: str, act: str, command_id: str = "", **fields: Any) -> Done:
        """Do an official act, or propose it where a second person must confirm it; the document has the fields."""
        return Done.model_validate(self.post(_in(case, f"acts/{act}"), fields, command_id))

    # Webhooks

    def webhooks(self) -> Iterator[Webhook]:
        """One's own webhooks."""
        for each in self._sending.pages("/v1/webhooks", {"limit": PAGE}):
            yield Webhook.model_validate(each)

    def add_webhook(
        self, name: str, url: str, place: str, *, command_id: str = "", **more: Any
    ) -> WebhookSecret:
        """Have an address told of events; `kinds`, `training`, `after` as in the document."""
        body = {"webhook": name, "url": url, "place": place, **more}
        return WebhookSecret.model_validate(self.post("/v1/webhooks", body, command_id))

    def change_webhook(
        self, name: str, state: str, *, after: int | None = None, command_id: str = ""
    ) -> Webhook:
        """Let a webhook be "active", "paused" or "ended"."""
        body = {"state": state, "after": after}
        return Webhook.model_validate(self.post(f"/v1/webhooks/{name}/changes", body, command_id))

    def rotate_webhook(
        self, name: str, *, overlap_hours: int = 24, command_id: str = ""
    ) -> WebhookSecret:
        """Sign with a new secret; with the one of before too until the overlap is over."""
        body = {"overlap_hours": overlap_hours}
        answer = self.post(f"/v1/webhooks/{name}/rotation", body, command_id)
        return WebhookSecret.model_validate(answer)

    def test_webhook(self, name: str, command_id: str = "") -> Delivery:
        """Have a test message sent now."""
        return Delivery.model_validate(self.post(f"/v1/webhooks/{name}/tests", {}, command_id))

    def deliveries(self, name: str) -> Iterator[Delivery]:
        """What was sent to a webhook and what came of it, the newest first."""
        for each in self._sending.pages(f"/v1/webhooks/{name}/deliveries", {"limit": PAGE}):
            yield Delivery.model_validate(each)

    def _cast(
        self,
        path: str,
        unit: str,
        choices: Choices,
        box: str | None,
        command_id: str,
        credential: Credential,
    ) -> Receipt:
        body: dict[str, Any] = {"unit_number": unit, "choices": dict(choices)}
        if box is not None:
            body["box_id"] = box
        return Receipt.model_validate(self._sending.post(path, body, command_id, credential))


def _roll(roll: Mapping[str, Any] | tuple[str, bytes]) -> dict[str, Any]:
    if not isinstance(roll, tuple):
        return dict(roll)
    name, content = roll
    return {"file": {"name": name, "content": base64.b64encode(content).decode()}}


def _in(case: str, part: str) -> str:
    return f"/v1/renovations/{case}/{part}"
