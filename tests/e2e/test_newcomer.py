"""A newcomer with `--help`, `/openapi.json` and the docs carries 20 flats through all five stages (issue 13, acceptance 8).

The servers are real (`gongjian up`), the case is a told one, each command is a process of its own.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from runtime.local.programs import ROOT
from tests.support.files.terminal_doc import examples
from tests.support.processes.newcomer import Newcomer

EXAMPLE = ROOT / "docs" / "examples" / "estate.yaml"
NAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
PRICES = {"builder-1": 87_400_000, "builder-2": 86_100_000, "builder-3": 88_900_000}
WINNER = "builder-2"
STAGES = ("voting", "cost_sharing", "bidding", "inspection", "feedback")
MOST_STEPS = 120
PASSWORD, OPENER = "correct horse battery staple", "li"
PLACES = {each["level"]: each for each in YAML(typ="safe").load(EXAMPLE)["places"]}


def identity_number(place: int) -> str:
    """An invented number with its check digit (GB 11643)."""
    digits = f"990101198001{place + 1:02}{place + 100:03}"
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits, strict=True))
    return digits + "10X98765432"[total % 11]


def flats() -> dict[str, str]:
    """The number of each flat, with the identity number of its owner."""
    numbers = [f"{b}-{floor}0{door}" for b in (1, 2) for floor in range(1, 6) for door in (1, 2)]
    return {number: identity_number(place) for place, number in enumerate(numbers)}


def written(folder: Path) -> Path:
    """The example of the docs, with a roll of 20 flats instead of its own."""
    lines = ["房号,楼栋,单元,楼层,面积,用途,业主,证件号"]
    for place, (number, identity) in enumerate(flats().items()):
        building, floor = number[0], number[2]
        area = f"{60 + 3 * place}.50"
        lines.append(f"{number},{building},1,{floor},{area},住宅,新来{NAMES[place]},{identity}")
    (folder / "roll.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    text = EXAMPLE.read_text(encoding="utf-8")
    fourth = "        - { floor: 4, weight: 1.1 }\n"
    assert fourth in text
    text = text.replace(fourth, fourth + "        - { floor: 5, weight: 1.2 }\n")
    file = folder / "renovation.yaml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    data = tmp_path_factory.mktemp("newcomer")
    up = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "up", "--json", "--data", str(data)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert up.stdout is not None
        told = json.loads(up.stdout.readline())
        newcomer = Newcomer(data, told["service"])
        newcomer.sign_in(told["invitation"], PASSWORD)
        yield newcomer
    finally:
        up.terminate()
        up.communicate(timeout=90)


class Journey:
    """The case, and what is done when something is awaited."""

    def __init__(self, newcomer: Newcomer, folder: Path) -> None:
        self.newcomer, self.folder = newcomer, folder
        newcomer.run("start", str(written(folder)), "--check")
        self.appoint()
        file = str(folder / "renovation.yaml")
        self.see_before(folder)
        self.rid = str(newcomer.run("start", file, "--as", OPENER)["renovation_id"])
        self.tickets: dict[str, str] = {}
        self.stages: list[str] = []

    def appoint(self) -> None:
        """The administrator sets up the places of the file; offices are appointed from above, the last one opens the case."""
        ids = {f"{level}_id": place["id"] for level, place in PLACES.items()}
        names = {level: place["name"] for level, place in PLACES.items()}
        made = self.newcomer.call("POST", "/v1/places", "--as", "administrator", **ids, **names)
        district, street = made["path"].split("/")[:2]
        for who, role, place, by in (
            ("bureau-head", "district_bureau", district, "administrator"),
            (OPENER, "street_office", f"{district}/{street}", "bureau-head"),
        ):
            given = self.newcomer.run("official", "add", who, role, place, "--as", by)
            self.newcomer.sign_in(given["invitation"], PASSWORD)

    def see_before(self, folder: Path) -> None:
        """The roll is looked at before it comes in, and so is the calendar of a case from a template."""
        place = "/".join(each["id"] for each in PLACES.values())
        asked = ("import", str(folder / "roll.csv"), "--estate", "另一小区", "--place", place)
        seen = self.newcomer.run("roll", *asked, "--as", OPENER, "--dry-run")
        assert (seen["import"]["imported"], len(seen["difference"]["added"])) == (False, 20)
        estate = self.newcomer.run("roll", *asked, "--as", OPENER)["import"]["estate_id"]
        case = self.newcomer.call(
            "POST", "/v1/renovations/from-template", "--as", OPENER,
            estate=estate, template="basic", title="屋面", costs={"roof": 24_000_000},
            ends_on="2029-12-31", preview=True,
        )  # fmt: skip
        assert (case["renovation_id"], case["units"], case["days_for_works"] > 0) == ("", 20, True)

    def deeds(self) -> dict[str, Callable[[], None]]:
        """By what the case waits for."""
        return {
            "open_vote": lambda: self.act("open_vote", "committee-1"),
            "ballots": self.vote,
            "payments": self.pay,
            "publish_tender": lambda: self.act("publish_tender", "committee-1"),
            "bids": self.bid,
            "record_evaluation": self.evaluate,
            "award_contract": lambda: self.act("award_contract", "committee-1", bidder_id=WINNER),
            "sign_contract": lambda: self.act(
                "sign_contract", "committee-1", value_fen=PRICES[WINNER]
            ),
            "works": self.build,
            "accept_works": lambda: self.act("accept_works", "chief-1"),
            "approve_payment": lambda: self.act("approve_payment", "committee-1"),
            "survey": self.answer,
            "retention": self.pay_the_rest,
            "release_retention": lambda: self.act("release_retention", "committee-1"),
        }

    def act(self, name: str, who: str, **fields: object) -> Any:
        return self.newcomer.act(self.rid, name, who, **fields)

    def path(self, part: str) -> str:
        return f"/v1/renovations/{self.rid}/{part}"

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.newcomer.run("status", self.rid)
        if found["stage"] not in self.stages:
            self.stages.append(found["stage"])
        return found

    def travel(self) -> dict[str, Any]:
        done: set[str] = set()
        for _ in range(MOST_STEPS):
            case = self.status()
            if case["state"] not in ("running", "in_warranty"):
                return case
            what = case["waiting_for"]
            deed = self.deeds().get(what)
            if deed is None or what in done:
                self.newcomer.run("clock", self.rid, "next")
                continue
            deed()
            done.add(what)
        raise AssertionError(f"stands still: {self.status()}")

    def enter(self) -> None:
        """Letters are printed; each flat enters with its link and its owner's identity number."""
        file = self.folder / "letters.csv"
        self.newcomer.run("letters", "print", self.rid, "--as", "committee-1", "--out", str(file))
        links = dict(
            line.split(",")[:2] for line in file.read_text(encoding="utf-8").splitlines()[1:]
        )
        assert links.keys() == flats().keys()
        self.newcomer.run("letters", "list", self.rid, "--as", "committee-1")
        wrong = self.folder / "wrong.txt"
        wrong.write_text(f"{links['1-101']}\n110101199001011237\n", encoding="utf-8")
        assert "1-101" not in self.newcomer.refused("letters", "enter", str(wrong)).sentences
        for flat, identity in flats().items():
            letter, ticket = self.folder / f"{flat}.letter", self.folder / f"{flat}.ticket"
            letter.write_text(f"{links[flat]}\n{identity}\n", encoding="utf-8")
            entered = self.newcomer.run("letters", "enter", str(letter))
            ticket.write_text(entered["ticket"], encoding="utf-8")
            self.tickets[flat] = str(ticket)

    def as_flat(self, flat: str) -> tuple[str, str]:
        return "--credential", self.tickets[flat]

    def vote(self) -> None:
        self.enter()
        choice = ("--choice", "works=yes", "--choice", "costs=yes")
        wrong = self.newcomer.refused(
            "vote", "cast", self.rid, "--choice", "pool=yes", *self.as_flat("1-101")
        )
        assert "pool" in wrong.sentences
        early = self.newcomer.refused("vote", "cast", self.rid, *choice, *self.as_flat("1-101"))
        assert early.document["code"] == "voting.box_not_open_yet"
        self.newcomer.run("clock", self.rid, "next")
        for flat in flats():
            self.newcomer.run("vote", "cast", self.rid, *choice, *self.as_flat(flat))
        assert self.newcomer.run("vote", "non-voters", self.rid, "--as", "committee-1") == []

    def pay(self) -> None:
        """The bank reports what each home owes now, as the home itself reads it."""
        payments = []
        for flat in flats():
            home = self.newcomer.run("vote", "household", self.rid, *self.as_flat(flat))
            first = home["instalments"][0]
            payments.append(
                {"unit_number": flat, "amount_fen": first["amount_fen"], "reference": f"n-{flat}"}
            )
        self.newcomer.call(
            "POST", self.path("payments"), "--as", "bank-1", payments=payments, source="owner"
        )

    def pay_the_rest(self) -> None:
        """Every home pays what is left of its share, and whoever pays beside them what the account says."""
        payments = []
        for flat in flats():
            home = self.newcomer.run("vote", "household", self.rid, *self.as_flat(flat))
            left = home["share_fen"] - home["paid_fen"]
            if left > 0:
                payments.append({"unit_number": flat, "amount_fen": left})
        (drawn,) = [
            event["details"]
            for event in self.newcomer.run("call", "GET", self.path("events?limit=500"))
            if event["kind"] == "warranty.account_drawn"
        ]
        payments += [
            {"payer": each["source"], "amount_fen": each["amount_fen"]} for each in drawn["others"]
        ]
        self.newcomer.call("POST", self.path("payments"), "--as", "bank-1", payments=payments)

    def bid(self) -> None:
        for builder, price in PRICES.items():
            self.newcomer.call(
                "POST", self.path("bids"), "--as", builder,
                price_fen=price, bond_fen=1_000_000, bond_account=f"account of {builder}",
            )  # fmt: skip

    def evaluate(self) -> None:
        tender = self.newcomer.call("GET", self.path("").rstrip("/"), "--as", "evaluator-1")[
            "tender"
        ]
        cleared = [
            {"kind": flag["kind"], "bidders": flag["bidders"], "reason": "looked into"}
            for flag in tender["red_flags"]
        ]
        self.act("record_evaluation", "evaluator-1", report="the lowest price", cleared=cleared)

    def build(self) -> None:
        works = self.newcomer.run("call", "GET", self.path("works"))
        self.newcomer.run("clock", self.rid, "days", "20")
        for work in works:
            self.act("report_item", WINNER, item_id=work["id"])
        self.newcomer.run("clock", self.rid, "days", "3")
        for work in works:
            for kind in ("concealed", "stage") if work["concealed"] else ("stage",):
                self.act(
                    "record_inspection", "engineer-1",
                    item_id=work["id"], kind=kind, outcome="PASS", defects=[],
                )  # fmt: skip

    def answer(self) -> None:
        for place, flat in enumerate(flats()):
            self.newcomer.call(
                "POST", self.path("survey-answers"), *self.as_flat(flat),
                unit_number=flat, score=4 + place % 2,
            )  # fmt: skip


@pytest.mark.slow
def test_a_newcomer_carries_twenty_flats_through_all_five_stages(
    newcomer: Newcomer, tmp_path: Path
) -> None:
    journey = Journey(newcomer, tmp_path)
    case = journey.travel()
    assert case["state"] == "completed", case
    assert [stage for stage in journey.stages if stage in STAGES] == [*STAGES]
    history = newcomer.run("history", journey.rid)
    assert len(history) == case["events"]
    assert newcomer.run("audit", journey.rid)["ok"] is True
    print(f"{newcomer.commands} commands, {len(history)} events")
    # What docs/terminal.md tells programs of these commands is what they printed on the way.
    asked = [each for each in examples() if each.words[0] in {"letters", "act", "clock"}]
    assert len(asked) == 3
    for each in asked:
        said = newcomer.printed[each.words[: 2 if each.words[0] == "letters" else 1]]
        assert each.missing_in(said) == set(), each.words
