"""A photograph that somebody sends, written anew: what is kept is the picture and nothing around it.

The place and the camera that a phone writes into a file (EXIF) are gone, and so is whatever else hides in
one: a file that is a picture and something else besides (a polyglot) comes out as a picture only. Drawings
with scripts in them (SVG) are no photographs.
"""

import asyncio
import hashlib
import io
import struct
from concurrent.futures import ThreadPoolExecutor

import puremagic
from PIL import Image, ImageFilter

from models.values.base import Value
from models.values.refusal import refusal
from service.edge.uploads import MOST_BYTES
from service.pictures.bodies import BlurredPart

KINDS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
"""What is taken, by its content, to what Pillow is allowed to read it as."""
MEDIA_TYPE = "image/jpeg"
"""What is kept."""
MOST_PIXELS = 50_000_000
"""A picture of more is not opened: a small file may hold a very large one (a bomb)."""
LONGEST_SIDE = 1_600
QUALITY = 82
HEAD_BYTES = 4_096
PERMILLE = 1_000
BLOCKS = 6
"""A blurred part keeps at most so many blocks a side: nothing is read out of them."""
ORIENTATION = 0x0112
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns a picture upright, by the number that EXIF has for how it was held."""
UNREADABLE = (
    *(OSError, ValueError, SyntaxError, EOFError),
    *(TypeError, LookupError, struct.error),
)
"""What a decoder raises of a file that was made to break it; Pillow names no common error."""
Image.MAX_IMAGE_PIXELS = None
"""Pillow warns of large pictures and refuses only very large ones: `MOST_PIXELS` is asked instead."""
_ONE_AT_A_TIME = ThreadPoolExecutor(1, "pictures")
"""A picture may take 200 MB while it is read. A pool is of no event loop, as a semaphore would be."""


class KeptPicture(Value):
    """A picture as it is kept: JPEG, upright, at most `LONGEST_SIDE` pixels a side."""

    content: bytes
    width: int
    height: int

    @property
    def sha256(self) -> str:
        """Its hash, as the record has it."""
        return hashlib.sha256(self.content).hexdigest()


async def read_picture(data: bytes) -> KeptPicture:
    """The picture in a file that somebody sent.

    Raises:
        Refused: `picture.too_large`, `picture.type`, `picture.too_many_pixels`, `picture.broken`.
    """
    return await asyncio.get_running_loop().run_in_executor(_ONE_AT_A_TIME, picture_in, data)


async def blur(picture: bytes, parts: tuple[BlurredPart, ...]) -> KeptPicture:
    """A kept picture in which nobody can read these parts any more."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_ONE_AT_A_TIME, blurred, picture, parts)


def picture_in(data: bytes) -> KeptPicture:
    """`read_picture`, in the caller's thread."""
    if len(data) > MOST_BYTES:
        raise refusal("picture.too_large", where="picture", limit=MOST_BYTES // 1_000_000)
    kind = KINDS.get(_type_of(data))
    if kind is None:
        raise refusal("picture.type", where="picture")
    try:
        with Image.open(io.BytesIO(data), formats=(kind,)) as image:
            if image.width * image.height > MOST_PIXELS:
                raise refusal(
                    "picture.too_many_pixels", where="picture", limit=MOST_PIXELS // 1_000_000
                )
            image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            upright = _upright(image)
            upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            return _kept(_on_white(upright))
    except UNREADABLE:
        raise refusal("picture.broken", where="picture") from None


def blurred(picture: bytes, parts: tuple[BlurredPart, ...]) -> KeptPicture:
    """`blur`, in the caller's thread."""
    with Image.open(io.BytesIO(picture), formats=("JPEG",)) as image:
        image.load()
        for part in parts:
            box = _pixels(part, image.size)
            piece = image.crop(box)
            width, height = piece.size
            few = piece.resize((min(BLOCKS, width), min(BLOCKS, height)), Image.Resampling.BOX)
            soft = few.resize(piece.size, Image.Resampling.NEAREST)
            radius = max(width, height) // (2 * BLOCKS)
            image.paste(soft.filter(ImageFilter.GaussianBlur(radius)), box)
        return _kept(image)


def _type_of(data: bytes) -> str:
    try:
        return str(puremagic.from_string(data[:HEAD_BYTES], mime=True))
    except (puremagic.PureError, ValueError):
        return ""


def _upright(image: Image.Image) -> Image.Image:
    """The picture as it was held: only its orientation is read, whatever else a camera wrote is not kept."""
    try:
        turned = UPRIGHT.get(image.getexif().get(ORIENTATION, 1))
    except UNREADABLE:  # a camera that wrote nonsense beside a good picture
        turned = None
    return image if turned is None else image.transpose(turned)


def _on_white(image: Image.Image) -> Image.Image:
    """What shines through is white: JPEG knows no transparency."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    clear = image.convert("RGBA")
    ground = Image.new("RGBA", clear.size, "white")
    ground.alpha_composite(clear)
    return ground.convert("RGB")


def _kept(image: Image.Image) -> KeptPicture:
    written = io.BytesIO()
    # A new image of the pixels alone: what stood beside them in the file is not written.
    plain = Image.new("RGB", image.size)
    plain.paste(image)
    plain.save(written, "JPEG", quality=QUALITY, optimize=True)
    return KeptPicture(content=written.getvalue(), width=image.width, height=image.height)


def _pixels(part: BlurredPart, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The pixels of a part, never fewer than it says, within the picture."""
    width, height = size
    left, top = part.left * width // PERMILLE, part.top * height // PERMILLE
    right = -(-(part.left + part.width) * width // PERMILLE)
    bottom = -(-(part.top + part.height) * height // PERMILLE)
    return left, top, max(min(right, width), left + 1), max(min(bottom, height), top + 1)
