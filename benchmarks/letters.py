"""2,000 letters with a QR code each as one PDF, beside what typst alone takes for the same pages.

    python -m benchmarks.letters [LETTERS]

`typst_alone` sets the very same pages from data that lies ready, codes included; the whole makes the codes too
(segno, in Python). Each is the best of three, in one process; `ratio` is the whole over typst alone.
"""

import json
import platform
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from pydantic import JsonValue

from service.access.printing import FOOT, HEADING, PrintedLetter, as_pdf, sheets_of
from service.paper.letters import SOURCE, pages_of
from service.paper.typesetting import typeset

RESULTS = Path(__file__).with_name("results")
LETTERS, ROUNDS = 2_000, 3
LIMIT_S = 10.0
TITLE = "桐花里小区改造"
PRICE = "同意费用分摊：本户应付 12,345.67 元。"
"""A line like those that follow an announced vote."""


def letter(number: int) -> PrintedLetter:
    """Names with characters outside of the first plane, as they stand on real rolls."""
    return PrintedLetter(
        unit_number=f"{number // 60 + 1}-{number % 60 + 101}",
        link=f"https://vote.example.org/v1/letters/abcdEFGHijklMNOP{number:08d}",
        fact="roll",
        expires_at=datetime(2026, 12, 1, tzinfo=UTC),
        owners=("王𠮷", "欧阳㛃𬭎"),
        prices=(PRICE,),
    )


def best(work: Callable[[], bytes]) -> tuple[float, int]:
    """Seconds and bytes of the fastest round."""
    found: list[tuple[float, int]] = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        made = work()
        found.append((time.perf_counter() - began, len(made)))
    return min(found)


def main(count: int) -> None:
    letters = [letter(number) for number in range(count)]
    said: dict[str, JsonValue] = {"title": TITLE, "heading": HEADING, "foot": FOOT, "note": []}
    ready: dict[str, JsonValue] = {**said, "letters": pages_of(sheets_of(letters, UTC))}
    shown: list[str] = []

    def progress(done: int, of: int) -> None:
        shown.append(f"{done}/{of}")

    alone_s, _ = best(lambda: typeset(SOURCE, ready))
    whole_s, size = best(lambda: as_pdf(letters, TITLE, UTC, None, progress))
    report = {
        "letters": count,
        "seconds": round(whole_s, 2),
        "typst_alone_s": round(alone_s, 2),
        "ratio": round(whole_s / alone_s, 2),
        "pdf_bytes": size,
        "times_progress_was_told": len(shown) // ROUNDS,
        "under_limit": whole_s < LIMIT_S,
        "limit_s": LIMIT_S,
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
    }
    print(json.dumps(report, indent=1))
    name = f"letters-{datetime.now(UTC):%Y-%m-%dT%H%M%S}.json"
    (RESULTS / name).write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else LETTERS)
