"""How far homes come from the letter to the ballot, counted without persons.

A number goes up, and nothing says whose page it was. So that a page that is read again is not counted again,
the browser itself keeps marks that mean nothing anywhere else.
"""

import hashlib

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from models.tables import VoteStep
from service.identity.browser import keep
from service.pages.refused import is_of_pages
from service.parts import Parts

OPENED, LOOKED = "opened", "looked"
COOKIE = "__Host-gongjian-steps"
BETWEEN = "."
MOST, SECONDS = 20, 90 * 24 * 3600
MARK_LENGTH = 10


async def count_step(
    request: Request, parts: Parts, sent: Response, step: str, rid: str, box: str, page: str
) -> None:
    """Count a step once for each browser and `page`, which no table keeps: a letter's link, or a home.

    What is fetched ahead by no person's tap, as chats do for a preview, is not counted.
    """
    ahead = request.headers.get("sec-purpose") or request.headers.get("purpose")
    if ahead or not is_of_pages(request):
        return
    mark = hashlib.sha256(f"{step}\0{rid}\0{box}\0{page}".encode()).hexdigest()[:MARK_LENGTH]
    marks = [each for each in request.cookies.get(COOKIE, "").split(BETWEEN) if each][-MOST:]
    if mark in marks:
        return

    async def work(session: AsyncSession) -> None:
        # All homes count in one row: it is not held while the disk writes. A count may be lost with the server.
        await session.execute(text("SET LOCAL synchronous_commit TO off"))
        one_more = insert(VoteStep).values(renovation_id=rid, box_id=box, step=step, counted=1)
        await session.execute(
            one_more.on_conflict_do_update(
                index_elements=["renovation_id", "box_id", "step"],
                set_={"counted": VoteStep.counted + 1},
            )
        )

    await parts.database.transaction(work)
    keep(sent, BETWEEN.join([*marks, mark][-MOST:]), SECONDS, COOKIE)
