"""The roll, the rulings and the ballots of a bundle: each line checked, and counted again."""

from __future__ import annotations

import hashlib
import json
from array import array

from proof.verifier.asking import Motion
from proof.verifier.hashing import Leaves, leaf_of
from proof.verifier.reading import Fault, Fields, Files, canonical, exact_json

ROUTES = {
    "web": 0,
    "portal": 0,
    "paper": 1,
    "door": 1,
    "onsite": 2,
    "official": 3,
    "proxy": 4,
}
"""Channels that stand for each other have the same number: within it the last ballot counts."""
PROXY = 4
STATES = ("counted", "superseded", "contested", "set_aside", "excluded")
COUNTED, SUPERSEDED, CONTESTED, SET_ASIDE, EXCLUDED = range(5)
STAFFED = frozenset(("paper", "door", "onsite"))
"""Channels in which an official enters a paper, which may be marked invalidly."""
BALLOT = (
    "area_dm2",
    "box_id",
    "channel",
    "commitment",
    "entry",
    "heads",
    "leaf",
    "shares",
    "state",
)
TIMES = ("cast_at", "recorded_at")
"""What a line says beside these in format 2."""


class Answer:
    """What all ballots with the same choices weigh together; the first of them stands at `line`."""

    def __init__(self, line: int) -> None:
        self.heads, self.area, self.shares, self.line = 0, 0, 0, line


class Roll:
    """The entries of the roll: their weights, who is excluded, and what they sum up to."""

    def __init__(self) -> None:
        self.number: dict[bytes, int] = {}
        self.heads, self.area, self.shares = array("q"), array("q"), array("q")
        self.excluded, self.developer = bytearray(), bytearray()
        self.has_shares = True
        self.hash = ""

    def add(self, line: Fields) -> None:
        """One line of the roll."""
        line.only("area_dm2", "developer", "entry", "excluded_reason", "heads", "shares")
        self.developer.append(line.flag("developer"))
        shares = line.maybe_number("shares")
        self.has_shares = self.has_shares and shares is not None
        self.number[line.hex("entry", 16)] = len(self.heads)
        self.heads.append(line.number("heads"))
        self.area.append(line.number("area_dm2"))
        self.shares.append(-1 if shares is None else shares)
        self.excluded.append(line.maybe_text("excluded_reason") is not None)

    def largest(self) -> set[tuple[int, int, bool]]:
        """(area, heads, is the developer) of the entries with the largest area; often just one."""
        voters = [number for number, out in enumerate(self.excluded) if not out]
        most = max((self.area[number] for number in voters), default=0)
        return {
            (most, self.heads[number], bool(self.developer[number]))
            for number in voters
            if self.area[number] == most
        }

    def total(self) -> dict[str, int | None]:
        """Heads, area and shares of everybody who may vote; shares only where all have some."""
        voters = [number for number, out in enumerate(self.excluded) if not out]
        return {
            "heads": sum(self.heads[number] for number in voters),
            "area_dm2": sum(self.area[number] for number in voters),
            "shares": sum(self.shares[number] for number in voters) if self.has_shares else None,
            "entries": len(voters),
        }

    def voters(self) -> list[tuple[bytes, int, int, int]]:
        """Everybody who may vote: the entry with heads, area and shares (below 0: it has none)."""
        return [
            (entry, self.heads[place], self.area[place], self.shares[place])
            for entry, place in self.number.items()
            if not self.excluded[place]
        ]

    def voters_shares(self) -> int:
        """The shares of everybody who may vote; 0 where somebody has none."""
        shares = [each[3] for each in self.voters()]
        return 0 if any(each < 0 for each in shares) else sum(shares)

    def weighed(self) -> dict[str, int | None]:
        """Heads, area and shares of everybody who may vote, as a motion is counted against them."""
        return {**self.total(), "shares": self.voters_shares()}


def read_roll(files: Files) -> Roll:
    """The roll: sorted by entry, nobody twice."""
    roll, digest, before = Roll(), hashlib.sha256(), ""
    for number, raw in files.lines("roll.jsonl"):
        digest.update(raw + b"\n")
        line = Fields(exact_json(raw, "roll.jsonl", number), "roll.jsonl", number)
        roll.add(line)
        entry = line.text("entry")
        if entry <= before:
            raise line.fault("entry", "is not in its order, or stands there twice")
        before = entry
    roll.hash = digest.hexdigest()
    return roll


class Ruling:
    """The ruling in force about one entry: it settles the ballots before the place `up_to`."""

    def __init__(self, line: Fields) -> None:
        line.only("at", "entry", "kind", "leaf", "number", "reason", "role", "up_to")
        line.text("at"), line.text("reason"), line.maybe_text("role")
        self.line = line
        self.kind = line.text("kind", ("accepted", "disputed", "set_aside"))
        self.leaf = line.hex("leaf", 32) if self.kind == "accepted" else b""
        self.up_to = line.number("up_to")
        self.number = line.number("number")
        if self.kind != "accepted" and line.value["leaf"] is not None:
            raise line.fault("leaf", "belongs to an accepted ballot only")


def read_rulings(files: Files, roll: Roll, size: int) -> dict[int, Ruling]:
    """The last ruling about each entry, in a box of `size`; sorted by entry and number."""
    rulings: dict[int, Ruling] = {}
    before = ("", 0)
    for number, raw in files.lines("rulings.jsonl"):
        line = Fields(exact_json(raw, "rulings.jsonl", number), "rulings.jsonl", number)
        ruling = Ruling(line)
        entry = roll.number.get(line.hex("entry", 16))
        if entry is None:
            raise line.fault("entry", "is not on the roll")
        if ruling.up_to > size:
            raise line.fault("up_to", "is more ballots than there are")
        place = (line.text("entry"), ruling.number)
        if place <= before:
            raise line.fault("number", "is not in its order, or stands there twice")
        before, rulings[entry] = place, ruling
    return rulings


class Box:
    """The ballots in the order of the tree: whose, on which route, in which state.

    `period` is between which moments they were cast; in format 1 nothing says so.
    """

    def __init__(
        self, box_id: str, period: tuple[str, str] | None, roll: Roll, motions: dict[str, Motion]
    ) -> None:
        self.roll, self.motions, self.period = roll, motions, period
        self.fields = BALLOT if period is None else BALLOT + TIMES
        self._last, self._end = ("", ""), b""
        self.leaves = Leaves()
        self.answers: dict[tuple[bytes, bool], Answer] = {}
        """By choices in canonical JSON, and whether an official entered them."""
        self.entry, self.route, self.state = array("q"), bytearray(), bytearray()
        self.box = canonical(box_id).decode()
        self.box_id = box_id

    def add(self, number: int, raw: bytes) -> None:
        """Check one line by itself: its leaf, its entry, its weights, what it discloses."""
        line = Fields(exact_json(raw, "ballots.jsonl", number), "ballots.jsonl", number)
        if line.value.get("state") == "broken":
            raise line.fault("state", "is broken: the ballot was changed after it was cast")
        state = STATES.index(line.text("state", STATES))
        line.only(*self.fields, *(("choices", "nonce") if state == COUNTED else ()))
        channel = line.text("channel", tuple(ROUTES))
        entry = self.roll.number.get(line.hex("entry", 16))
        if line.text("box_id") != self.box_id:
            raise line.fault("box_id", "is that of another vote")
        if entry is None:
            raise line.fault("entry", "is not on the roll")
        weight = (line.number("heads"), line.number("area_dm2"), line.maybe_number("shares"))
        self._check_weight(line, entry, weight)
        leaf = leaf_of(self._content(line, weight))
        if self.period is not None:
            leaf = self._with_times(line, leaf, self.period)
        if leaf != line.hex("leaf", 32):
            raise line.fault("leaf", "is not the hash of this ballot")
        self.leaves.add(leaf)
        self.entry.append(entry)
        self.route.append(ROUTES[channel])
        self.state.append(state)
        if state == COUNTED:
            self._count(line, weight, channel in STAFFED)

    def _with_times(self, line: Fields, content: bytes, period: tuple[str, str]) -> bytes:
        """The leaf of format 2: over the hash of the content and both times, cast in the period."""
        times = (line.utc("cast_at"), line.utc("recorded_at"))
        if times != self._last:
            if not period[0] <= times[0] < period[1]:
                raise line.fault("cast_at", f"is not from {period[0]} to {period[1]}")
            # Ballots that were taken together have the same times, and stand together.
            end = f'","cast_at":"{times[0]}","recorded_at":"{times[1]}"}}'
            self._last, self._end = times, end.encode()
        return leaf_of(b'{"ballot":"' + content.hex().encode() + self._end)

    def _content(self, line: Fields, weight: tuple[int, int, int | None]) -> bytes:
        value, (heads, area, shares) = line.value, weight
        line.hex("commitment", 32)
        return (
            f'{{"area_dm2":{area},"box_id":{self.box},"channel":"{value["channel"]}",'
            f'"commitment":"{value["commitment"]}","entry":"{value["entry"]}",'
            f'"heads":{heads},"shares":{"null" if shares is None else shares}}}'
        ).encode()

    def _check_weight(self, line: Fields, entry: int, weight: tuple[int, int, int | None]) -> None:
        roll, (heads, area, shares) = self.roll, weight
        for name, said, due in (
            ("heads", heads, roll.heads[entry]),
            ("area_dm2", area, roll.area[entry]),
            ("shares", -1 if shares is None else shares, roll.shares[entry]),
        ):
            if said != due:
                raise line.fault(name, "is not what the roll says about this entry")

    def _count(self, line: Fields, weight: tuple[int, int, int | None], staffed: bool) -> None:
        choices = line.inner("choices")
        text = canonical(choices.value)
        opened = hashlib.sha256(line.hex("nonce", 16) + text).digest()
        if opened != line.hex("commitment", 32):
            raise line.fault("choices", "are not what this ballot was committed to")
        answer = self.answers.get((text, staffed))
        if answer is None:
            for name, said in choices.value.items():
                motion = self.motions.get(name)
                if motion is None or not motion.allows(said, staffed):
                    raise choices.fault(name[:40], "is no answer to a motion of this vote")
            answer = self.answers[text, staffed] = Answer(line.line)
        answer.heads += weight[0]
        answer.area += weight[1]
        answer.shares += weight[2] or 0

    def count(self) -> None:
        """Add up what the counted ballots say to each motion."""
        for (text, _), answer in self.answers.items():
            for name, said in json.loads(text.decode()).items():
                self.motions[name].count(said, [answer.heads, answer.area, answer.shares])

    def who_has_cast(self) -> set[bytes]:
        """The entries that have handed in any ballot, whatever became of it."""
        names = {place: entry for entry, place in self.roll.number.items()}
        return {names[place] for place in set(self.entry)}

    def check_states(self, rulings: dict[int, Ruling]) -> list[int]:
        """Is the right ballot of each entry counted? How many there are in each state.

        Within a route the last one counts; own ballots prevail over a proxy's; ballots of two
        other routes contest each other until a ruling. A ruling settles what came before it.
        """
        due, totals = self._states_due(rulings), [0] * len(STATES)
        for number, state in enumerate(self.state):
            if state != due[number]:
                text = f"state: this ballot is {STATES[due[number]]}, not {STATES[state]}"
                raise Fault("ballots.jsonl", number + 1, text)
            totals[state] += 1
        return totals

    def _states_due(self, rulings: dict[int, Ruling]) -> bytearray:
        due = bytearray([SUPERSEDED]) * len(self.entry)
        last = [array("q", [-1]) * len(self.roll.heads) for _ in range(5)]
        by_ruling: dict[int, list[int]] = {entry: [] for entry in rulings}
        for number, entry in enumerate(self.entry):
            if entry in rulings:
                by_ruling[entry].append(number)
            else:
                last[self.route[number]][entry] = number
        for entry, numbers in by_ruling.items():
            for number in self._after_ruling(rulings[entry], numbers, due):
                last[self.route[number]][entry] = number
        for entry in range(len(self.roll.heads)):
            _settle([route[entry] for route in last], due)
        for number, entry in enumerate(self.entry):
            if self.roll.excluded[entry]:
                due[number] = EXCLUDED
        return due

    def _after_ruling(self, ruling: Ruling, numbers: list[int], due: bytearray) -> list[int]:
        """The ballots of an entry that still stand after the ruling about it."""
        settled = [number for number in numbers if number < ruling.up_to]
        later = [number for number in numbers if number >= ruling.up_to]
        if ruling.kind == "disputed":
            for number in numbers:
                due[number] = CONTESTED
            return []
        if ruling.kind == "set_aside":
            for number in settled:
                due[number] = SET_ASIDE
            return later
        accepted = [number for number in settled if self.leaves.at(number) == ruling.leaf]
        if not accepted:
            raise ruling.line.fault("leaf", "is no ballot of this entry before the ruling")
        return accepted[:1] + later


def _settle(last: list[int], due: bytearray) -> None:
    """Which of the last ballots of each route counts."""
    own = [number for number in last[:PROXY] if number >= 0]
    for number in own:
        due[number] = COUNTED if len(own) == 1 else CONTESTED
    if not own and last[PROXY] >= 0:
        due[last[PROXY]] = COUNTED


def read_ballots(files: Files, box: Box) -> Box:
    """All ballots, each checked by itself and counted if it says that it is to be counted."""
    for number, raw in files.lines("ballots.jsonl"):
        box.add(number, raw)
    box.count()
    return box
