"""What a cell's text means, and which of it may be repeated to the person who repairs it."""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from models.fields import UNSEEN
from models.files.roll import ExclusionReason, UnreadableCell
from models.values.voting import UnitKind

KINDS: Mapping[str, UnitKind] = {
    **dict.fromkeys(("flat", "apartment", "residential", "dwelling", "house"), "flat"),
    **dict.fromkeys(("住宅", "成套住宅", "非成套住宅", "公寓", "普通住宅", "别墅", "住房"), "flat"),
    **dict.fromkeys(("shop", "commercial", "retail", "office"), "shop"),
    **dict.fromkeys(
        ("商铺", "商业", "商服", "店铺", "门面", "商业服务", "办公", "商用", "网点", "底商"), "shop"
    ),
    **dict.fromkeys(("parking", "garage", "parking space", "car park"), "parking"),
    **dict.fromkeys(
        ("车位", "车库", "停车位", "地下车位", "机动车位", "产权车位", "地上车位"), "parking"
    ),
    **dict.fromkeys(("storage", "store room", "storeroom", "cellar"), "storage"),
    **dict.fromkeys(
        ("储藏室", "储藏间", "地下室", "仓库", "储物间", "杂物间", "仓储", "储藏"), "storage"
    ),
    **dict.fromkeys(("other", "其他", "其它"), "other"),
}
EXCLUSIONS: Mapping[str, ExclusionReason] = {
    **dict.fromkeys(("arrears", "欠费", "拖欠", "拖欠物业费", "拖欠维修资金", "未缴费"), "arrears"),
    **dict.fromkeys(("conflict", "利益冲突", "利害关系", "回避", "关联关系"), "conflict"),
    **dict.fromkeys(("frozen", "冻结", "查封", "司法查封", "司法冻结"), "frozen"),
    **dict.fromkeys(("disputed", "权属争议", "产权争议", "产权纠纷", "争议"), "disputed"),
    **dict.fromkeys(("other", "其他", "其它"), "other"),
}
YES = frozenset(("yes", "y", "true", "1", "是", "√", "✓"))
NO = frozenset(("", "no", "n", "false", "0", "否", "-", "无"))
_HARMLESS = re.compile(
    r"(?=.*[0-9])[-+0-9.,eE /:()%~#&;=×*负地下上层楼栋幢座号室单元户第共约㎡²米平方mMfFbB至到半–—至]{1,24}|"
    r"(负|地下|第)?[一二三四五六七八九十百两〇零]{1,4}(层|楼)?|[夹阁顶底首跃错标架]空?[层楼]|复式|跃层"
)
"""What no name looks like: digits with the signs and units that stand beside them, and words for floors."""
_FLOOR = re.compile(r"第?([+-]?[0-9]{1,3})(?:层|楼|f|/f)?")
_FLOOR_OF = re.compile(r"第?([0-9]{1,3})(?:层|楼|f)?(?:/|\()(?:共|总)?([0-9]{1,3})(?:层|楼|f)?\)?")
_FLOOR_BELOW = re.compile(r"(?:b|负|地下|-)([0-9]{1,2}|[一二三四五六七八九十]{1,3})(?:层|楼|f)?")
_FLOOR_HAN = re.compile(r"第?([一二三四五六七八九十百两]{1,5})(?:层|楼)?")
_HAN_DIGITS = {word: at for at, word in enumerate("一二三四五六七八九", start=1)} | {"两": 2}
_AREA_UNIT = re.compile(r"\s*(?:㎡|m2|m²|平方米|平方|平米|sqm|sq\.?\s?m\.?)$", re.IGNORECASE)
_AREA = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,2})0{0,12})?")
_ERROR = re.compile(
    r"#(REF!|N/A|DIV/0!|VALUE!|NAME\?|NUM!|NULL!|SPILL!|CALC!|GETTING_DATA)|Err:[0-9]{3}"
)
SUSPECT = frozenset("=#E \t")
"""How a text may begin that `cell_fault` has to look at."""


def words(text: str) -> list[str]:
    """A list written as a text, as lists of Chinese words are read most easily."""
    return text.split()


@lru_cache(maxsize=4096)
def normal(cell: str) -> str:
    """A cell without the blanks around it and without full-width digits and marks."""
    text = cell.strip()
    return text if text.isascii() else unicodedata.normalize("NFKC", text).strip()


def cell_fault(text: str) -> UnreadableCell | None:
    """The fault of a cell that holds a formula without a value, or the error of one; else None."""
    text = text.strip()
    if text.startswith("="):
        return UnreadableCell("roll.formula_text", "=…")
    return UnreadableCell("roll.cell_error", text) if _ERROR.fullmatch(text) else None


def harmless(text: str) -> str:
    """The value if it may be shown: only what no name looks like, because a shifted column may hold names."""
    return text if _HARMLESS.fullmatch(text) else "…"


def floor_number(text: str) -> int | None:
    """The floor of a cell that is no plain number: 1层, 2F, B1, 负一层, 三层, and 2/6 as 2 of 6; else None."""
    plain = "".join(text.split()).casefold()
    if plain == "首层":
        return 1
    if match := _FLOOR.fullmatch(plain):
        return int(match[1])
    if match := _FLOOR_OF.fullmatch(plain):
        return int(match[1]) if 0 < int(match[1]) <= int(match[2]) else None
    if match := _FLOOR_BELOW.fullmatch(plain):
        below = int(match[1]) if match[1].isdigit() else han_number(match[1])
        return None if below is None else -below
    match = _FLOOR_HAN.fullmatch(plain)
    return None if match is None else han_number(match[1])


def han_number(text: str) -> int | None:
    """一 to 九十九 and 一百 to 九百九十九 as a number; None for other orders of these signs."""
    match = re.fullmatch(
        r"(?:([一二三四五六七八九两])百零?)?(?:([一二三四五六七八九])?(十))?([一二三四五六七八九])?|两",
        text,
    )
    if match is None or not text:
        return None
    if text == "两":
        return 2
    hundreds, tens, ten, ones = match.groups()
    whole = 100 * _HAN_DIGITS.get(hundreds or "", 0) + _HAN_DIGITS.get(ones or "", 0)
    return whole + (10 * _HAN_DIGITS.get(tens or "", 1) if ten else 0)


def printable(text: str) -> bool:
    """Whether all of a text is seen: fillers of some scripts count as printable and show nothing."""
    if text.isascii():
        return text.isprintable()
    return text.isprintable() and UNSEEN.search(text) is None and "\ufffd" not in text


def area_of(text: str) -> int | None:
    """Square metres with at most two decimals, as whole 0.01 m2; None for any other text."""
    match = _AREA.fullmatch(text)
    return int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")) if match else None


def without_unit(text: str) -> str:
    """An area without the square metres written beside it."""
    return _AREA_UNIT.sub("", text)


def area_fault(text: str) -> str:
    """Which mistake an area that is not one makes; the commonest have sentences of their own."""
    if not text:
        return "roll.area_missing"
    if re.fullmatch(r"-[0-9]+(\.[0-9]+)?", text):
        return "roll.area_not_positive"
    if re.fullmatch(r"[0-9]+\.[0-9]{3,}", text):
        return "roll.area_decimals"
    if re.fullmatch(r"[0-9]*,[0-9.,]*", text):
        return "roll.area_comma"
    return "roll.area_not_a_number"


def yes(text: str) -> bool | None:
    """Yes, no (also an empty cell), or None for anything else."""
    if text in NO:
        return False
    return True if text in YES else None


def exclusion(text: str) -> ExclusionReason | str | None:
    """The reason a cell gives, "" for none, or None for what is no reason known here."""
    return "" if text in NO else EXCLUSIONS.get(text)
