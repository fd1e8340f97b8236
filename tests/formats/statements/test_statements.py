"""Bank statements as banks export them: tables in GBK, CAMT.053, MT940; and what is wrong with one."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formats.statements import StatementLine
from formats.statements.reading import read_statement_text
from models.values.refusal import Refused
from runtime.language.sentences import sentence

ICBC = """中国工商银行 账户明细,,,,,,
账号: 1607 **** 2233 户名: 幸福里小区业主委员会 币种: 人民币,,,,,,
交易日期,摘要,对方户名,贷方发生额,借方发生额,余额,交易流水号
2026-03-01,3号楼2单元501室 改造款,张三,"12,345.60",,"20,000.00",A001
2026-03-02,手续费,工商银行,,5.00,"19,995.00",A002
20260303,1-101 首期,李四,300,,"20,295.00",A003
合计,,,"12,645.60",5.00,,
"""
CCB = """记账日期\t交易金额\t借贷标志\t对方户名\t附言
2026/3/1\t100.5\t贷\t王五\t1-102
2026/3/1\t100.5\t贷\t王五\t1-102
2026/3/1\t7.00\t借\t电力公司\t电费
"""
CAMT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt>
<Ntry><Amt Ccy="CNY">30.50</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
 <BookgDt><Dt>2026-03-04</Dt></BookgDt><AcctSvcrRef>R1</AcctSvcrRef>
 <NtryDtls><TxDtls><RltdPties><Dbtr><Pty><Nm>赵六</Nm></Pty></Dbtr></RltdPties>
 <RmtInf><Ustrd>1-103</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="CNY">50</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-03-05</Dt></BookgDt>
 <NtryRef>B</NtryRef><NtryDtls><TxDtls><Amt Ccy="CNY">20</Amt></TxDtls><TxDtls><Amt Ccy="CNY">30</Amt></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="CNY">9</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>PDNG</Cd></Sts><BookgDt><Dt>2026-03-05</Dt></BookgDt></Ntry>
</Stmt></BkToCstmrStmt></Document>
"""
MT940 = """:20:STARTUMS
:25:10020030/1234567
:28C:00001/001
:60F:C260101CNY0,00
:61:2512310102C1234,5NTRFNONREF//BANK77
:86:166?00CREDIT?20renovation 1-101?21 part 2?32ZHANG?33 SAN
:61:2601030103D10,00NMSCOWN1
:86:fee
:62F:C260103CNY1224,50
-
"""


BALANCE = (
    '<Bal><Tp><CdOrPrtry><Cd>{}</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">{}</Amt>'
    "<CdtDbtInd>{}</CdtDbtInd><Dt><Dt>{}</Dt></Dt></Bal>"
)


def balanced(opening: str, closing: str) -> str:
    """The statement with its balances; it was overdrawn at the beginning."""
    both = BALANCE.format("OPBD", opening, "DBIT", "2026-03-04") + BALANCE.format(
        "CLBD", closing, "CRDT", "2026-03-05"
    )
    return CAMT.replace("<Stmt>", f"<Stmt>{both}", 1)


def lines(text: str, encoding: str = "utf-8", name: str = "s.csv") -> tuple[StatementLine, ...]:
    return read_statement_text(text.encode(encoding), name)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_table_is_read_by_the_titles_of_its_bank(encoding: str) -> None:
    first, fee, last = lines(ICBC, encoding)
    assert (first.booked_on, first.amount_fen) == (date(2026, 3, 1), 1_234_560)
    assert (first.reference, first.payer) == ("A001", "张三")
    assert first.memo == "3号楼2单元501室 改造款"
    assert (fee.amount_fen, last.amount_fen) == (-500, 30_000)
    assert first.place == "s.csv row 4"


def test_a_side_is_told_by_a_mark_and_equal_sums_of_a_day_stay_two() -> None:
    first, again, paid = lines(CCB)
    assert (first.amount_fen, paid.amount_fen) == (10_050, -700)
    assert first.reference != again.reference
    assert [each.reference for each in lines(CCB)] == [
        first.reference,
        again.reference,
        paid.reference,
    ]


def test_camt_has_a_line_for_each_transaction_that_is_booked() -> None:
    first, second, third = lines(CAMT, name="s.xml")
    assert (first.amount_fen, first.payer, first.memo) == (3_050, "赵六", "1-103")
    assert [(each.amount_fen, each.reference) for each in (second, third)] == [
        (2_000, "B.1"),
        (3_000, "B.2"),
    ]


def test_mt940_is_read_over_the_turn_of_a_year() -> None:
    first, fee = lines(MT940, name="s.sta")
    assert (first.booked_on, first.amount_fen) == (date(2026, 1, 2), 123_450)
    assert (first.reference, first.payer) == ("BANK77", "ZHANG SAN")
    assert first.memo == "renovation 1-101 part 2"
    assert (fee.amount_fen, fee.reference, fee.memo) == (-1_000, "OWN1", "fee")


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        ("a,b\n1,2\n", "statement.no_head", "s.csv"),
        (
            ICBC.replace("12,345.60", "12,345.605"),
            "statement.amount_wrong",
            "s.csv row 4, column 贷方发生额",
        ),
        (
            ICBC.replace("20260303", "20260231"),
            "statement.day_wrong",
            "s.csv row 6, column 交易日期",
        ),
        (
            ICBC.replace(",5.00,", ",5.00,", 1).replace("300,,", "300,1,"),
            "statement.both_sides",
            "s.csv row 6, column 贷方发生额",
        ),
        (
            CCB.replace("借\t电力", "?\t电力"),
            "statement.direction_wrong",
            "s.csv row 4, column 借贷标志",
        ),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", "statement.no_camt", "s.csv"),
        ("<Document>", "statement.xml_wrong", "s.csv"),
        ("<Document/>", "statement.no_camt", "s.csv"),
        (CAMT.replace(">30.50<", ">30.505<"), "statement.amount_wrong", "s.csv entry 1 Amt"),
        (MT940.replace("C1234,5N", "X1234,5N"), "statement.entry_wrong", "s.csv line 5, :61:"),
    ],
)
def test_what_is_wrong_is_named_by_row_and_field(text: str, code: str, where: str) -> None:
    with pytest.raises(Refused) as refused:
        lines(text)
    assert [(each.code, each.where) for each in refused.value.problems] == [(code, where)]


BOMB = "<!DOCTYPE a [<!ENTITY b 'bbbb'>" + "".join(
    f"<!ENTITY {chr(99 + n)} '{f'&{chr(98 + n)};' * 10}'>" for n in range(9)
)
HARM: dict[str, tuple[bytes, str]] = {
    "entities in entities": (f"{BOMB}]><a>&k;</a>".encode(), "statement.no_camt"),
    "the same in UTF-16": (f"{BOMB}]><a>&k;</a>".encode("utf-16"), "file.utf_16"),
    "a file of the machine": (
        b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
        "statement.no_camt",
    ),
    "a tag in UTF-7": (
        b'<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE a+AD4-<a/>',
        "statement.xml_wrong",
    ),
    "tags in tags": (b"<a>" * 30_000 + b"</a>" * 30_000, "statement.no_camt"),
    "tags without end": (b"<a>" * 60_000, "statement.xml_wrong"),
}


@pytest.mark.parametrize(("data", "code"), HARM.values(), ids=HARM)
def test_a_statement_that_is_made_to_harm_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        read_statement_text(data, "s.xml")
    assert [each.code for each in refused.value.problems] == [code]


@given(st.integers(1, 10**12), st.booleans())
def test_every_sum_is_exact_to_the_fen(fen: int, came: bool) -> None:
    written = f"{fen // 100:,}.{fen % 100:02}"
    row = f'2026-01-01,"{written}",' if came else f'2026-01-01,,"{written}"'
    (line,) = lines(f"日期,收入,支出\n{row}\n")
    assert line.amount_fen == (fen if came else -fen)


@pytest.mark.parametrize(
    ("data", "code", "where"),
    [
        (ICBC.encode("utf-16"), "file.utf_16", "s.csv"),
        (ICBC.encode("gb18030") + b"2026-03-02,5.00,\xff\xfe\n", "file.not_text", "byte 17"),
        (ICBC.encode("gb18030") + "张三".encode(), "file.mixed_encodings", "line "),
        (
            "交易日期,存入金額,對方戶名\n".encode("big5"),
            "file.encoding_unknown",
            "s.csv line 1, byte 1",
        ),
    ],
    ids=["UTF-16", "bytes of no text", "two encodings in one file", "Big5"],
)
def test_a_statement_in_another_encoding_is_refused_by_its_line_and_byte(
    data: bytes, code: str, where: str
) -> None:
    with pytest.raises(Refused) as refused:
        read_statement_text(data, "s.csv")
    found = refused.value.problems[0]
    assert found.code == code
    assert where in found.where


WRONG_MONEY = {
    "a comma as the point": ('日期,收入\n2026-03-01,"12,34"\n', "amount_wrong", "row 2, column 收入"),
    "thousands of four digits": ('日期,收入\n2026-03-01,"1,2345.6"\n', "amount_wrong", "row 2, column 收入"),
    "a day of seven digits": ("日期,收入\n2026111,1\n", "day_wrong", "row 2, column 日期"),
    "a day that there is not": ("日期,收入\n2026-02-29,1\n", "day_wrong", "row 2, column 日期"),
    "dollars in a column": ("日期,收入,币种\n2026-03-01,1,美元\n", "currency_wrong", "row 2, column 币种"),
    "a row that is cut off": ("日期,摘要,收入\n2026-03-01,1-101 \n", "row_short", "row 2"),
    "a mark that is never closed": ('日期,摘要,收入\n2026-03-01,"1-101,1\n2026-03-02,,2\n', "quote_open", "line 2"),
    "a number of the bank for two sums": (
        "日期,收入,流水号\n2026-03-01,1,A\n2026-03-01,1,A\n", "reference_twice", "row 3",
    ),
    "dollars in CAMT": (CAMT.replace('"CNY">30', '"USD">30'), "currency_wrong", "entry 1 Amt Ccy"),
    "parts of another sum": (CAMT.replace(">20<", ">21<"), "parts_differ", "entry 2 TxDtls"),
    "an entry of MT940 that is not there": (
        MT940.replace(":61:2601030103D10,00NMSCOWN1\n:86:fee\n", ""), "balance_differs", "line 7, :62F:",
    ),
    "a page of MT940 that is not there": (
        MT940.replace(":60F:C260101CNY0,00", ":60F:C260101CNY0,00\n:62M:C260101CNY0,00\n:60M:C260101CNY5,00"),
        "balance_differs", "line 6, :60M:",
    ),
    "a balance of MT940 that is no sum": (MT940.replace("1224,50", "1224.50"), "amount_wrong", "line 9, :62F:"),
    "an entry of CAMT that is not there": (balanced("100", "180.51").replace("DBIT", "CRDT"), "balance_differs", "Bal CLBD"),
    "an overdraft of CAMT": (balanced("100", "180.50"), "balance_differs", "Bal CLBD"),
    "a balance of CAMT without a side": (balanced("1", "2").replace("DBIT", ""), "direction_wrong", "Bal OPBD CdtDbtInd"),
    "dollars in MT940": (MT940.replace("CNY0,00", "USD0,00"), "currency_wrong", "line 4, :60F:"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "code", "where"), WRONG_MONEY.values(), ids=WRONG_MONEY)
def test_no_sum_is_read_as_another_one_or_lost(text: str, code: str, where: str) -> None:
    with pytest.raises(Refused) as refused:
        lines(text)
    (found,) = refused.value.problems
    assert (found.code, found.where) == (f"statement.{code}", f"s.csv {where}")
    assert sentence(found, "zh_CN").startswith("s.csv " + ("第" if "row" in where else ""))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (":60F:C260101CNY0,00", ":60F:D260101CNY100,00"),
        ("", ""),
        # The second page opens with what the first one has closed with.
        (
            ":61:2601030103D10",
            ":62M:C260102CNY1234,50\n-\n:20:STARTUMS\n:60M:C260102CNY1234,50\n:61:2601030103D10",
        ),
        (":60F:C260101CNY0,00\n", ""),
        (":62F:C260103CNY1224,50\n", ":64:C260103CNY7,00\n"),
    ],
)
def test_balances_of_mt940_that_add_up_are_taken_and_so_are_those_that_are_not_said(
    old: str, new: str
) -> None:
    text = MT940.replace(old, new) if old else MT940
    text = text.replace("1224,50", "1124,50") if "D260101" in text else text
    assert [each.amount_fen for each in lines(text, name="s.sta")] == [123_450, -1_000]


def test_balances_of_camt_are_compared_over_all_the_days_of_a_statement() -> None:
    # 80.50 came in on two days; what is pending is in no balance.
    assert len(lines(balanced("100", "180.50").replace("DBIT", "CRDT"))) == 3
    days = BALANCE.format("CLBD", "30.50", "CRDT", "2026-03-04") + BALANCE.format(
        "OPBD", "30.50", "CRDT", "2026-03-05"
    )
    whole = BALANCE.format("CLBD", "80.50", "CRDT", "2026-03-05") + days
    before = BALANCE.format("PRCD", "0", "CRDT", "2026-03-03")
    first = BALANCE.format("OPBD", "0", "CRDT", "2026-03-04")
    for balances in (
        whole + first,
        before + whole.replace("OPBD", "ITBD"),
        whole.replace("OPBD", ""),
        "",
    ):
        assert len(lines(CAMT.replace("<Stmt>", f"<Stmt>{balances}", 1))) == 3


def test_a_reversal_of_camt_moves_money_as_its_own_side_says() -> None:
    # ISO 20022: CRDT with RvslInd takes back what went out; the balances count it as money that came in.
    back = CAMT.replace(
        "<Sts><Cd>BOOK</Cd></Sts>", "<RvslInd>true</RvslInd><Sts><Cd>BOOK</Cd></Sts>", 1
    )
    assert [each.amount_fen for each in lines(back)] == [3_050, 2_000, 3_000]
    away = back.replace("CRDT", "DBIT", 1)
    assert [each.amount_fen for each in lines(away)] == [-3_050, 2_000, 3_000]


TWO = (
    "<TxDtls><Refs><AcctSvcrRef>X</AcctSvcrRef></Refs><Amt Ccy='CNY'>20</Amt></TxDtls>"
    "<TxDtls><Refs><AcctSvcrRef>{}</AcctSvcrRef></Refs><Amt Ccy='CNY'>30</Amt></TxDtls>"
)
PLAIN_TWO = '<TxDtls><Amt Ccy="CNY">20</Amt></TxDtls><TxDtls><Amt Ccy="CNY">30</Amt></TxDtls>'


@pytest.mark.parametrize(("other", "names"), [("Y", ["X", "Y"]), ("X", ["B.1", "B.2"])])
def test_transactions_that_share_a_number_are_told_apart(other: str, names: list[str]) -> None:
    found = lines(CAMT.replace(PLAIN_TWO, TWO.format(other)), name="s.xml")
    assert [each.reference for each in found] == ["R1", *names]


def test_both_sides_of_a_correction_may_have_one_number() -> None:
    found = lines("日期,收入,支出,流水号\n2026-03-01,5,,A\n2026-03-01,,5,A\n")
    assert [(each.amount_fen, each.reference) for each in found] == [(500, "A"), (-500, "A")]


@pytest.mark.parametrize(
    ("row", "fen"),
    [
        ("2026-03-01,贷,-5.00,人民币元", -500),
        ("2026-03-01,贷,5.00,CNY", 500),
        ("2026-03-01,借,-5.00,", -500),
        ("2026-03-01,借,5.00,156", -500),
        ('20260301235959,贷,"1,000,000.10",RMB', 100_000_010),
        ("2028年2月29日,贷,￥1.0,人民币（本位币）", 100),
    ],
)  # fmt: skip
def test_what_came_in_and_is_taken_back_went_out(row: str, fen: int) -> None:
    (line,) = lines(f"交易日期,借贷标志,金额,币种\n{row}\n")
    assert line.amount_fen == fen
