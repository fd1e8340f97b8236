"""Pages of lists: `after` an opaque cursor, at most `limit` entries, and where the next page is in a `Link` (RFC 8288).

A cursor is the key of the last entry of its page (keyset), so that what comes in or goes meanwhile moves nothing:
no entry is shown twice, and none that stays is left out.
"""

import base64
import json
from collections.abc import Callable, Iterable, Sequence
from operator import gt, lt
from typing import Annotated, NamedTuple, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, Request, Response

from models.fields import Cursor, written_whole
from models.values.refusal import refusal

V = TypeVar("V")
PAGE = 100
MOST = 500
Limit = Annotated[int, *written_whole("number", MOST, 1)]
"""How many entries of a list are asked for."""
MOST_BIG = 2**63
"""What a BIGINT does not hold any more."""
Key = tuple[str | int, ...]
"""By what a list is ordered; no two entries have the same."""


class Slice(NamedTuple):
    """The entries of a list that a query reads: after the one with this key, up to so many."""

    after: Key | None = None
    limit: int = MOST

    @property
    def after_number(self) -> int | None:
        """The key, of a list whose entries are known by a number.

        Raises:
            Refused: `service.cursor_invalid` for the cursor of another list.
        """
        if self.after is None:
            return None
        (number, *more) = self.after or ("",)
        if more or not isinstance(number, int):
            raise _no_place(self.after)
        return number


class Paging:
    """The page that a request asks for. A query reads `slice`; one entry more than the page has says that more follow."""

    def __init__(self, request: Request, response: Response, after: str, limit: int) -> None:
        self._request, self._response, self._limit = request, response, limit
        self.slice = Slice(_read(after) if after else None, limit + 1)

    def cut(
        self, entries: Iterable[V], key: Callable[[V], Key], *, newest_first: bool = False
    ) -> tuple[V, ...]:
        """The page of a list that was read as a whole: what a case or a place has of them is few."""
        after = self.slice.after
        follows = lt if newest_first else gt
        try:
            rest = [each for each in entries if after is None or follows(key(each), after)]
        except TypeError:
            raise _no_place(after) from None
        return self.first(sorted(rest, key=key, reverse=newest_first), key)

    def first(self, entries: Sequence[V], key: Callable[[V], Key]) -> tuple[V, ...]:
        """The page, from what a query has read of `slice`."""
        page = tuple(entries[: self._limit])
        if len(entries) > self._limit:
            link_next(self._request, self._response, _written(key(page[-1])))
        return page


async def paging_in_query(
    request: Request, response: Response, after: Cursor = "", limit: Limit = PAGE
) -> Paging:
    """The page that the query names.

    Raises:
        Refused: `service.cursor_invalid`.
    """
    return Paging(request, response, after, limit)


Paged = Annotated[Paging, Depends(paging_in_query)]


def link_next(request: Request, response: Response, after: str | int) -> None:
    """Say where the next page is; as a relative reference it leads to where the request came in."""
    asked = [each for each in request.query_params.multi_items() if each[0] != "after"]
    query = urlencode([*asked, ("after", str(after))])
    response.headers["Link"] = f'<?{query}>; rel="next"'


def _written(key: Key) -> str:
    text = json.dumps(key, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def _read(cursor: str) -> Key:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True)
        key = json.loads(text)
    except (ValueError, RecursionError):
        key = None
    if not isinstance(key, list) or not all(map(_may_be_key, key)):
        raise _no_place(cursor)
    return tuple(key)


def _may_be_key(part: object) -> bool:
    """Whether the database could hold it: nobody but a stranger writes a NUL, half a character or 2**70 into a cursor."""
    if type(part) is int:
        return abs(part) < MOST_BIG
    return type(part) is str and "\0" not in part and _whole(part)


def _whole(text: str) -> bool:
    return not any("\ud800" <= each <= "\udfff" for each in text)


def _no_place(cursor: object) -> Exception:
    return refusal("service.cursor_invalid", where="after", cursor=str(cursor)[:40])
