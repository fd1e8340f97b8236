"""Finding the ballot boxes of a vote; every other module asks here.

A vote is a renovation and the number of its attempt. It has a box for each scope of its motions (the
estate, a building, an entrance): `{renovation}.{attempt}` is the estate's, `{renovation}.{attempt}.{k}`
the k-th of the others. The running vote is the one that was announced last, whether its notice
runs, its ballots come in, or its result is published.

What an event or a publication says of a vote is what it says of the first box; where there are more,
`others` has the same of each of them.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import BindParameter, ColumnElement, ScalarSelect, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import BallotBox, Event
from models.values.refusal import refusal

IN_ORDER = (func.length(BallotBox.id), BallotBox.id)
"""The estate's box first, the others as they were announced."""
RUNNING_VOTE = "SELECT max(attempt) FROM ballot_box WHERE renovation_id = $1"
"""SQL for asyncpg: the attempt of the running vote; NULL before the first one."""
COUNTED_VOTE = f"{RUNNING_VOTE} AND tree_head IS NOT NULL"
"""SQL for asyncpg: the attempt of the last vote that was counted, here or by an official system."""


def box_id_of(renovation_id: str, attempt: int, number: int) -> str:
    """The id of the estate's box (`number` 0), or of the `number`-th other box of a vote."""
    vote = f"{renovation_id}.{attempt}"
    return f"{vote}.{number}" if number else vote


def select_boxes(
    renovation_id: str | BindParameter[str], attempt: int | ScalarSelect[int]
) -> Select[BallotBox]:
    """The query for the boxes of a vote in their order, for a caller who locks the rows."""
    return (
        select(BallotBox)
        .where(BallotBox.renovation_id == renovation_id, BallotBox.attempt == attempt)
        .order_by(*IN_ORDER)
    )


def running_vote(renovation_id: str | BindParameter[str]) -> ScalarSelect[int]:
    """The attempt of the running vote as a subquery, for `select_boxes`."""
    query = select(func.max(BallotBox.attempt)).where(BallotBox.renovation_id == renovation_id)
    return query.correlate(None).scalar_subquery()


async def load_boxes(
    session: AsyncSession, renovation_id: str, attempt: int
) -> Sequence[BallotBox]:
    """The boxes of one vote; none: there was no such vote."""
    return (await session.scalars(select_boxes(renovation_id, attempt))).all()


async def load_running_boxes(session: AsyncSession, renovation_id: str) -> Sequence[BallotBox]:
    """The boxes of the running vote, open or closed; none before the first vote is announced."""
    query = select_boxes(renovation_id, running_vote(renovation_id))
    return (await session.scalars(query)).all()


def named_box(
    boxes: Sequence[BallotBox], box_id: str | None, motions: Collection[str] = ()
) -> BallotBox:
    """The box that `box_id` names; without it the only one, or the one that puts one of the motions.

    Raises:
        Refused: `voting.other_box`, `voting.which_box`.
    """
    ids = ", ".join(box.id for box in boxes)
    for box in boxes:
        if box.id == box_id:
            return box
    if box_id is not None:
        raise refusal("voting.other_box", given=box_id, box=ids)
    if len(boxes) == 1:
        return boxes[0]
    for box in boxes:
        if any(isinstance(each, dict) and each["id"] in motions for each in box.motions):
            return box
    raise refusal("voting.which_box", where="box_id", boxes=ids)


def names_box(box_id: str) -> ColumnElement[bool]:
    """The condition that an event says something of a box."""
    return or_(
        Event.details["box"].as_string() == box_id,
        Event.details.contains({"others": [{"box": box_id}]}),
    )
