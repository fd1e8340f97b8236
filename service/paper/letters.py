"""Letters as one PDF: a page for each household, with its names, its QR code and what to do with it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from pydantic import JsonValue

from service.paper.typesetting import qr_rows, typeset

SOURCE = """
#set page(paper: "a4", margin: (x: 25mm, y: 22mm))
#if data.note.len() > 0 {
  for part in data.note { par(part) }
  pagebreak()
}
#for letter in data.letters [
  #align(center, text(size: 16pt)[#data.title])
  #align(center, text(size: 13pt, tracking: 2pt)[#data.heading])
  #v(8mm)
  #text(size: 12pt)[#letter.unit　#letter.owners]
  #v(4mm)
  #for part in letter.text { par(first-line-indent: (amount: 2em, all: true), part) }
  #v(6mm)
  #if letter.qr.len() > 0 {
    align(center, qr(letter.qr, 52mm))
    align(center, text(size: 8pt)[#letter.link])
  }
  #v(1fr)
  #line(length: 100%, stroke: 0.4pt)
  #text(size: 8.5pt)[#data.foot]
  #pagebreak(weak: true)
]
"""
SHOWN_EVERY = 100
Progress = Callable[[int, int], None]


class PaperLetter(NamedTuple):
    """One page: for whom, what it says, and the link of its QR code; "" for none."""

    unit_number: str
    owners: Sequence[str]
    text: Sequence[str]
    link: str


def silent(_done: int, _of: int) -> None:
    """Show nothing."""


def letters_pdf(
    letters: Sequence[PaperLetter],
    title: str,
    heading: str,
    foot: str,
    *,
    note: Sequence[str] = (),
    more_fonts: Path | None = None,
    progress: Progress = silent,
) -> bytes:
    """All letters in one file, behind a page with a `note` to whoever prints them, if there is one.

    `progress` hears of each hundred codes, and of the end.
    """
    said: dict[str, JsonValue] = {"title": title, "heading": heading, "foot": foot}
    said["note"] = [*note]
    made = typeset(SOURCE, {**said, "letters": pages_of(letters, progress)}, more_fonts)
    progress(len(letters), len(letters))
    return made


def pages_of(letters: Sequence[PaperLetter], progress: Progress = silent) -> list[JsonValue]:
    """The letters as `SOURCE` takes them, with their codes."""
    written: list[JsonValue] = []
    for number, letter in enumerate(letters):
        if number % SHOWN_EVERY == 0:
            progress(number, len(letters))
        written.append(
            {
                "unit": letter.unit_number,
                "owners": "、".join(letter.owners),
                "text": [*letter.text],
                "link": letter.link,
                "qr": qr_rows(letter.link) if letter.link else [],
            }
        )
    return written
