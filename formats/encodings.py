"""Whether bytes that are no UTF-8 are everyday Chinese in GB18030, and what they may be else.

Evidence is what other encodings do not give when they are read as GB18030: two-byte characters of GB 2312
level 1 (the 3,755 common ones, ordered by sound), at least half of them everyday ones, spread over its whole
range, not glued to Latin letters. Windows-1252 and 1250 have single letters above 127 among Latin ones; Big5 and
EUC-KR put their common characters into the first half of the range; Cyrillic, Greek and Thai into a part of
the bytes only; EUC-JP has the range and other characters.
"""

import re
from collections import Counter

LEVEL_1 = range(0xB0, 0xD8)
"""First bytes of the common characters of GB 2312."""
SIGNS = range(0xA1, 0xA4)
"""First bytes of its punctuation, numbers and full-width letters."""
GOOD = frozenset((*LEVEL_1, *SIGNS))
SHORT = 200
"""Different characters up to which a file is short: names of a long one have all of them."""
SECOND = range(0xA1, 0xFF)
LATE = range(0xC9, 0xD8)
"""First bytes of common characters that Big5 and EUC-KR hardly use."""
LOW = range(0xA1, 0xC0)
"""Bytes that Cyrillic and Greek letters do not have."""
LAST_CONSONANT = 0xDA
"""Of Thai in its encodings; of six Chinese characters one has a byte beyond it, in 19 cases of 20."""
FEWEST = 6
"""Different common characters that a file must have, to be taken for Chinese."""
COMMON_PERCENT = 70
"""Of the characters beyond ASCII that have to be common, or signs; names have rare ones."""
LATE_PERCENT = 10
LOW_PERCENT = 10
GLUED_PERCENT = 50
SAMPLE = 1 << 20
"""Bytes that are looked at: the evidence of a long file is in its beginning."""
BIG5_COMMON = range(0xA4, 0xC7)

EVERYDAY = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经十三之进着等部"
    "度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正"
    "心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长"
    "求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取据处队南给色光门即保治北造百规热领七海口东导器"
    "压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风切打白教速花带安场身车例真务具万每目至达走积示议声报斗完类八离华名确才科张信"
    "马节话米整空元况今集温传土许步群广石记需段研界拉林律叫且究观越织装影算低持音众书布复容儿须际商非验连断深难近矿千周委素技备半办青省列习响约支"
    "般史感劳便团往历市克何除消构府称太准精值号率族维划选标写存候毛亲快效斯院查江型眼王按格养易置派层片始却专状育厂京识适属圆包火住调满县局照参红"
    "细引听该铁价严李刘陈杨黄赵吴徐孙胡朱郭罗梁宋郑谢韩唐冯董萧曹袁邓傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田姜范姚谭廖邹熊陆郝孔崔康邱秦顾"
    "侯邵孟龙贺尹钱施洪翟倪樊伟芳娜敏静丽磊洋勇艳杰娟涛超秀霞刚桂英鑫琪婷瑶玲雪梅兰萍云辉飞鹏宇浩轩俊峰波斌宁健欣怡佳琳雨晨睿嘉博涵梓凯毅恒哲翔旭"
    "燕莉娥菊香珍荣庆德福贵祥瑞昌盛春秋冬莲凤琴淑慧玉洁萌倩颖雯蕾露丹莎薇亮功良善忠仁甲乙丙戊庚辛房楼栋途姓宅铺储藏份注室幢座额未售付厦街居梯墙屋"
    "顶灯箱绿停防漏"
)
"""The most frequent characters of texts, names and headings: two of three in any Chinese file; of other kanji or of
letters read as GB18030, hardly one of three."""
EVERYDAY_PERCENT = 50

_BEYOND = re.compile(rb"[\x80-\xff][\x40-\x7e\x80-\xff]|[\x80-\xff]")
_GLUED = re.compile(
    rb"[A-Za-z][\x80-\xff]{1,2}(?![\x80-\xff])|(?<![\x80-\xff])[\x80-\xff]{1,2}[a-z]"
)
_RUN = re.compile(rb"[\x80-\xff]+")
_WORDS = tuple(
    word.encode("gb18030")
    for word in ("房号", "业主", "单元", "楼层", "建筑面积", "住宅", "产权人", "姓名", "权利人")
)
"""Headings of a roll: three of them are evidence enough."""


def is_everyday_chinese(text: str, body: bytes) -> bool:
    """Whether a file that decodes as GB18030 was meant as that; `text` is what it decodes to."""
    sample = (
        body[: SAMPLE + body[SAMPLE : SAMPLE + 4096].find(b"\n")] if len(body) > SAMPLE else body
    )
    if sum(word in sample for word in _WORDS) >= 3:  # noqa: PLR2004
        return _share(_counts(text[:SAMPLE])) >= COMMON_PERCENT
    counts = _counts(text[:SAMPLE])
    common = {each for each in counts if _first(each) in LEVEL_1}
    late = sum(_first(each) in LATE for each in common)
    high = [each for each in sample if each > 0x7F]  # noqa: PLR2004
    low = sum(each in LOW for each in high)
    glued, runs = len(_GLUED.findall(sample)), len(_RUN.findall(sample))
    return (
        len(common) >= FEWEST
        and max(high) > LAST_CONSONANT
        and _everyday(counts, common)
        and _share(counts) >= COMMON_PERCENT
        and late * 100 >= LATE_PERCENT * len(common)
        and low * 100 >= LOW_PERCENT * len(high)
        and glued * 100 <= GLUED_PERCENT * runs
    )


def _everyday(counts: dict[str, int], common: set[str]) -> bool:
    """Whether half of the common characters are everyday ones: of all, and of a short file also of the different ones."""
    of_all = sum(counts[each] for each in common)
    of_different = len(common & EVERYDAY) * 100 >= EVERYDAY_PERCENT * len(common)
    everyday = sum(counts[each] for each in common & EVERYDAY)
    return everyday * 100 >= EVERYDAY_PERCENT * of_all and (of_different or len(common) > SHORT)


def _counts(text: str) -> dict[str, int]:
    """How often each character beyond ASCII is there."""
    return Counter(each for each in text if each > "\x7f")


def _share(counts: dict[str, int]) -> int:
    """Percent of them that are common characters or signs."""
    good = sum(count for each, count in counts.items() if _first(each) in GOOD)
    return good * 100 // max(sum(counts.values()), 1)


def _first(letter: str) -> int:
    """The first byte of a character of GB 2312; 0 for any other."""
    if letter <= "\x7f":
        return 0
    raw = letter.encode("gb18030")
    return raw[0] if len(raw) == 2 and raw[1] in SECOND else 0  # noqa: PLR2004


def is_utf_16(data: bytes) -> bool:
    """UTF-16 without its mark: every second byte of its ASCII letters is NUL."""
    head = data[: 4096 - 4096 % 2]
    even, odd = head[::2].count(0), head[1::2].count(0)
    most, least = max(even, odd), min(even, odd)
    return least == 0 and most > 2 and most * 12 >= len(head)  # noqa: PLR2004


def guessed(body: bytes) -> str:
    """What the bytes are most likely, for the message; "" where nothing speaks for one."""
    sample = body[:SAMPLE]
    glued, runs = len(_GLUED.findall(sample)), len(_RUN.findall(sample))
    if glued * 2 > runs:
        return "Windows-1252 / 1250"
    pairs = [each for each in _BEYOND.findall(sample) if len(each) == 2]  # noqa: PLR2004
    common = sum(pair[0] in BIG5_COMMON for pair in pairs)
    if len(pairs) >= FEWEST and common * 10 >= len(pairs) * 9 and _decodes(sample, "big5"):
        return "Big5"
    return ""


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.rpartition(b"\n")[0].decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def unlikely_line(body: bytes) -> tuple[int, bytes]:
    """The first line with bytes beyond ASCII of which none is a common Chinese character; else the first such line."""
    first: tuple[int, bytes] | None = None
    for number, line in enumerate(body.split(b"\n"), start=1):
        if line.isascii():
            continue
        first = first or (number, line)
        if not any(_first(each) in LEVEL_1 for each in line.decode("gb18030", "ignore")):
            return number, line
    return first or (1, body[:1])
