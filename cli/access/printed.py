"""PDFs of the command line: written where they are wanted, with what is done shown on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from cli.output import show, tell, wants_json, write_file
from cli.words import said
from models.values.refusal import refusal

LISTED = 20


def show_progress(done: int, of: int) -> None:
    """One line that changes, where somebody watches."""
    if sys.stderr.isatty() or done == of:
        end = "\n" if done == of else "\r"
        sys.stderr.write(f"{said('line.letters_made', done=f'{done:,}', of=f'{of:,}')}{end}")


def give_pdf(pdf: bytes, out: Path | None, pages: int | None = None) -> None:
    """Write it, readable by its owner only, or to standard output where no terminal is.

    A program is told the file and the number of its pages, where that is known.

    Raises:
        Refused: `cases.pdf_needs_file`, `cases.file_unwritable`.
    """
    if out is None:
        if sys.stdout.isatty() or wants_json():
            raise refusal("cases.pdf_needs_file", where="--out")
        sys.stdout.buffer.write(pdf)
        return
    write_file(out, pdf)
    show({"file": str(out), "pages": pages}, tuple)


def tell_missing(texts: Iterable[str], more_fonts: Path | None) -> None:
    """Say which characters are empty boxes on the paper, and what helps."""
    from service.paper.typesetting import missing_characters

    missing = missing_characters(texts, more_fonts)
    if missing:
        shown = " ".join(f"{each} (U+{ord(each):04X})" for each in missing[:LISTED])
        tell(said("line.letters_missing", characters=shown))
