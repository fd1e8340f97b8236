"""How a line leaves: nothing of a bundle moves the cursor of who checks it."""

from __future__ import annotations

import json
import os
import sys

KEPT = "\n\t\u3000"
"""White space that is printed as it is."""


def shown(text: str) -> str:
    """The text with escapes where a file of the bundle has what would move the cursor or turn the text round."""
    return "".join(
        each if each.isprintable() or each in KEPT else json.dumps(each)[1:-1] for each in text
    )


def say(text: str) -> bool:
    """Print it; False where it could not be written. That somebody reads no further is no fault."""
    try:
        print(shown(text), flush=True)
    except OSError as error:
        # What is left in the buffer would fail again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            print(f"未能输出 it could not be printed: {error.strerror}", file=sys.stderr)
            return False
    return True
