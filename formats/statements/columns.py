"""The columns of a statement as a table, by the titles that banks give them; every mistake by row and column.

The titles are those of the exports of ICBC, ABC, BOC, CCB, BOCOM, CMB, PSBC and of Alipay and WeChat Pay.
Before the head there may be lines about the account, after it lines with sums.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from formats.statements import FEN, StatementLine
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
_AMOUNT = re.compile(r"^[+-]?[0-9]{1,13}(\.[0-9]{1,2}0*)?$")
_DAY = re.compile(r"^(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?!\d)")
_TALLY = re.compile(r"^(合计|总计|小计|total)", re.IGNORECASE)


def read_table(rows: Iterable[tuple[int, Sequence[str]]], name: str) -> tuple[StatementLine, ...]:
    """The lines of a table.

    Raises:
        Refused: `statement.no_head`, `statement.column_missing`; every wrong cell: `statement.day_wrong`,
            `statement.amount_wrong`, `statement.direction_wrong`, `statement.both_sides`.
    """
    found: list[StatementLine] = []
    problems: list[Problem] = []
    head: dict[str, list[int]] = {}
    for number, cells in rows:
        texts = [each.strip().strip("\t") for each in cells]
        if not head:
            head = _head(texts)
            if not head and number > MOST_BEFORE:
                break
            continue
        if not any(texts) or _TALLY.match(next(each for each in texts if each)):
            continue
        where = f"{name} row {number}"
        try:
            line = _line(texts, head, where)
        except _WrongCellError as wrong:
            problems.append(wrong.problem)
            continue
        if line.amount_fen:
            found.append(line)
    if not head:
        raise refusal("statement.no_head", where=name)
    refuse_if_any(problems[:100])
    return tuple(found)


class _WrongCellError(Exception):
    def __init__(self, code: str, where: str, title: str, value: str) -> None:
        self.problem = problem(code, where=f"{where} {title}", value=value[:80])


def _head(texts: Sequence[str]) -> dict[str, list[int]]:
    """Which column is what; nothing where the line is no head: a day and a sum at least."""
    found: dict[str, list[int]] = {}
    for place, text in enumerate(texts):
        title = _title(text)
        for field, titles in TITLES.items():
            if title in titles:
                found.setdefault(field, []).append(place)
    has_sum = "credit" in found or "amount" in found
    return found if "booked_on" in found and has_sum else {}


def _title(text: str) -> str:
    return (
        re.sub(r"\s+", " ", text).strip().strip('"').lower().translate({0xFF08: "(", 0xFF09: ")"})
    )


def _line(texts: Sequence[str], head: Mapping[str, list[int]], where: str) -> StatementLine:
    def at(field: str) -> str:
        values = (texts[place] for place in head.get(field, ()) if place < len(texts))
        return next((each for each in values if each), "")

    return StatementLine(
        place=where,
        booked_on=_day(at("booked_on"), where),
        amount_fen=_signed(at, head, where),
        reference=at("reference")[:60],
        payer=at("payer")[:200],
        memo=" ".join(
            dict.fromkeys(texts[p] for p in head.get("memo", ()) if p < len(texts) and texts[p])
        )[:400],
    )


def _day(text: str, where: str) -> date:
    match = _DAY.match(text)
    year, month, day = (int(each) for each in match.groups()) if match else (0, 0, 0)
    try:
        return date(year, month, day)
    except ValueError:
        raise _WrongCellError("statement.day_wrong", where, "日期", text) from None


def _signed(at: Callable[[str], str], head: Mapping[str, list[int]], where: str) -> int:
    if "credit" in head:
        came, went = _fen(at("credit"), where, "贷方"), _fen(at("debit"), where, "借方")
        if came and went:
            raise _WrongCellError("statement.both_sides", where, "贷方", at("credit"))
        return came - abs(went)
    fen = _fen(at("amount"), where, "金额")
    if "direction" not in head:
        return fen
    said = at("direction").strip().lower()
    if said in ("/", "不计收支", "其他"):
        return 0
    sign = SIGNS.get(said) or SIGNS.get(said[:1])
    if sign is None:
        raise _WrongCellError("statement.direction_wrong", where, "收支", said)
    return sign * abs(fen)


def _fen(text: str, where: str, title: str) -> int:
    plain = text.translate({ord("，"): ",", ord("￥"): None, ord("¥"): None, ord("元"): None})
    plain = plain.replace(",", "").replace(" ", "").replace("\u00a0", "")
    if plain in ("", "-", "--", "—"):
        return 0
    if not _AMOUNT.match(plain):
        raise _WrongCellError("statement.amount_wrong", where, title, text)
    return int(Decimal(plain) * FEN)


def rows_of_csv(rows: Iterator[Sequence[str]]) -> Iterator[tuple[int, Sequence[str]]]:
    """Rows with their numbers, from 1; some banks write a tab before what no spreadsheet shall work out."""
    return (
        (number, [cell.strip("\t ") for cell in row]) for number, row in enumerate(rows, start=1)
    )
