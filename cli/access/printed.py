"""PDFs of the command line: written where they are wanted, with what is done shown on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from cli.words import said
from models.values.refusal import refusal

LISTED = 20


def show_progress(done: int, of: int) -> None:
    """One line that changes, where somebody watches."""
    if sys.stderr.isatty() or done == of:
        end = "\n" if done == of else "\r"
        print(said("line.letters_made", done=f"{done:,}", of=f"{of:,}"), end=end, file=sys.stderr)


def give_pdf(pdf: bytes, out: Path | None) -> None:
    """Write it, readable by its owner only, or to standard output where no terminal is.

    Raises:
        Refused: `cases.pdf_needs_file`, `cases.file_unwritable`.
    """
    from runtime.private import write_private

    if out is None:
        if sys.stdout.isatty():
            raise refusal("cases.pdf_needs_file", where="--out")
        sys.stdout.buffer.write(pdf)
        return
    try:
        write_private(out.absolute(), pdf)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise refusal(
            "cases.file_unwritable", where=str(out), file=str(out), reason=reason
        ) from None


def tell_missing(texts: Iterable[str], more_fonts: Path | None) -> None:
    """Say which characters are empty boxes on the paper, and what helps."""
    from service.paper.typesetting import missing_characters

    missing = missing_characters(texts, more_fonts)
    if missing:
        shown = " ".join(f"{each} (U+{ord(each):04X})" for each in missing[:LISTED])
        print(said("line.letters_missing", characters=shown), file=sys.stderr)
