"""A process that sends notices and ends itself (SIGKILL) at the n-th time it comes to a point.

    python -m tests.support.notices.killed_sender DATABASE_URL PORT POINT N

Without a point ("-") it sends what there is, and ends.
"""

import asyncio
import os
import signal
import sys

from runtime.database import Database
from service.notices.sending import NoticeSender
from tests.support.notices.outbox import sender_of, with_mail


async def main(url: str, port: int, point: str, times: int) -> None:
    left = times

    def at(here: str) -> None:
        nonlocal left
        if here == point:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    database = Database(url)
    # Who comes next is told when the time is over for which this one has its messages (`lease_over`).
    sender: NoticeSender = sender_of(database, with_mail(database, port), at=at)
    while await sender.turn():
        pass
    await database.dispose()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
