"""How far homes come from the letter to the ballot, counted without persons.

A number goes up, and nothing says whose page it was. So that a page that is read again is not counted again,
the browser itself keeps marks that mean nothing anywhere else.
"""

import hashlib

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response

from service.identity.browser import keep
from service.pages.refused import is_of_pages
from service.parts import Parts

OPENED, LOOKED = "opened", "looked"
COOKIE = "__Host-gongjian-steps"
BETWEEN = "."
MOST, SECONDS = 20, 90 * 24 * 3600
MARK_LENGTH = 10
ONE_MORE = text("""
WITH not_waited_for AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
INSERT INTO vote_step AS counting (renovation_id, box_id, step, counted)
SELECT :renovation, :box, :step, 1 FROM not_waited_for
ON CONFLICT (renovation_id, box_id, step) DO UPDATE SET counted = counting.counted + 1
""")
"""All homes count in one row. It is held for this statement alone: neither while the disk writes, nor while
this process does something else between two statements, when everybody else would wait with a connection in
the hand. A count may be lost with the server."""


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

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(ONE_MORE, {"renovation": rid, "box": box, "step": step})

    await parts.database.statement(work)
    keep(sent, BETWEEN.join([*marks, mark][-MOST:]), SECONDS, COOKIE)
