"""Ten layouts of the same roll, as committees use them; every one is made here, none is anybody's."""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import xlsxwriter

from formats.roll.identities import check_digit

Cell = str | int | float


@dataclass(frozen=True)
class Flat:
    """One unit of the estate of the layouts."""

    building: int
    entrance: int
    floor: int
    area: float
    owners: tuple[str, ...]
    numbers: tuple[str, ...]

    @property
    def room(self) -> int:
        return self.floor * 100 + 1

    @property
    def number(self) -> str:
        return f"{self.building}-{self.entrance}-{self.room}"


def _person(name: str, at: int) -> tuple[str, str]:
    digits = f"3707021980010{at:04d}"
    return name, digits + check_digit(digits)


_NAMES = ("张伟", "王芳", "李秀英", "刘建国", "陈敏", "杨志强", "赵丽华", "黄小明")
PEOPLE = tuple(_person(name, 1011 + at) for at, name in enumerate(_NAMES))


def _flat(building: int, entrance: int, floor: int, *owners: int) -> Flat:
    names, numbers = zip(*(PEOPLE[at] for at in owners), strict=True)
    return Flat(building, entrance, floor, 56.65 + floor, names, numbers)


FLATS = (
    *(_flat(1, 1, 1, 0), _flat(1, 1, 2, 1, 2), _flat(1, 2, 1, 3), _flat(1, 2, 2, 0)),
    *(_flat(2, 1, 1, 4), _flat(2, 1, 2, 2, 1), _flat(2, 1, 3, 5), _flat(2, 2, 1, 6, 7)),
)
UNITS, HEADS, AREA_DM2 = 8, 6, 46_620
"""张伟 has two units, 王芳 and 李秀英 have two together, in either order."""

Write = Callable[[xlsxwriter.Workbook], None]


def _book(write: Write) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    write(book)
    book.close()
    return out.getvalue()


def _rows(page: Any, rows: Sequence[Sequence[Cell]], first: int = 0) -> int:
    for at, cells in enumerate(rows, start=first):
        page.write_row(at, 0, cells)
    return first + len(rows)


HEADING = ("房号", "楼栋", "单元", "楼层", "建筑面积(㎡)", "用途", "业主姓名", "身份证号码")


def _usual(flat: Flat, sign: str = "、") -> list[Cell]:
    place = (flat.number, f"{flat.building}号楼", f"{flat.entrance}单元", flat.floor)
    return [*place, flat.area, "住宅", sign.join(flat.owners), sign.join(flat.numbers)]


def merged_title(book: xlsxwriter.Workbook) -> None:
    page = book.add_worksheet("Sheet1")
    page.merge_range("A1:H1", "幸福小区业主名册")
    page.merge_range("A2:H2", "填表单位：幸福小区业主委员会　　2026年3月")
    _rows(page, [HEADING, *map(_usual, FLATS)], 2)


def serial_and_notes(book: xlsxwriter.Workbook) -> None:
    page = book.add_worksheet("业主登记表")
    heading = ["序号", *HEADING, "联系电话", "备注"]
    flats = [
        [at, *_usual(flat, "，"), "13800000000", "老人一户" if at == 2 else ""]
        for at, flat in enumerate(FLATS, start=1)
    ]
    empty: list[list[Cell]] = [[at] for at in (9, 10, 11)]
    feet: list[list[Cell]] = [
        ["备注：以上面积以不动产权证为准。"],
        ["制表人：张三", "", "", "", "审核人：李四", "", "", "", "日期：2026年3月2日"],
        ["第 1 页 共 1 页"],
    ]
    _rows(page, [heading, *flats, *empty, *feet])


def totals(book: xlsxwriter.Workbook) -> None:
    page = book.add_worksheet("名册")
    rows: list[Sequence[Cell]] = [HEADING]
    for building in (1, 2):
        flats = [flat for flat in FLATS if flat.building == building]
        rows += [_usual(flat) for flat in flats]
        area = round(sum(flat.area for flat in flats), 2)
        rows += [[f"{building}号楼小计", "", "", "", area, "", f"{len(flats)}户", ""], HEADING]
    rows[-1] = ["合　计", "", "", "", AREA_DM2 / 100, "", "", ""]
    _rows(page, rows)


def sheet_a_building(book: xlsxwriter.Workbook) -> None:
    cover = book.add_worksheet("封面")
    cover.write_string(0, 0, "幸福小区业主名册")
    heading = ("单元号", "房号", "所在楼层", "建筑面积", "房屋用途", "产权人", "证件号码")
    for building in (1, 2):
        page = book.add_worksheet(f"{building}号楼")
        flats: list[Sequence[Cell]] = [
            [*(flat.entrance, flat.room, f"{flat.floor}层", flat.area, "住宅"), *_owners(flat)]
            for flat in FLATS
            if flat.building == building
        ]
        _rows(page, [heading, *flats])


def _owners(flat: Flat) -> list[Cell]:
    return ["\n".join(flat.owners), "\n".join(flat.numbers)]


def register_export(book: xlsxwriter.Workbook) -> None:
    page = book.add_worksheet("Sheet1")
    heading = (
        *("不动产单元号", "坐落", "幢号", "单元", "室号", "实际层", "名义层", "总层数", "建筑面积"),
        *("专有建筑面积", "分摊建筑面积", "规划用途", "房屋性质", "权利人", "证件种类", "证件号"),
        *("共有情况", "不动产权证书号", "登记时间", "附记"),
    )
    flats: list[Sequence[Cell]] = [
        [
            *(f"370705001001GB00001F0001{at:04d}", "某路1号", flat.building, flat.entrance),
            *(flat.room, flat.floor, flat.floor, 6, flat.area, flat.area - 8, 8.0, "成套住宅"),
            *("商品房", ",".join(flat.owners), "身份证", ",".join(flat.numbers)),
            "单独所有" if len(flat.owners) == 1 else "共同共有",
            *(f"鲁(2019)某市不动产权第{at:07d}号", "2019-05-06", ""),
        ]
        for at, flat in enumerate(FLATS)
    ]
    _rows(page, [heading, *flats])


def wps(book: xlsxwriter.Workbook) -> None:
    book.set_properties({"company": "", "comments": "", "author": "WPS 表格"})
    book.set_custom_property("KSOProductBuildVer", "2052-11.1.0.14309")
    page = book.add_worksheet("名册")
    text = book.add_format({"num_format": "@"})
    for at, cells in enumerate([HEADING, *(_usual(flat, "/") for flat in FLATS)]):
        for column, cell in enumerate(cells):
            page.write_string(
                at, column, f"{cell:g}" if isinstance(cell, float) else str(cell), text
            )
    book.add_worksheet("WpsReserved_CellImgList").hide()
    book.add_worksheet("Sheet2")


def two_heading_rows(book: xlsxwriter.Workbook) -> None:
    page = book.add_worksheet("名册")
    for cells, title in (
        *(("A1:A2", "序号"), ("B1:E1", "房屋位置"), ("F1:G1", "面积（平方米）")),
        *(("H1:H2", "用途"), ("I1:J1", "产权人信息"), ("K1:K2", "签字")),
    ):
        page.merge_range(cells, title)
    lower = [
        "",
        "楼号",
        "单元号",
        "房号",
        "楼层",
        "建筑面积",
        "套内面积",
        "",
        "姓名",
        "身份证号",
        "",
    ]
    page.write_row(1, 0, lower)
    for at, flat in enumerate(FLATS, start=2):
        place = (at - 1, flat.building, flat.entrance, flat.room, flat.floor)
        page.write_row(
            at, 0, [*place, flat.area, 40, "住宅", " ".join(flat.owners), " ".join(flat.numbers)]
        )


def english(book: xlsxwriter.Workbook) -> None:
    page = book.add_worksheet("Owners")
    heading = (
        "No.",
        "Unit No.",
        "Block",
        "Staircase",
        "Floor",
        "Floor area (sqm)",
        "Use",
        "Registered owners",
        "Phone",
    )
    latin = {name: f"Owner {chr(65 + at)}{chr(97 + at)}" for at, (name, _) in enumerate(PEOPLE)}
    flats: list[Sequence[Cell]] = [
        [
            *(
                at,
                flat.number,
                f"Block {flat.building}",
                flat.entrance,
                f"{flat.floor}F",
                flat.area,
            ),
            *("Apartment", " & ".join(latin[name] for name in flat.owners), "555-0100"),
        ]
        for at, flat in enumerate(FLATS, start=1)
    ]
    _rows(page, [heading, *flats, ["Total", "", "", "", "", AREA_DM2 / 100]])


def rooms(book: xlsxwriter.Workbook) -> None:
    page = book.add_worksheet("名册")
    heading = (
        "楼号",
        "单元号",
        "房号",
        "楼层",
        "建筑面积",
        "房屋类型",
        "业主",
        "共有人",
        "身份证号",
        "共有人身份证号",
    )
    flats: list[Sequence[Cell]] = [
        [
            *(flat.building, flat.entrance, flat.room, f"{flat.floor}/6", flat.area, "住宅"),
            *(flat.owners[0], "、".join(flat.owners[1:]) or "无"),
            *(flat.numbers[0], "、".join(flat.numbers[1:])),
        ]
        for flat in FLATS
    ]
    _rows(page, [heading, *flats])


def gb18030_csv() -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([HEADING, *map(_usual, FLATS)])
    return out.getvalue().encode("gb18030")


BOOKS: dict[str, Write] = {
    "merged-title.xlsx": merged_title,
    "serial-and-notes.xlsx": serial_and_notes,
    "totals.xlsx": totals,
    "sheet-a-building.xlsx": sheet_a_building,
    "register-export.xlsx": register_export,
    "wps.xlsx": wps,
    "two-heading-rows.xlsx": two_heading_rows,
    "english.xlsx": english,
    "rooms.xlsx": rooms,
}
LAYOUTS: dict[str, Callable[[], bytes]] = {
    **{name: partial(_book, write) for name, write in BOOKS.items()},
    "gb18030.csv": gb18030_csv,
}
