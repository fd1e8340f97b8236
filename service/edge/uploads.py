"""Long bodies: a photograph, a roll or a bank statement, at its doors alone, from somebody who is let in, a few at a time.

Whoever sends one is looked at before it is read (`service.access.sending`): a stranger keeps nobody's place.
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from models.values.refusal import refusal

PHOTOGRAPHS = re.compile(r"/v1/renovations/([^/]+)/tickets/[^/]+/pictures")
FORMS = re.compile(r"/mine/reports(/[^/]+/pictures)?|/office/roll(/import)?")
ROLLS = frozenset({"/v1/roll-imports", "/v1/renovations"})
"""Where a roll comes inside of JSON, as a statement does: shorter than a photograph, as whoever sends it has it parsed here."""
MOST_BYTES = 12_000_000
"""Of a photograph, or of a file with a roll."""
STATEMENTS = re.compile(r"/v1/renovations/[^/]+/statements")
MOST_WITH_FILE = 1_900_000
"""Of JSON with a file in it."""
FORM_AROUND_BYTES = 65_536
"""What a form may have beside its file."""
AT_A_TIME = 4
OF_ONE_SENDER = 2
"""So that nobody who may send keeps all the places by sending slowly."""


def longest_body(method: str, path: str) -> int:
    """How long a body may be at a door that takes photographs or files; 0 at any other."""
    if method != "POST":
        return 0
    if path in ROLLS or STATEMENTS.fullmatch(path):
        return MOST_WITH_FILE
    takes = PHOTOGRAPHS.fullmatch(path) or FORMS.fullmatch(path)
    return MOST_BYTES + FORM_AROUND_BYTES if takes else 0


class Uploads:
    """The long bodies that are being read."""

    def __init__(self) -> None:
        self._of: Counter[str] = Counter()

    @contextmanager
    def place(self, sender: str) -> Iterator[None]:
        """A place for one body of this sender.

        Raises:
            Refused: `service.busy` where there is none.
        """
        if self._of.total() >= AT_A_TIME or self._of[sender] >= OF_ONE_SENDER:
            raise refusal("service.busy")
        self._of[sender] += 1
        try:
            yield
        finally:
            self._of[sender] -= 1
            self._of += Counter()  # forgets whoever sends nothing any more
