"""Photographs written anew: upright, small, without what a phone writes beside them; hostile files are refused."""

import io
import struct
import zlib
from collections.abc import Mapping

import pytest
from PIL import Image, ImageOps

from models.values.refusal import Refused
from service.edge.uploads import MOST_BYTES
from service.pictures.bodies import BlurredPart
from service.pictures.reading import (
    LONGEST_SIDE,
    MOST_PIXELS,
    KeptPicture,
    blurred,
    picture_in,
)

ORIENTATION, CAMERA, GPS = 0x0112, 0x010F, 0x8825
PLACE = "36.7N 119.1E"
SCRIPT = b"<script>alert(1)</script>"


def photograph(size: tuple[int, int] = (80, 40), kind: str = "JPEG") -> bytes:
    """Left half red, right half blue; turned by the camera, which says where it was."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, *size))
    exif = Image.Exif()
    exif[ORIENTATION], exif[CAMERA], exif[GPS] = 6, "Camera", {1: PLACE}
    written = io.BytesIO()
    image.save(written, kind, exif=exif, quality=95)
    return written.getvalue()


def opened(picture: KeptPicture) -> Image.Image:
    return Image.open(io.BytesIO(picture.content))


def test_a_photograph_is_kept_upright_and_tells_neither_place_nor_camera() -> None:
    sent = photograph()
    assert PLACE.encode() in sent
    kept = picture_in(sent)
    assert (kept.width, kept.height) == (40, 80)
    assert opened(kept).getexif() == {}
    assert not any(each in kept.content for each in (b"Camera", PLACE.encode()))
    # Orientation 6: what was left is above.
    red, _, blue = opened(kept).convert("RGB").getpixel((20, 10))  # type: ignore[misc]
    assert (red > 200, blue < 60) == (True, True)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_phones_make_is_taken_and_a_large_one_is_made_smaller(kind: str) -> None:
    kept = picture_in(photograph((2 * LONGEST_SIDE, LONGEST_SIDE), kind))
    assert max(kept.width, kept.height) == LONGEST_SIDE
    assert opened(kept).format == "JPEG"


def with_exif(*fields: tuple[int, int, int, bytes]) -> bytes:
    """A photograph whose EXIF has these fields: tag, type, number of values, the value."""
    written = b"II*\0" + struct.pack("<IH", 8, len(fields))
    for tag, kind, count, value in fields:
        written += struct.pack("<HHI", tag, kind, count) + value
    file = io.BytesIO()
    Image.new("RGB", (80, 40)).save(file, "JPEG", exif=b"Exif\0\0" + written + bytes(4))
    return file.getvalue()


@pytest.mark.parametrize(
    "field",
    [
        (256, 2, 4, b"abc\0"),
        (282, 2, 3, b"72\0\0"),
        (259, 7, 2, b"ab\0\0"),
        (34665, 2, 4, b"abc\0"),
    ],
    ids=["width as text", "resolution as text", "packing as bytes", "a place as text"],
)
def test_a_camera_that_writes_nonsense_beside_a_good_picture_does_not_break_it(
    field: tuple[int, int, int, bytes],
) -> None:
    kept = picture_in(with_exif(field, (ORIENTATION, 3, 1, struct.pack("<HH", 6, 0))))
    assert (kept.width, kept.height) == (40, 80)


@pytest.mark.parametrize("held", range(10))
def test_a_picture_comes_out_upright_however_it_was_held(held: int) -> None:
    image = Image.new("RGB", (64, 32), "red")
    image.paste("blue", (32, 0, 64, 16))
    exif, file = Image.Exif(), io.BytesIO()
    exif[ORIENTATION] = held
    image.save(file, "PNG", exif=exif)
    due = ImageOps.exif_transpose(Image.open(io.BytesIO(file.getvalue())))
    kept = opened(picture_in(file.getvalue()))
    assert kept.size == due.size
    width, height = due.size
    for place in ((4, 4), (width - 5, 4), (4, height - 5), (width - 5, height - 5)):
        found, wanted = kept.getpixel(place), due.getpixel(place)
        assert isinstance(found, tuple)
        assert isinstance(wanted, tuple)
        assert all(abs(one - other) < 40 for one, other in zip(found, wanted, strict=True))


def test_what_hides_behind_a_picture_is_gone() -> None:
    assert SCRIPT not in picture_in(photograph() + SCRIPT).content


def piece(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    said = kind + data
    return len(data).to_bytes(4) + said + zlib.crc32(said).to_bytes(4)


def bomb() -> bytes:
    """A PNG of few bytes that says it is 60,000 by 60,000 dots."""
    head = (60_000).to_bytes(4) * 2 + bytes((8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + piece(b"IHDR", head) + piece(b"IDAT", zlib.compress(bytes(9)))


HOSTILE: Mapping[str, tuple[bytes, str]] = {
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT + b"</svg>", "picture.type"),
    "html": (b"<!doctype html>" + SCRIPT, "picture.type"),
    "gif": (b"GIF89a" + bytes(100), "picture.type"),
    "nothing": (b"", "picture.type"),
    "cut off": (photograph((400, 300))[:900], "picture.broken"),
    "png head before html": (b"\x89PNG\r\n\x1a\n" + SCRIPT, "picture.broken"),
    "bomb": (bomb(), "picture.too_many_pixels"),
    "large": (photograph() + bytes(MOST_BYTES), "picture.too_large"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_by_what_it_is(name: str) -> None:
    sent, code = HOSTILE[name]
    with pytest.raises(Refused) as refused:
        picture_in(sent)
    assert refused.value.problems[0].code == code


def test_the_limit_of_dots_is_what_a_phone_makes_at_most() -> None:
    assert MOST_PIXELS >= 48_000_000


def test_a_blurred_part_says_nothing_any_more_and_the_rest_stays() -> None:
    image = Image.new("RGB", (400, 400), "white")
    # A chessboard of small fields, like writing, in the left half.
    for place in range(0, 200, 4):
        image.paste("black", (place, 0, place + 2, 400))
    written = io.BytesIO()
    image.save(written, "JPEG", quality=95)
    kept = picture_in(written.getvalue())
    done = opened(blurred(kept.content, (BlurredPart(left=0, top=0, width=500, height=1000),)))
    left = [done.convert("L").getpixel((x, 200)) for x in range(20, 180)]
    assert max(left) - min(left) < 40  # type: ignore[type-var, operator]
    assert done.convert("L").getpixel((300, 200)) > 240  # type: ignore[operator]
