"""Seconds per menu election: reading the file, greedy, equal shares with Add1, and one choice's check.

    python benchmarks/menu.py [FOLDER]

FOLDER holds .pb files; by default ../shared/data/pabulib beside the checkout. Synthetic elections,
made of a fixed seed, follow.
"""

import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from formats.pabulib import read_pabulib
from models.values.decisions.menu import BallotForm, Menu, MenuBallot, MenuItem
from rules.menu import counted, equal_shares, greedy, problems_of_menu_choice

T = TypeVar("T")
FOLDER = Path(__file__).resolve().parents[2] / "shared/data/pabulib"
SHARES = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1)
SYNTHETIC = (
    (2_000, 34, 10, 1_000_000),
    (500, 60, 8, 10_000_000),
    (90_000, 100, 1, 20_000_000),
    (5_000, 100, 10, 3_000_000),
    (10_000, 100, 10, 10_000_000),
)
"""Voters, works, works a ballot, budget."""


def timed(work: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    found = work()
    return found, time.perf_counter() - began


def line(name: str, menu: Menu, ballots: Counter[MenuBallot], reading: float) -> None:
    _, greedily = timed(lambda: greedy(menu, ballots))
    outcome, equally = timed(lambda: equal_shares(menu, ballots))
    print(
        f"{name[:44]:<44} {sum(ballots.values()):>7,} {len(menu.items):>5} {len(ballots):>7,} "
        f"{reading:>7.2f} {greedily:>7.3f} {equally:>7.2f} {len(outcome.winners):>4}",
        flush=True,
    )


def synthetic(
    voters: int, works: int, length: int, budget: int
) -> tuple[Menu, Counter[MenuBallot]]:
    """Five districts, popular and unpopular works, ballots of about `length` works."""
    luck = random.Random(1)
    fame = [luck.random() ** 2 + 0.02 for _ in range(works)]
    costs = [int(budget * luck.choice(SHARES) * (0.5 + luck.random())) + 1 for _ in range(works)]
    ballots = []
    for _ in range(voters):
        size = max(1, min(works, int(luck.gauss(length, length / 2))))
        district = luck.randrange(5)
        pull = [each * (3 if item % 5 == district else 1) for item, each in enumerate(fame)]
        chosen = set(luck.choices(range(works), pull, k=size))
        ballots.append(MenuBallot(tuple(sorted(map(str, chosen)))))
    items = tuple(MenuItem(id=str(item), cost=cost) for item, cost in enumerate(costs))
    return Menu(items=items, budget=budget, form=BallotForm.APPROVAL), counted(ballots)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    print(
        f"{'election':<44} {'ballots':>7} {'works':>5} {'unequal':>7} {'read s':>7} "
        f"{'greedy':>7} {'shares':>7} {'won':>4}"
    )
    for file in sorted(folder.glob("*.pb")):
        data = file.read_bytes()
        election, reading = timed(partial(read_pabulib, data, file.name))
        line(file.stem, election.menu, counted(election.ballots), reading)
    for voters, works, length, budget in SYNTHETIC:
        menu, ballots = synthetic(voters, works, length, budget)
        line(f"synthetic {voters}x{works}, {length} each, {budget:,}", menu, ballots, 0)
    menu, _ = synthetic(1, 34, 1, 1_000_000)
    choice = ["1", "7", "12"]
    _, seconds = timed(lambda: [problems_of_menu_choice(menu, choice) for _ in range(100_000)])
    print(f"check of one choice of three works: {seconds * 10:.2f} us")


if __name__ == "__main__":
    main()
