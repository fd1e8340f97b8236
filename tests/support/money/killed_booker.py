"""A process that books one payment and ends itself (SIGKILL) when it comes to a point.

    python -m tests.support.money.killed_booker DATABASE_URL RENOVATION NAME UNIT FEN POINT

Points: "booked" (the transfers are written, the event is not), "before_commit", "after_commit" (and before
anybody is told), "answered" (the answer is printed). Without a point ("-") it goes through.
"""

import asyncio
import os
import signal
import sys

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from models.messages.acts import Done
from models.tables import LedgerGroup
from runtime.database import Database
from tests.support.money.ledger import move, paid


def die_at(point: str) -> None:
    """End this process when its session comes to the point."""

    def die(session: Session, *_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def die_in_commit(session: Session) -> None:
        # Only the transaction that books: others read.
        if session.info.get("books"):
            die(session)

    def noted(session: Session, *_: object) -> None:
        if any(isinstance(each, LedgerGroup) for each in session.new):
            session.info["books"] = True

    event.listen(Session, "before_flush", noted)
    if point in ("before_commit", "after_commit"):
        event.listen(Session, point, die_in_commit)
    if point == "booked":
        event.listen(Engine, "after_cursor_execute", die_when_booked)


def die_when_booked(_connection: object, _cursor: object, statement: str, *_: object) -> None:
    if "INSERT INTO ledger_transfer" in statement:
        os.kill(os.getpid(), signal.SIGKILL)


async def main(url: str, rid: str, name: str, unit: str, fen: int, point: str) -> None:
    die_at(point)
    database = Database(url)
    done: Done = await move(database, rid, name, paid(f"{rid}.{name}", unit, fen))
    print(done.command_id, flush=True)
    if point == "answered":
        os.kill(os.getpid(), signal.SIGKILL)
    await database.dispose()


if __name__ == "__main__":
    _, url, rid, name, unit, fen, point = sys.argv
    asyncio.run(main(url, rid, name, unit, int(fen), point))
