"""What is no UTF-8 is only read as Chinese where it is; other encodings are refused by name or as unsure."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formats.file_text import read_text
from models.values.refusal import Refused
from tests.support.slow import examples

EVERYDAY_NAMES = ("王建国", "李秀英", "张伟", "刘芳", "陈志强", "杨丽华", "赵敏", "黄海燕")
"""No roll has one rare name and nothing else."""
few = settings(max_examples=examples(60), deadline=None)
BIG5 = [
    bytes([first, second]).decode("big5")
    for first in range(0xA4, 0xC6)
    for second in (*range(0x40, 0x7F), *range(0xA1, 0xFF))
]
HANGUL = [bytes([a, b]).decode("euc_kr") for a in range(0xB0, 0xC9) for b in range(0xA1, 0xFF)]
LATIN = "abcdefghijklmnopqrstuvwxyz"
FRENCH = "éèêëàâùûôîïçñãõåø"
POLISH = "ąćęłńóśźż"
CYRILLIC = "абвгдежзийклмнопрстуфхцчшщыьэюя"
CHINESE = "张王李赵刘陈杨黄周吴徐孙胡朱高林何郭马罗伟芳敏静丽强磊军勇艳明秀平刚桂英鑫琪婷晗喆镕堃"
HEADINGS = "房号,楼栋,单元,楼层,面积,用途,业主\n"


def code(data: bytes) -> str:
    with pytest.raises(Refused) as refusal:
        read_text(data, "x")
    return refusal.value.problems[0].code


def rows(names: list[str]) -> str:
    return "number,owners\n" + "".join(f"{at},{name}\n" for at, name in enumerate(names))


def names_of(letters: str | list[str], least: int = 2) -> st.SearchStrategy[list[str]]:
    name = st.lists(st.sampled_from(letters), min_size=least, max_size=8).map("".join)
    return st.lists(name, min_size=1, max_size=8)


REFUSED = ("encoding_unknown", "encoding_unsure", "not_text", "mixed_encodings")
FOREIGN = [
    ("big5", names_of(BIG5)),
    ("euc_kr", names_of(HANGUL)),
    ("cp1252", names_of(LATIN + FRENCH * 2)),
    ("cp1252", names_of((LATIN + FRENCH * 2).upper())),
    ("cp1250", names_of(LATIN + POLISH * 2)),
    ("cp1250", names_of((LATIN + POLISH * 2).upper())),
    ("cp1251", names_of(CYRILLIC)),
    ("cp1251", names_of(CYRILLIC.upper())),
    ("cp1253", names_of("ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ")),
    ("cp1255", names_of("אבגדהוזחטיכלמנסעפצקרשת")),
    ("cp874", names_of("กขคงจฉชซญณดตถทธนบปผฝพฟมยรลวศสหอ")),
]


@pytest.mark.parametrize(("encoding", "names"), FOREIGN)
def test_another_encoding_is_never_read_as_chinese(encoding, names) -> None:
    @few
    @given(names)
    def run(found: list[str]) -> None:
        data = rows(found).encode(encoding)
        # One or two letters may be UTF-8 as well; what is, is read as that.
        if data.decode("utf-8", "replace").count("\ufffd"):
            assert code(data).removeprefix("file.") in REFUSED

    run()


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("番号,所有者\n1,山田太郎\n2,鈴木一郎\n", "euc_jp"),
        ("番号,所有者\n1,山田太郎\n2,鈴木一郎\n", "shift_jis"),
        ("戶號,樓棟,單元,樓層,面積,用途,業主\n1,1,1,1,50,住宅,陳大文\n", "big5"),
        ("owners\nżółć\nżół\n", "cp1250"),
        ("OWNERS\nCONCEIÇÃO\nAÇÃO\n", "cp1252"),
        ("НОМЕРА,ИВАНОВ\nПЕТРОВ,СИДОРОВА\n", "cp1251"),
    ],
)
def test_what_would_give_common_characters_by_luck_is_refused(text, encoding) -> None:
    assert code(text.encode(encoding)).startswith("file.")


@few
@given(names_of(CHINESE))
def test_a_chinese_roll_in_gb18030_is_read(names) -> None:
    text = HEADINGS + rows([*EVERYDAY_NAMES, *names])
    assert read_text(text.encode("gb18030"), "x") == text


def test_everyday_text_in_gb18030_is_read_without_headings_of_a_roll() -> None:
    text = "楼道灯和车棚怎么改，大家先看看这几项，再说哪一项最要紧。"
    assert read_text(text.encode("gb18030"), "x") == text


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_named_with_its_mark_and_without(encoding) -> None:
    assert code((HEADINGS + rows(["张三", "李四"])).encode(encoding)) == "file.utf_16"


@pytest.mark.parametrize(
    ("text", "encoding", "guess"),
    [
        ("number,owners\n1,François Müller\n2,Zoë Brontë\n", "cp1252", "Windows-1252 / 1250"),
        ("戶號,樓棟,單元,樓層,面積,用途,業主\n1,1,1,1,50,住宅,陳大文\n", "big5", "Big5"),
    ],
)
def test_what_it_is_most_likely_is_said_with_its_place(text, encoding, guess) -> None:
    with pytest.raises(Refused) as refusal:
        read_text(text.encode(encoding), "x")
    (only,) = refusal.value.problems
    assert only.params["guess"] == guess
    assert only.where == f"x line {only.params['line']}, byte {only.params['byte']}"
