"""What a cell's text means, and which of it may be repeated to the person who repairs it."""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from models.files.roll import ExclusionReason, UnreadableCell
from models.values.voting import UnitKind

KINDS: Mapping[str, UnitKind] = {
    **dict.fromkeys(("flat", "apartment", "residential", "dwelling", "house"), "flat"),
    **dict.fromkeys(("住宅", "成套住宅", "非成套住宅", "公寓", "普通住宅", "别墅", "住房"), "flat"),
    **dict.fromkeys(("shop", "commercial", "retail", "office"), "shop"),
    **dict.fromkeys(
        ("商铺", "商业", "商服", "店铺", "门面", "商业服务", "办公", "商用", "网点"), "shop"
    ),
    **dict.fromkeys(("parking", "garage", "parking space", "car park"), "parking"),
    **dict.fromkeys(("车位", "车库", "停车位", "地下车位", "机动车位", "产权车位"), "parking"),
    **dict.fromkeys(("storage", "store room", "storeroom", "cellar"), "storage"),
    **dict.fromkeys(("储藏室", "储藏间", "地下室", "仓库", "储物间", "杂物间", "仓储"), "storage"),
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
TOTALS = frozenset(("合计", "总计", "小计", "共计", "total", "totals", "sum", "grand total"))
"""What the first cell of a row of sums says; such a row is no unit."""

_HARMLESS = re.compile(r"[-+0-9.,eE /:]{1,24}")
_ERROR = re.compile(
    r"#(REF!|N/A|DIV/0!|VALUE!|NAME\?|NUM!|NULL!|SPILL!|CALC!|GETTING_DATA)|Err:[0-9]{3}"
)
SUSPECT = frozenset("=#E \t")
"""How a text may begin that `cell_fault` has to look at."""


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
    """The value if it may be shown: only numbers may, because a shifted column may hold names."""
    return text if _HARMLESS.fullmatch(text) else "…"


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
