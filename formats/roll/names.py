"""The owners in a cell: what separates them as people write, what is no owner, text around a name.

`;` `；` `、`, a bar and a line break always separate. A comma, a slash, `&`, `和`, `and` and a blank do where
both sides are names; where they may as well belong to one name, the cell is refused, unless the number
of identity numbers says how many owners there are. Nothing else is guessed.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from formats.roll.cells import words
from formats.roll.surnames import COMPOUND, SURNAMES

HAN = r"\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"


@dataclass(frozen=True, slots=True)
class Names:
    """What a cell says: names, or the code of what is wrong with it; `said` is what was interpreted."""

    names: tuple[str, ...] = ()
    fault: str = ""
    value: str = ""
    """What may be shown of the fault: a word known here, or a sign."""
    said: tuple[str, ...] = ()


NOT_OWNERS = frozenset(
    words("""
    同上 同前 同左 同下 上同 同 如上 空 空置 空房 空户 空白 空缺 闲置 未知 不详 不明 不清 不清楚 无 没有 无人 无业主 暂无 暂缺
    暂无业主 待定 待查 待核 待核实 待补 待补充 待确认 待登记 未登记 未办证 未办理 未填 未填写 未录入 未提供 缺 缺失 查无此人
    查无 失联 保密 业主 产权人 户主 房主 权利人 所有人 姓名 业主姓名 全体业主 公共 公用 公摊 共有 公有 共用 租户 承租人 租客 未售
    已售 未出售 待售 未卖 开发商 建设单位 略 见备注 详见备注 见附件 见附表 未交房 未交付 业主未知 业主不详 未入住 无名 无名氏 某
    某某 某人 先生 女士 小姐 夫妇 夫妻 本人 自己 自住 出租 空关 物业 物业用房 配套用房 锟斤拷 ditto none n/a na nil null
    unknown vacant empty tbd tba tbc same sameasabove asabove seeabove seenotes unsold owner owners name notknown
    notavailable pending developer private various
    """)
)
"""What stands in such cells and names nobody; compared without blanks, marks, width and case."""
THE_DEVELOPERS = frozenset(words("开发商 建设单位 未售 未出售 待售 developer unsold"))
"""Of them, what does for a unit that is marked as the developer's: whose it is, is known then."""

_COMPANY = re.compile(
    r"公司|集团|有限|合作社|银行|学校|委员会|居委会|村委会|政府|管理|酒店|商店|商行|基金|协会|中心|事务所|医院|"
    r"\b(ltd|limited|llc|inc|gmbh|corp|corporation|co|company|plc|trust|bank|university|pty|association|"
    r"society|fund|holdings?|partners(hip)?|church|council|sons|s\.?a|b\.?v|ag|kg|llp|lp|sarl|srl|s\.?p\.?a)\b\.?",
    re.IGNORECASE,
)
_PLAIN = re.compile(rf"[{HAN}]{{2,4}}(?:[0-9]{{1,6}}[甲乙丙丁戊己]?)?")
_PLAIN_LATIN = re.compile(r"[A-Za-z][A-Za-z0-9]*(?: [A-Za-z][A-Za-z0-9]*)*")
_WIDE = re.compile("[\uff01-\uff5e]")
_NARROW = {at: at - 0xFEE0 for at in range(0xFF01, 0xFF5F)}
_NO_LETTER = re.compile(r"[^\w/]|_")
_STRONG = re.compile(r"[;；、|｜\n\r\u2028]+")
_ONE_STRONG = re.compile(r"[;；、|｜\n]")
_EMPTY_BETWEEN = re.compile(r"[;；、|｜]\s*[;；、|｜]|^\s*[;；、|｜]|[;；、|｜]\s*$")
_COMMA = re.compile(r"\s*[,，﹐､]\s*")
_SLASH = re.compile(r"\s*[/／\\＼]\s*")
_AMPERSAND = re.compile(r"\s*[&＆+＋]\s*")
_AND = re.compile(r"\s+and\s+|\s+和\s+|\s+与\s+", re.IGNORECASE)
_AND_HAN = re.compile(rf"(?<=[{HAN}])(?:以及|和|与|及|跟|暨)(?=[{HAN}])")
_HAN = re.compile(rf"[{HAN}]")
_ALL_HAN = re.compile(rf"[{HAN}·•・]+")
_BRACKETED = re.compile(
    r"^[(\[{【〔<]([^()\[\]{}]*)[)\]}】〕>]|[(\[{【〔<]([^()\[\]{}]*)[)\]}】〕>]$"
)
_INVENTED = re.compile(
    r"\((虚构|合成|示例|演示|测试|模拟|虚拟|synthetic|invented|demo|test)[^()]{0,12}\)$",
    re.IGNORECASE,
)
_BRACKET = re.compile(r"[()\[\]{}【】〔〕<>]")
_LABEL = re.compile(
    r"^(业主|产权人|户主|房主|权利人|所有权人|所有人|共有人|共有权人|姓名|业主姓名|owner|co-owner|name)\s*[:：]\s*",
    re.IGNORECASE,
)
_ENUMERATED = re.compile(
    r"(?:(?<=^)|(?<=[\s;；,，、]))(?:\(?[0-9]{1,2}[.、)）]|[①-⑳])\s*(?=[^0-9\s])"
)
_SHARE = re.compile(
    r"[(（]?\s*(?:占|份额|各占|各|share)?\s*[:：]?\s*(?:[0-9]{1,3}(?:\.[0-9]+)?\s*[%％]|[0-9]{1,3}\s*/\s*[0-9]{1,4})\s*[)）]?"
)
_SHARE_BETWEEN = re.compile(rf"({_SHARE.pattern})(?=[{HAN}])")
_OR_HAN = re.compile(rf"(?<=[{HAN}]{{2}})或者?(?=[{HAN}]{{2}})")
_CHANGED = re.compile(r"^原.{2,}[现转]|过户|转让给|转给|已售|已卖")
"""An owner of before and one of now, in one cell."""
_PEOPLE = re.compile(r"[0-9一二三四五六七八九十两]+[人户位名]")
"""How many, in the place of who."""
_TITLE = re.compile(r"\s*(先生|女士|小姐|太太)$|^(mrs?|ms|miss|dr)\.?\s+", re.IGNORECASE)
_OTHERS = re.compile(
    r"(等|等等|等[0-9一二两三四五六七八九十]+[人户位]|夫妇|夫妻|家属|遗孀|父子|父女|母子|母女|兄弟|姐妹|一家|全家|"
    r"之[妻夫子女父母]|的?(妻子|丈夫|儿子|女儿|父亲|母亲|继承人)|et al\.?|and others|family|heirs)$|"
    r"^(estate of|heirs of|c/o)\b|\bc/o\b",
    re.IGNORECASE,
)
_MASKED = re.compile(r"[*＊×□■]|[xX]{2,}|^.{1,2}某{1,3}$|^某{1,3}.?$|[○〇]{2,}|\?\?|？|\ufffd")
_LOOSE_END = re.compile(r"^[,，﹐､/／&＆+＋]|[,，﹐､/／\\\\&＆+＋]$")
_QUOTED = re.compile(r"^[“”\"「『《']+|[“”\"」』》']+$")
_SIGN = re.compile(
    rf"(?<=[{HAN}])\s*([^\w\s·•・‧∙･⋅●▪˙.．&,，()（）\[\]/])\s*(?=[{HAN}])|\s([-–—:：~])\s"
)
"""A sign within a name that is no dot of a transcribed one: it may separate two owners."""
_POINT = re.compile(rf"(?<=[{HAN}])\s*[.．。]\s*(?=[{HAN}])")
_LONG_NUMBER = re.compile(r"[0-9]{7,}")
_HARMLESS_NOTES = frozenset(
    words("""
    户主 业主 产权人 权利人 所有权人 所有人 共有人 共有权人 共有 共同共有 按份共有 单独所有 夫 妻 夫妻 男 女 本人 主 丈夫 妻子 配偶 父
    母 子 女儿 儿子 父亲 母亲 自住 出租 已交房 owner co-owner joint husband wife male female mr mrs ms
    """)
)
"""What may stand in brackets beside a name and does not change whose the unit is."""
BLANK = "空格 (blank)"
"""How a blank is called where a sign is named."""
_FAST_ENDS = frozenset(
    "士生姐太妇妻属等某上前置知详明定无人方售共主商房女子弟妹家有查核补缺卖亲户位名"
)
"""How a short text may end, or begin, that has to be looked at more closely."""


def read_names(text: str, numbers: int = 0) -> Names:
    """The owners named in a cell that is not empty; `numbers` is how many identity numbers it comes with.

    The names are as the cell spells them, without what stands around them.
    """
    if _is_plain(text):
        return Names((text,))
    parts = _ONE_STRONG.split(text)
    if len(parts) > 1 and all(map(_is_plain, parts)):
        return Names(tuple(parts))
    return _read(text, numbers)


def _is_plain(text: str) -> bool:
    """The usual cell: one short name in which nothing can be meant otherwise."""
    if _PLAIN.fullmatch(text):
        usual = text[-1] not in _FAST_ENDS and text[0] not in "某同原" and text not in NOT_OWNERS
        return usual and "〇〇" not in text and "或" not in text
    latin = _PLAIN_LATIN.fullmatch(text) is not None and len(text) < 40  # noqa: PLR2004
    return latin and bare(text) not in NOT_OWNERS and not _looks_latin(text)


def _looks_latin(text: str) -> bool:
    return any(found.search(text) for found in (_AND, _TITLE, _OTHERS, _MASKED, _LONG_NUMBER))


def _read(text: str, numbers: int) -> Names:
    said: set[str] = set()
    if bare(text) in NOT_OWNERS or not any(map(str.isalpha, text)):
        return _nobody(text)
    clean = _without(text, _ENUMERATED, "around", said)
    if not _company(clean):
        # 张三50%李四50%: what stands between two names separates them.
        clean = _SHARE_BETWEEN.sub(r"\1、", clean)
        clean = _without(clean, _SHARE, "around", said)
    pieces = [piece.strip() for piece in _STRONG.split(clean) if piece.strip()]
    if _EMPTY_BETWEEN.search(clean) or any(map(_LOOSE_END.search, pieces)):
        return Names(fault="roll.owner_missing")
    split, kept, doubt = _separated(pieces, said)
    if doubt:
        fit = [names for names in (split, kept) if numbers and len(names) == numbers]
        if len(fit) != 1:
            return Names(fault="roll.owner_separator", value=doubt)
        said.update((f"by_numbers {doubt}",))
        split = fit[0]
    names: list[str] = []
    for each in split:
        name, fault = _one(each, said)
        if fault is not None:
            return fault
        names.append(name)
    return Names(tuple(names), said=tuple(sorted(said)))


_STEPS = (
    (_COMMA, "，"),
    (_SLASH, "/"),
    (_AMPERSAND, "&"),
    (_AND, "and"),
    (_AND_HAN, "和"),
)


def _separated(pieces: Sequence[str], said: set[str]) -> tuple[list[str], list[str], str]:
    """The pieces split at every weaker sign, as they would stay where a sign is in doubt, and that sign."""
    split: list[str] = []
    kept: list[str] = []
    doubt = ""
    for piece in pieces:
        parts, sign, doubtful = _weak(piece, said)
        split += parts
        kept += [piece] if doubtful else parts
        doubt = doubt or (sign if doubtful else "")
    return split, kept, doubt


def _weak(piece: str, said: set[str]) -> tuple[list[str], str, bool]:
    """One piece at its commas, slashes and the like: (parts, sign, whether that is in doubt)."""
    for pattern, sign in _STEPS:
        parts = [part for part in pattern.split(piece) if part]
        if len(parts) < 2 or not _separates(sign, piece, parts):  # noqa: PLR2004
            continue
        if _in_doubt(sign, parts):
            return parts, sign, True
        said.update((f"separator {sign}",))
        found = [_weak(part, said) for part in parts]
        doubtful = next((each for each in found if each[2]), None)
        return (
            [part for each in found for part in each[0]],
            doubtful[1] if doubtful else sign,
            doubtful is not None,
        )
    return _at_blanks(piece, said)


def _separates(sign: str, piece: str, parts: Sequence[str]) -> bool:
    """Whether the sign can separate owners here at all."""
    if sign == "，":
        # Shandong Example Co., Ltd.
        return not (_company(parts[-1]) and not _HAN.search(piece))
    if sign == "和":
        # 张和平 is one name: both sides have to be long enough for one.
        return not _company(piece) and all(_is_short_han(_bare_name(part)) for part in parts)
    return not (sign in {"&", "and"} and _company(piece))


def _stray(name: str) -> str:
    """A sign within a name that may separate two owners: no separator, and no dot of one name."""
    if _OR_HAN.search(name):
        return "或"
    if match := _SIGN.search(name):
        return match[1] or match[2]
    parts = _POINT.split(name)
    # 买买提.阿卜杜拉 is one transcribed name; 张三.李四 may be two.
    if len(parts) > 1 and ("。" in name or all(map(_like_a_name, parts))):
        return "."
    return ""


def _like_a_name(text: str) -> bool:
    return _is_short_han(text) and _has_surname(text)


def _in_doubt(sign: str, parts: Sequence[str]) -> bool:
    """Whether the sign may as well stand within one name."""
    if sign == "，" and not any(_HAN.search(part) for part in parts):
        # “Lee, Ann” is one owner, “Ann Lee, Bob Ray” are two.
        return any(" " not in part and not _company(part) for part in parts)
    if sign == "和":
        return not all(_has_surname(part) for part in parts)
    return any(_letters(part) < 2 for part in parts)  # noqa: PLR2004


def _at_blanks(piece: str, said: set[str]) -> tuple[list[str], str, bool]:
    """A piece at its blanks, where Chinese names stand on both sides of them."""
    tokens = _bare_name(piece).split()
    if len(tokens) < 2 or not _HAN.search(piece) or _company(piece):  # noqa: PLR2004
        return [piece], "", False
    if not all(map(_ALL_HAN.fullmatch, tokens)):
        return tokens, BLANK, True
    sizes = [len(token) for token in tokens]
    gap = 1 in sizes and sum(sizes) <= 4 and (max(sizes) < 3 or len(tokens) == 2)  # noqa: PLR2004
    if gap:
        return [piece], "", False
    compound = len(tokens) == 2 and tokens[0] in COMPOUND  # noqa: PLR2004
    if compound or not all(_is_short_han(token) and _has_surname(token) for token in tokens):
        return tokens, BLANK, True
    said.update((f"separator {BLANK}",))
    return tokens, BLANK, False


def _one(text: str, said: set[str]) -> tuple[str, Names | None]:
    """One name without what stands around it, or what is wrong."""
    name = " ".join(text.split())
    if not name:
        return "", Names(fault="roll.owner_missing")
    # The number of an invented person belongs to the name, as nothing else tells them apart.
    company = _company(name) or _INVENTED.search(_folded(name)) is not None
    bare_name = _without(_without(name, _LABEL, "around", said), _QUOTED, "around", said)
    while not company and (match := _BRACKETED.search(_folded(bare_name))):
        note = (match[1] if match[1] is not None else match[2]).strip()
        rest = bare_name[match.end() :] if match.start() == 0 else bare_name[: match.start()]
        if bare(bare_name) in NOT_OWNERS or (not rest.strip() and bare(note) in NOT_OWNERS):
            return "", _nobody(bare_name)
        if note and note.casefold() not in _HARMLESS_NOTES:
            return "", Names(fault="roll.owner_text")
        said.update(("around",))
        bare_name = rest.strip()
    if not company and _BRACKET.search(_folded(bare_name)):
        return "", Names(fault="roll.owner_text")
    if not company and (match := _TITLE.search(bare_name)) and _letters(bare_name) > 1:
        rest = (bare_name[: match.start()] + bare_name[match.end() :]).strip()
        if _letters(rest) < 2 and _HAN.search(rest or "一"):  # noqa: PLR2004
            return "", Names(fault="roll.owner_masked")
        said.update(("around",))
        bare_name = rest
    return bare_name, _fault_of(bare_name, company=company)


def _fault_of(name: str, *, company: bool) -> Names | None:
    if bare(name) in NOT_OWNERS or not any(map(str.isalpha, name)) or _PEOPLE.fullmatch(name):
        return _nobody(name)
    if _MASKED.search(name) and not (company and not re.search(r"[*＊□■\ufffd]", name)):
        return Names(fault="roll.owner_masked")
    if not company and (code := _of_others(name)):
        return Names(fault=code)
    if _LONG_NUMBER.search(_folded(name)):
        return Names(fault="roll.owner_number")
    if sign := _stray(name):
        return Names(fault="roll.owner_separator", value=sign)
    return None


def _of_others(name: str) -> str:
    """The code of words in a name that tell of an owner before, or of more owners than are named."""
    if _CHANGED.search(name):
        return "roll.owner_text"
    return "roll.owner_others" if _OTHERS.search(name) and _letters(name) > 2 else ""  # noqa: PLR2004


def _nobody(text: str) -> Names:
    shown = " ".join(text.split())
    return Names(fault="roll.owner_nobody", value=shown[:16])


def _without(text: str, pattern: re.Pattern[str], what: str, said: set[str]) -> str:
    clean = pattern.sub("", text)
    if clean == text or not any(map(str.isalpha, clean)):
        return text
    said.update((what,))
    return clean.strip()


def _bare_name(text: str) -> str:
    return _TITLE.sub("", _folded(text)).strip()


def _folded(text: str) -> str:
    """Full-width brackets and digits as the usual ones, letter by letter: the places stay."""
    return text.translate(_NARROW) if _WIDE.search(text) else text


def _company(text: str) -> bool:
    return _COMPANY.search(text) is not None


def _letters(text: str) -> int:
    return sum(map(str.isalpha, text))


def _is_short_han(text: str) -> bool:
    return 2 <= len(text) <= 4 and _ALL_HAN.fullmatch(text) is not None  # noqa: PLR2004


def _has_surname(text: str) -> bool:
    return text[:2] in COMPOUND or text[:1] in SURNAMES


def bare(text: str) -> str:
    """A cell without blanks, brackets, marks, width and case, for comparing with what names nobody."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return _NO_LETTER.sub("", plain.casefold()).strip("/")
