"""Which of an entry's ballots counts (V-CN-4; rule book 1.4.2): by route, by order, by ruling.

What asks in SQL for a whole box takes `ROUTE_OF` and `AFTER_RULING` from here.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from models.values.voting import Channel

Route = Literal["electronic", "written", "onsite", "proxy", "official"]
ROUTE_OF: Mapping[Channel, Route] = {
    "web": "electronic",
    "portal": "electronic",
    "paper": "written",
    "door": "written",
    "onsite": "onsite",
    "proxy": "proxy",
    "official": "official",
}
"""Within a route the last ballot counts; ballots of two routes contradict each other."""
YIELDS: Route = "proxy"
"""The route whose ballots yield to the owner's own (Civil Code art. 173(2))."""

State = Literal["counted", "superseded", "contested", "set_aside"]


AFTER_RULING: Mapping[str, State] = {
    "disputed": "contested",
    "accepted": "superseded",
    "set_aside": "set_aside",
}
"""What becomes of the ballots before a ruling that it does not name."""


class BallotReference(NamedTuple):
    """One ballot of an entry, in the order of the box."""

    seq: int
    ballot_id: str
    channel: Channel


class RulingReference(NamedTuple):
    """What was recorded about an entry's ballots up to `up_to_seq`."""

    kind: Literal["disputed", "accepted", "set_aside"]
    ballot_id: str | None
    up_to_seq: int


def states_of(
    ballots: Sequence[BallotReference],
    rulings: Sequence[RulingReference],
    routes: Mapping[Channel, Route] = ROUTE_OF,
) -> dict[str, State]:
    """What becomes of each ballot of one entry: one is counted at most (V-CN-4; rule book 1.4.2).

    Within a route the last one counts. Who votes in person takes the mandate back, so own ballots
    prevail over a proxy's (Civil Code art. 173(2)). Ballots of two other routes contest each
    other until a ruling. A ruling settles what came before it; a later ballot of the same route
    replaces the accepted one, of another route it contests it.
    """
    ruling = rulings[-1] if rulings else None
    settled = [b for b in ballots if ruling is not None and b.seq <= ruling.up_to_seq]
    later = [b for b in ballots if ruling is None or b.seq > ruling.up_to_seq]
    states: dict[str, State] = {}
    standing = list(later)
    if ruling is not None:
        states = {ballot.ballot_id: AFTER_RULING[ruling.kind] for ballot in settled}
        if ruling.kind == "disputed":
            return states | {ballot.ballot_id: "contested" for ballot in later}
        standing = [b for b in settled if b.ballot_id == ruling.ballot_id] + later
    return states | _of_routes(standing, routes)


def _of_routes(
    ballots: Sequence[BallotReference], routes: Mapping[Channel, Route]
) -> dict[str, State]:
    last = {routes[ballot.channel]: ballot for ballot in ballots}
    states: dict[str, State] = {ballot.ballot_id: "superseded" for ballot in ballots}
    if len(last) > 1:
        last.pop(YIELDS, None)
    for ballot in last.values():
        states[ballot.ballot_id] = "counted" if len(last) == 1 else "contested"
    return states
