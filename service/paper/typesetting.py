"""Typst with our data and our font: text goes in as data and is never read as markup.

The font is Noto Sans CJK (SIL Open Font License 1.1), from its wheel: 30,000 Chinese characters with
those of names outside of the first plane, in the forms of the mainland (`lang: "zh"`). A directory of
the settings may add fonts for what it lacks.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path
from struct import unpack_from

import segno
import typst
from pydantic import JsonValue

FONT = "cvttf_NotoSansCJK_Regular"
SETTINGS = """
#let data = json(bytes(sys.inputs.data))
#set document(title: data.title, date: none)
#set text(font: data.fonts, lang: "zh", region: "cn", size: 11pt)
#set par(leading: 0.9em, justify: true)
#let qr(rows, width) = {
  let pixels = rows.map(row => row.clusters().map(cell => if cell == "1" { 0 } else { 255 })).flatten()
  let form = (encoding: "luma8", width: rows.len(), height: rows.len())
  image(bytes(pixels), format: form, width: width, scaling: "pixelated")
}
"""
NOTHING = (-1, -1)
"""A run before the first character."""
_FULL_UNICODE = 12
"""The format of a font's table of characters that has those beyond the first plane."""


def typeset(source: str, data: Mapping[str, JsonValue], more_fonts: Path | None = None) -> bytes:
    """A PDF of a source that begins with `SETTINGS`; `data` is what it calls `data`."""
    fonts = _fonts(more_fonts)
    given = json.dumps({**data, "fonts": [*families(more_fonts)]}, ensure_ascii=False)
    made = typst.compile(
        (SETTINGS + source).encode(),
        font_paths=fonts,
        ignore_system_fonts=True,
        sys_inputs={"data": given},
    )
    assert isinstance(made, bytes)
    return made


def qr_rows(text: str) -> list[JsonValue]:
    """A QR code with its margin, a row of 0 and 1 for each line of it.

    The mask is fixed: to find the best of eight takes five times as long, and all can be read.
    """
    matrix = segno.make(text, error="m", mask=0).matrix_iter(border=4)
    return ["".join("1" if cell else "0" for cell in row) for row in matrix]


def families(more_fonts: Path | None) -> list[str]:
    """The fonts that are tried for a character, ours first."""
    found = _fonts(more_fonts).families()
    return sorted(found, key=lambda name: (not name.startswith("Noto Sans CJK"), name))


def missing_characters(texts: Iterable[str], more_fonts: Path | None = None) -> str:
    """The characters for which no font has a form, once each; they would be printed as empty boxes."""
    wanted = {character for text in texts for character in text if not character.isspace()}
    starts, ends = _covered(more_fonts)
    last = {each: ends[bisect_right(starts, ord(each)) - 1] for each in wanted}
    return "".join(sorted(each for each in wanted if last[each] < ord(each)))


def font_files(more_fonts: Path | None) -> list[Path]:
    """Our font, and those of the directory of the settings."""
    spec = find_spec(FONT)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    places = [Path(spec.submodule_search_locations[0]), *([more_fonts] if more_fonts else [])]
    kinds = (".otf", ".ttf")
    return [file for place in places for file in sorted(place.iterdir()) if file.suffix in kinds]


@lru_cache(maxsize=4)
def _fonts(more_fonts: Path | None) -> typst.Fonts:
    places = sorted({str(file.parent) for file in font_files(more_fonts)})
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=places)


@lru_cache(maxsize=4)
def _covered(more_fonts: Path | None) -> tuple[Sequence[int], Sequence[int]]:
    """Where the runs of characters of all fonts begin, in order, and how far those reach that have begun."""
    files = font_files(more_fonts)
    runs = sorted((NOTHING, *(run for file in files for run in covered_by(file.read_bytes()))))
    return [first for first, _ in runs], [*accumulate((last for _, last in runs), max)]


def covered_by(font: bytes) -> Sequence[tuple[int, int]]:
    """The runs of characters of an OpenType font, by its `cmap` of format 12; none where it has none."""
    tables = unpack_from(">H", font, 4)[0]
    for place in range(12, 12 + 16 * tables, 16):
        tag, _, start, _ = unpack_from(">4sIII", font, place)
        if tag == b"cmap":
            return _runs(font, start)
    return ()


def _runs(font: bytes, start: int) -> Sequence[tuple[int, int]]:
    for number in range(unpack_from(">H", font, start + 2)[0]):
        _, _, offset = unpack_from(">HHI", font, start + 4 + 8 * number)
        table = start + offset
        if unpack_from(">H", font, table)[0] == _FULL_UNICODE:
            groups = unpack_from(">I", font, table + 12)[0]
            return [unpack_from(">II", font, table + 16 + 12 * each) for each in range(groups)]
    return ()
