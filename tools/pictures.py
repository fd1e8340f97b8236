"""Small pictures for README and docs, from those that the long test of the pages has kept.

    python -m tools.pictures

Reads build/pages/evening, writes docs/pictures: as much as a phone shows, in few colours.
"""

from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
KEPT, SMALL = ROOT / "build" / "pages" / "evening", ROOT / "docs" / "pictures"
HEIGHT, COLOURS = 740, 24
WANTED = (
    "roll-wrong",
    "calendar",
    "announced",
    "board",
    "mandate-proposed",
    "home",
    "receipt",
    "objection-answered",
)
"""By the names that the test gives them; the number before a name is its place in the test."""


def main() -> None:
    """Make them all; a picture that is wanted and not there is an error."""
    SMALL.mkdir(parents=True, exist_ok=True)
    for name in WANTED:
        (found,) = (each for each in KEPT.glob("*.png") if each.stem.split("-", 1)[1] == name)
        picture = Image.open(found).convert("RGB")
        shown = picture.crop((0, 0, picture.width, min(picture.height, HEIGHT)))
        shown.quantize(COLOURS).save(SMALL / f"{name}.png", optimize=True)
        print(f"docs/pictures/{name}.png: {(SMALL / f'{name}.png').stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
