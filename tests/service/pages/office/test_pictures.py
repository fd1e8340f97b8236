"""A photograph on its way to everybody: marked with ticks, looked at, published; by HTML alone."""

import io

import pytest
from PIL import Image

from models.values.refusal import Refused
from service.pictures.cells import Cell, parts_of, read_cells, rows_of
from tests.service.pages.conftest import UNIT, Home, entered
from tests.support.browser.desk import Desk
from tests.support.channels import Channels

WIDTH, HEIGHT = 600, 400


def stripes() -> bytes:
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    for x in range(0, WIDTH, 8):
        image.paste("black", (x, 0, x + 4, HEIGHT))
    written = io.BytesIO()
    image.save(written, "JPEG", quality=95)
    return written.getvalue()


def contrast(image: Image.Image, box: tuple[int, int, int, int]) -> int:
    least, most = image.convert("L").crop(box).getextrema()
    return int(most) - int(least)  # type: ignore[arg-type]


def test_squares_side_by_side_are_one_part_and_no_part_is_smaller_than_its_squares() -> None:
    cells = {Cell(row, column) for row in (1, 2) for column in (3, 4)} | {Cell(0, 0)}
    first, second = sorted(parts_of(cells, 1_200, 800), key=lambda each: each.left)
    assert (first.left, first.top) == (0, 0)
    assert second.left * 12 <= 3 * 1_000
    assert (second.left + second.width) * 12 >= 5 * 1_000
    assert (second.top + second.height) * rows_of(1_200, 800) >= 3 * 1_000
    chequered = {Cell(row, 2 * column + row % 2) for row in range(8) for column in range(6)}
    with pytest.raises(Refused, match=r"picture\.too_many_parts"):
        parts_of(chequered, 1_200, 800)
    with pytest.raises(Refused, match=r"picture\.cell_unknown"):
        read_cells(["99.1"], 1_200, 800)


async def test_what_is_marked_is_blurred_for_everybody_and_the_original_stays_private(
    vote: Channels,
) -> None:
    home = Home(vote.http, await entered(vote))
    form = await home.get("/mine/reports/new")
    await home.send("/mine/reports", form, {"kind": "defect", "text": "a <b>"})
    ticket = await vote.sql.fetchval("SELECT id FROM ticket WHERE renovation_id=$1", vote.rid)
    thread = await home.get(f"/mine/reports/{ticket}")
    await home.send(f"/mine/reports/{ticket}/pictures", thread, picture=stripes())
    desk = Desk(vote.http, "committee")
    path = f"/office/cases/{vote.rid}/pictures"
    listed = await desk.get(path)
    assert "a &lt;b&gt;" in listed.html
    picture = await vote.sql.fetchval("SELECT id FROM private.picture")
    marking = await desk.get(f"{path}/{picture}")
    assert marking.html.count('name="cells"') == 12 * 8
    check = await desk.send(marking, picture, {"cells": "0.1"})
    assert "1 square is blurred" in check.text
    unlooked = await desk.send(check, "/publication")
    assert (unlooked.status, 'href="#nobody_is_seen"' in unlooked.html) == (422, True)
    assert (await vote.http.get(f"/cases/{vote.rid}/pictures/{picture}")).status_code == 404
    done = await desk.send(unlooked, "/publication", {"nobody_is_seen": "1"})
    assert "The photograph is published" in done.text
    seen = await vote.http.get(f"/cases/{vote.rid}/pictures/{picture}")
    published = Image.open(io.BytesIO(seen.content))
    square = (WIDTH // 12 + 4, 4, WIDTH // 6 - 4, HEIGHT // 8 - 4)
    assert contrast(published, square) < 60
    assert contrast(published, (200, 200, 260, 260)) > 200
    kept = await vote.sql.fetchval("SELECT content FROM private.picture")
    assert contrast(Image.open(io.BytesIO(kept)), square) > 200


async def test_nobody_without_the_office_sees_or_publishes_a_photograph(vote: Channels) -> None:
    for who in ("grid", "nobody"):
        page = await Desk(vote.http, who).get(f"/office/cases/{vote.rid}/pictures")
        assert page.status in {401, 403}
    wrong = await Desk(vote.http, "committee").get(f"/office/cases/{vote.rid}/pictures/x")
    assert wrong.status == 404
    assert UNIT not in wrong.text
