"""The columns of a statement as a table, by the titles that banks give them; every mistake by row and column.

The titles are those of the exports of ICBC, ABC, BOC, CCB, BOCOM, CMB, PSBC and of Alipay and WeChat Pay.
Before the head there may be lines about the account, after it lines with sums.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from formats.statements import FEN, MOST_PROBLEMS, YUAN, StatementLine
from models.values.refusal import Problem, problem, refusal, refuse_if_any

TITLES: Mapping[str, tuple[str, ...]] = {
    "booked_on": (
        "交易日期", "记账日期", "入账日期", "交易时间", "入账时间", "记账时间", "交易日", "记账日", "日期",
        "发生时间", "付款时间", "交易创建时间", "date", "transaction date", "booking date",
    ),
    "credit": (
        "贷方发生额", "贷方金额", "收入金额", "收入", "转入金额", "存入金额", "贷方", "贷方发生额/元(收入)",
        "贷方发生额(收入)", "贷方发生额/元", "收入(元)", "收入金额(元)", "收入(+元)", "credit", "credit amount",
    ),
    "debit": (
        "借方发生额", "借方金额", "支出金额", "支出", "转出金额", "支取金额", "借方", "借方发生额/元(支取)",
        "借方发生额(支取)", "借方发生额(支出)", "借方发生额/元", "支出(元)", "支出金额(元)", "支出(-元)", "debit", "debit amount",
    ),
    "amount": ("交易金额", "发生额", "金额", "金额(元)", "交易金额(元)", "amount", "transaction amount"),
    "direction": (
        "借贷标志", "借贷方向", "借贷标识", "收支", "收/支", "交易方向", "收支类型", "借贷", "来往账标志", "dc", "d/c",
    ),
    "reference": (
        "交易流水号", "流水号", "核心流水号", "账户明细编号-交易流水号", "柜员流水号", "交易流水", "凭证号", "唯一流水号",
        "交易单号", "交易号", "业务流水号", "记录标识号", "reference", "transaction id",
    ),
    "payer": (
        "对方户名", "对方账户名称", "对方名称", "对方账户名", "对方单位名称", "对方单位", "付款人名称", "交易对手", "交易对方",
        "对手户名", "对方账号名称", "付款人户名", "交易对手名称", "counterparty", "payer",
    ),
    "memo": (
        "摘要", "附言", "用途", "备注", "交易附言", "交易摘要", "客户附言", "商品", "商品说明", "个性化信息", "交易备注", "memo",
        "description", "remark",
    ),
    "currency": ("币种", "币别", "货币", "货币种类", "交易币种", "记账币种", "账户币种", "币种名称", "currency", "ccy"),
}  # fmt: skip
SIGNS = {
    "贷": 1,
    "收": 1,
    "收入": 1,
    "c": 1,
    "cr": 1,
    "来账": 1,
    "借": -1,
    "支": -1,
    "支出": -1,
    "d": -1,
    "dr": -1,
    "往账": -1,
}
MOST_BEFORE = 40
"""Lines about the account before the head."""
_AMOUNT = re.compile(r"[+-]?(?:[0-9]{1,13}|[0-9]{1,3}(?:,[0-9]{3}){1,4})(?:\.[0-9]{1,2}0*)?")
"""A comma groups thousands: 12,34 would be another sum where a comma is the point."""
_DAY = re.compile(
    r"([0-9]{4})(?:[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?|([0-9]{2})([0-9]{2}))(?:[^0-9]|[0-9]{6}$|$)"
)
"""Without signs between them month and day have two digits each; a time may follow."""
_TALLY = re.compile(r"^(合计|总计|小计|total)", re.IGNORECASE)


def read_table(rows: Iterable[tuple[int, Sequence[str]]], name: str) -> tuple[StatementLine, ...]:
    """The lines of a table.

    Raises:
        Refused: `statement.no_head`, `statement.column_missing`; every wrong cell: `statement.day_wrong`,
            `statement.amount_wrong`, `statement.direction_wrong`, `statement.both_sides`,
            `statement.currency_wrong`, `statement.row_short`.
    """
    found: list[StatementLine] = []
    problems: list[Problem] = []
    head = Head({}, ())
    for number, cells in rows:
        texts = [each.strip().strip("\t") for each in cells]
        if not head.columns:
            head = _head(texts)
            if not head.columns and number > MOST_BEFORE:
                break
            continue
        if not any(texts) or _TALLY.match(next(each for each in texts if each)):
            continue
        row = Row(texts, head, f"{name} row {number}")
        try:
            line = row.line()
        except _WrongCellError as wrong:
            problems.append(wrong.problem)
            continue
        if line.amount_fen:
            found.append(line)
    if not head.columns:
        raise refusal("statement.no_head", where=name)
    refuse_if_any(problems[:MOST_PROBLEMS])
    return tuple(found)


class _WrongCellError(Exception):
    def __init__(self, code: str, where: str, **params: str | int) -> None:
        self.problem = problem(code, where=where, **params)


class Head(NamedTuple):
    """Which columns of a table hold what, by field, and the titles as the bank writes them."""

    columns: Mapping[str, Sequence[int]]
    titles: Sequence[str]

    def needs(self) -> int:
        """How many cells a row has at least: as far as the last column of a day or of a sum."""
        fields = ("booked_on", "credit", "debit", "amount", "direction")
        return 1 + max(place for field in fields for place in self.columns.get(field, (0,)))


def _head(texts: Sequence[str]) -> Head:
    """Which column is what; nothing where the line is no head: a day and a sum at least."""
    found: dict[str, list[int]] = {}
    for place, text in enumerate(texts):
        title = _title(text)
        for field, titles in TITLES.items():
            if title in titles:
                found.setdefault(field, []).append(place)
    has_sum = "credit" in found or "amount" in found
    return Head(found if "booked_on" in found and has_sum else {}, texts)


def _title(text: str) -> str:
    return (
        re.sub(r"\s+", " ", text).strip().strip('"').lower().translate({0xFF08: "(", 0xFF09: ")"})
    )


class Row(NamedTuple):
    """A row of a table, whose cells are read by their columns."""

    texts: Sequence[str]
    head: Head
    where: str

    def line(self) -> StatementLine:
        """The sum that the row tells of; it may be none."""
        have, need = len(self.texts), self.head.needs()
        if have < need:
            raise _WrongCellError("statement.row_short", self.where, have=have, need=need)
        if (money := self.at("currency")) and not YUAN.fullmatch(money):
            raise self.wrong("statement.currency_wrong", "currency")
        return StatementLine(
            place=self.where,
            booked_on=self.day(),
            amount_fen=self.signed(),
            reference=self.at("reference")[:60],
            payer=self.at("payer")[:200],
            memo=" ".join(dict.fromkeys(filter(None, self.cells("memo"))))[:400],
        )

    def cells(self, field: str) -> list[str]:
        """What stands in the columns of a field."""
        places = self.head.columns.get(field, ())
        return [self.texts[place] for place in places if place < len(self.texts)]

    def at(self, field: str) -> str:
        """What stands in the first column of a field that is not empty."""
        return next(filter(None, self.cells(field)), "")

    def wrong(self, code: str, field: str) -> _WrongCellError:
        """What is wrong with a cell, with the title of its column."""
        titles = [self.head.titles[place] for place in self.head.columns[field]]
        filled = [title for title, text in zip(titles, self.cells(field), strict=False) if text]
        where = f"{self.where}, column {(filled or titles)[0]}"
        return _WrongCellError(code, where, value=self.at(field)[:80])

    def day(self) -> date:
        """The day of booking."""
        match = _DAY.match(self.at("booked_on"))
        try:
            year, month, day = (
                [int(each) for each in match.groups() if each] if match else (0, 0, 0)
            )
            return date(year, month, day)
        except ValueError:
            raise self.wrong("statement.day_wrong", "booked_on") from None

    def signed(self) -> int:
        """The sum in fen, below zero where it went out, or where what came in is taken back (红字)."""
        if "credit" in self.head.columns:
            came, went = self.fen("credit"), self.fen("debit")
            if came and went:
                raise self.wrong("statement.both_sides", "credit")
            return came - abs(went)
        fen = self.fen("amount")
        if "direction" not in self.head.columns:
            return fen
        said = self.at("direction").lower()
        if said in ("/", "不计收支", "其他"):
            return 0
        sign = SIGNS.get(said) or SIGNS.get(said[:1])
        if sign is None:
            raise self.wrong("statement.direction_wrong", "direction")
        return fen if sign > 0 else -abs(fen)

    def fen(self, field: str) -> int:
        """The sum in a column, in fen; none is zero."""
        text = self.at(field)
        plain = text.translate({ord("，"): ",", ord("￥"): None, ord("¥"): None, ord("元"): None})
        plain = plain.replace(" ", "").replace("\u00a0", "")
        if plain in ("", "-", "--", "—"):
            return 0
        if not _AMOUNT.fullmatch(plain):
            raise self.wrong("statement.amount_wrong", field)
        return int(Decimal(plain.replace(",", "")) * FEN)


def rows_of_csv(rows: Iterator[Sequence[str]]) -> Iterator[tuple[int, Sequence[str]]]:
    """Rows with their numbers, from 1; some banks write a tab before what no spreadsheet shall work out."""
    return (
        (number, [cell.strip("\t ") for cell in row]) for number, row in enumerate(rows, start=1)
    )
