"""Letters and posted notices as PDF: read back by another program, as text and as an image."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pypdfium2
import pytest
import segno

from service.access.printing import PrintedLetter, as_pdf
from service.paper.letters import PaperLetter, letters_pdf
from service.paper.posted import rows_of
from service.paper.typesetting import SETTINGS, covered_by, font_files, missing_characters, typeset

LINK = "https://vote.example.org/v1/letters/abcdEFGHijklMNOP0000"
RARE = ("王𠮷", "欧阳㛃𬭎", "龘堃")


@pytest.fixture(scope="module")
def letters() -> Iterator[pypdfium2.PdfDocument]:
    made = as_pdf(
        [
            PrintedLetter(
                unit_number=f"1-10{number}",
                link=LINK + str(number),
                fact="roll",
                expires_at=datetime(2026, 12, 1, tzinfo=UTC),
                owners=RARE,
                prices=("如“加装电梯”获通过，按概算本户为此应付 1,234.56 元。",),
            )
            for number in range(3)
        ],
        "改造 #set page(fill: red) *强*",
        ZoneInfo("Asia/Shanghai"),
    )
    document = pypdfium2.PdfDocument(io.BytesIO(made))
    yield document
    document.close()


def text_on(document: pypdfium2.PdfDocument, page: int) -> str:
    return str(document[page].get_textpage().get_text_bounded())


def test_each_household_has_a_page_with_its_names_rare_characters_too(
    letters: pypdfium2.PdfDocument,
) -> None:
    assert len(letters) == 3
    for number in range(3):
        said = text_on(letters, number)
        assert f"1-10{number}" in said
        assert "王𠮷、欧阳㛃𬭎、龘堃" in said
        assert LINK + str(number) in said.replace("\r\n", "")
        assert "有效期至 2026-11-30" in said
        assert "本户为此应付 1,234.56 元" in said.replace("\r\n", "")


def test_whoever_prints_a_name_that_no_font_has_is_told_on_a_page_in_front() -> None:
    until = datetime(2026, 12, 1, tzinfo=UTC)
    letters = [
        PrintedLetter(unit_number=unit, link=LINK, fact="roll", expires_at=until, owners=(name,))
        for unit, name in (("1-101", "王𠮷"), ("1-102", "李\U00030001明"))
    ]
    document = pypdfium2.PdfDocument(io.BytesIO(as_pdf(letters, "改造", UTC)))
    note = text_on(document, 0)
    assert len(document) == 3
    document.close()
    assert "1-102：U+30001" in note
    assert "1-101" not in note


def test_what_is_written_into_a_letter_is_never_read_as_markup(
    letters: pypdfium2.PdfDocument,
) -> None:
    assert "改造 #set page(fill: red) *强*" in text_on(letters, 0)


def test_the_code_on_the_page_is_the_code_of_the_link(letters: pypdfium2.PdfDocument) -> None:
    scale = 6
    bitmap = letters[1].render(scale=scale, grayscale=True)
    pixels = bytes(bitmap.buffer)
    dark = [
        (x, y)
        for y in range(0, bitmap.height, 2)
        for x in range(0, bitmap.width, 2)
        if pixels[y * bitmap.stride + x] < 128
    ]
    wanted = [
        [bool(cell) for cell in row] for row in segno.make(LINK + "1", error="m", mask=0).matrix
    ]
    # The text above and below it is narrower in height than three modules; the code is the one big block.
    width = 52 / 25.4 * 72 * scale
    module = width / (len(wanted) + 8)
    middle = bitmap.width / 2
    left = middle - width / 2 + 4 * module
    rows = sorted({y for x, y in dark if abs(x - left - 3.5 * module) < 3 * module})
    top = next(
        y for y in rows if all(each in set(rows) for each in range(y, y + int(6 * module), 2))
    )
    found = [
        [
            pixels[int(top + (r + 0.5) * module) * bitmap.stride + int(left + (c + 0.5) * module)]
            < 128
            for c in range(len(wanted))
        ]
        for r in range(len(wanted))
    ]
    assert found == wanted


def test_progress_is_told_for_each_hundred_and_at_the_end() -> None:
    told: list[tuple[int, int]] = []
    pages = [PaperLetter(str(number), ("王",), ("信",), "") for number in range(250)]
    letters_pdf(pages, "t", "h", "f", progress=lambda done, of: told.append((done, of)))
    assert told == [(0, 250), (100, 250), (200, 250), (250, 250)]


def test_characters_that_no_font_has_are_named() -> None:
    assert missing_characters(["王𠮷", "李\U00030001明", "\U0002b820"]) == "\U0002b820\U00030001"
    (font,) = font_files(None)
    assert sum(last - first + 1 for first, last in covered_by(font.read_bytes())) > 40_000


def test_a_posted_result_says_the_roll_and_both_ratios_rounded_down() -> None:
    tally = {
        "roll_heads": 58,
        "roll_area_dm2": 363_896,
        "participating_heads": 50,
        "participating_area_dm2": 313_520,
        "yes_heads": 45,
        "yes_area_dm2": 283_702,
        "invalid_heads": 0,
        "invalid_area_dm2": 0,
    }
    rows = rows_of({**tally})
    assert rows[:3] == [
        ["表决权总数", "58", "100.00%", "3,638.96", "100.00%"],
        ["参与表决（占总数）", "50", "86.20%", "3,135.20", "86.15%"],
        ["同意（占参与表决）", "45", "90.00%", "2,837.02", "90.48%"],
    ]
    assert rows[3] == ["反对（占参与表决）", "－", "－", "－", "－"]
    assert rows[5] == ["无效票", "0", "－", "0.00", "－"]
    edge = rows_of({"roll_heads": 3, "participating_heads": 2})
    assert edge[1] == ["参与表决（占总数）", "2", "66.66%", "－", "－"]


def test_the_settings_of_a_page_are_in_chinese() -> None:
    made = typeset("#data.title", {"title": "直接写出"})
    assert made.startswith(b"%PDF")
    assert 'lang: "zh"' in SETTINGS
