"""The headings a roll may have, and finding the row that holds them.

Committees write their own: a title above, a second row of headings, units in brackets, columns of
no use here. What is known is taken, what is known to be of no use is skipped, all else is refused.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "number": (
        *("number", "unit", "unit number", "unit no", "unit id", "property no"),
        *("房屋编号", "房屋编码", "房屋代码", "户号", "单元号码", "房屋号", "房号"),
    ),
    "room": ("room", "room no", "flat no", "室号", "室", "房间号", "房间", "门牌室号"),
    "building": (
        *("building", "block", "tower", "building no", "block no", "building number"),
        *(
            "楼栋",
            "楼栋号",
            "楼幢",
            "楼幢号",
            "幢",
            "幢号",
            "栋",
            "栋号",
            "楼",
            "楼宇",
            "座",
            "楼座",
        ),
        *("自然幢号", "楼号"),
    ),
    "entrance": (
        *("entrance", "stair", "staircase", "stairwell", "entrance no", "section"),
        *("单元号", "门栋", "门洞", "梯号", "梯", "门", "单元"),
    ),
    "floor": (
        *("floor", "storey", "story", "level", "floor no"),
        *("楼层号", "所在层", "所在楼层", "层", "层数", "层号", "实际层", "楼层"),
    ),
    "area_m2": (
        *("area_m2", "area", "floor area", "gross area", "registered area", "area sqm", "sqm"),
        *("面积", "产权面积", "房屋面积", "登记面积", "专有部分面积", "专有面积", "房产面积"),
        *("不动产面积", "产证面积", "证载面积", "住房面积", "建筑总面积", "建筑面积"),
    ),
    "kind": (
        *("kind", "type", "use", "unit type", "property type", "usage"),
        *("房屋用途", "规划用途", "房屋类别", "类别", "设计用途", "使用用途", "用途"),
    ),
    "owners": (
        *("owners", "owner", "owner name", "owner names", "registered owner", "registered owners"),
        *("业主", "产权人", "产权人姓名", "所有权人", "房屋所有权人", "权利人", "不动产权利人"),
        *("产权所有人", "房主", "户主", "购房人", "买受人", "姓名", "业主名称", "业主姓名"),
    ),
    "co_owners": (
        *("co-owners", "co-owner", "joint owners", "joint owner"),
        *("其他共有人", "共有产权人", "共同所有人", "共有权人", "共有人姓名", "共有人"),
    ),
    "owner_ids": (
        *("owner_ids", "owner id", "id number", "id numbers", "id no", "identity number"),
        *("证件号", "身份证号", "身份证号码", "身份证", "业主证件号", "业主证件号码"),
        *(
            "产权人证件号",
            "产权人证件号码",
            "有效证件号码",
            "证件编号",
            "统一社会信用代码",
            "证件号码",
        ),
    ),
    "co_owner_ids": (
        "co-owner ids",
        "co-owner id",
        "共有人证件号",
        "共有人身份证号",
        "共有人证件号码",
    ),
    "shares": (
        *("shares", "share", "share value", "unit entitlement", "tantiemes", "undivided shares"),
        *("份数", "份额数", "不可分割份数", "份额"),
    ),
    "developer": (
        *("developer", "developer's", "unsold", "is developer"),
        *("是否开发商", "开发商持有", "建设单位", "开发建设单位", "未售", "是否未售", "开发商"),
    ),
    "undelivered": (
        *("undelivered", "not handed over", "sold not handed over"),
        *("已售未交付", "是否未交付", "未交房", "未交付"),
    ),
    "holding": ("holding", "tenure", "共有方式", "所有权形式", "共有情况"),
    "excluded": (
        *("excluded", "exclusion", "excluded reason", "exclusion reason", "reason excluded"),
        *("不参与表决", "不计票原因", "冻结", "冻结原因", "排除原因", "表决权限制"),
        *("不参加表决原因", "不参与表决原因"),
    ),
}
"""Every column and the headings it may have; the first and the last are shown in messages."""

SECOND: Mapping[str, tuple[str, ...]] = {
    "number": (
        *("address", "房屋坐落", "坐落", "房屋地址", "地址", "详细地址", "房产地址", "房屋位置"),
        "房地坐落",
    ),
    "floor": ("名义层", "名义楼层", "标示层", "自然层"),
    "area_m2": ("专有建筑面积", "专有部分建筑面积", "测绘面积", "预测建筑面积", "实测建筑面积"),
    "kind": ("房屋类型", "类型", "房屋性质", "性质"),
}
"""Headings that stand for a field where no other column does, the best first; skipped where one does."""
IGNORED = (
    *("no", "serial", "serial no", "phone", "telephone", "mobile", "email", "note", "notes"),
    *("remark", "remarks", "signature", "inner area", "shared area", "representative", "gender"),
    *(
        "序号",
        "编号",
        "序",
        "联系电话",
        "电话",
        "电话号码",
        "手机",
        "手机号",
        "手机号码",
        "联系方式",
    ),
    *("备注", "说明", "签名", "签字", "业主签名", "签收", "领取人", "紧急联系人", "联系人"),
    *("套内面积", "套内建筑面积", "公摊面积", "分摊面积", "分摊建筑面积", "共有分摊面积"),
    *("产权证号", "不动产权证号", "不动产权证书号", "房产证号", "房屋所有权证号", "权证号"),
    *("不动产单元号", "不动产单元代码", "宗地代码", "宗地号", "丘号", "图号", "业务号", "受理号"),
    *(
        "证件类型",
        "证件种类",
        "证件名称",
        "权利人类型",
        "权利类型",
        "权利性质",
        "土地性质",
        "共有情况备注",
    ),
    *(
        "性别",
        "国籍",
        "民族",
        "年龄",
        "出生日期",
        "籍贯",
        "户籍",
        "工作单位",
        "职业",
        "人口数",
        "家庭人口",
    ),
    *("总层数", "总楼层", "地上层数", "地下层数", "房屋结构", "建成年份", "竣工时间", "竣工日期"),
    *("登记日期", "登记时间", "发证日期", "交付日期", "交房日期", "入住时间", "附记", "使用期限"),
    *("土地使用期限", "分摊土地面积", "土地使用权面积", "土地面积", "独用土地面积", "取得价格"),
    *("是否抵押", "抵押情况", "抵押状态", "查封情况", "限制情况", "房屋状态", "登记状态", "状态"),
    *(
        "小区",
        "小区名称",
        "项目名称",
        "楼盘名称",
        "行政区划",
        "社区",
        "网格",
        "街道",
        "区县",
        "estate",
    ),
    *("物业费", "邮箱", "微信", "通讯地址", "联系地址", "邮编", "户型", "朝向", "车牌号"),
    *("共有人代表", "业主代表", "代表人", "代理人", "产权份额", "共有份额", "权利份额", "居住状态"),
    *(
        "入住情况",
        "是否入住",
        "是否出租",
        "出租情况",
        "租户",
        "承租人",
        "使用人",
        "occupied",
        "tenant",
    ),
)
"""Known and not read: a contact or a remark decides nothing, and is not collected (PIPL art. 6)."""
IGNORE = "ignore"
"""The field of a mapping that skips a column."""

REQUIRED = ("number", "building", "entrance", "floor", "area_m2", "kind", "owners")
HEADING_WITHIN = 20
"""Rows above the first unit at most, that is titles and headings."""
MAX_COLUMNS = 100
FEWEST_KNOWN = 3
"""A row is taken for the headings when it has as many known ones; a title has not."""

_UNIT_OF_AREA = re.compile(
    r"[(\[]?(m2|m²|㎡|平方米|平米|平方|sqm|sq\.?m\.?|必填|选填|required|optional)[)\]]?$"
)
_NOISE = re.compile(r"[\s*:_'’\"“”.]+")


def plain_heading(text: str) -> str:
    """A heading as it is compared: without blanks, width, case, marks and a unit of area."""
    plain = _NOISE.sub("", unicodedata.normalize("NFKC", text)).casefold()
    return _UNIT_OF_AREA.sub("", plain) or plain


_KNOWN: dict[str, str] = {
    **{plain_heading(title): IGNORE for title in IGNORED},
    **{
        plain_heading(title): f"{name}?{rank}"
        for name, titles in SECOND.items()
        for rank, title in enumerate(titles)
    },
    **{plain_heading(title): column for column, titles in COLUMNS.items() for title in titles},
}
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(共有|co).*(身份证|证件)(号|号码)?"), "co_owner_ids"),
    (re.compile(r".*(身份证|证件)(号|号码|编号)"), "owner_ids"),
    (
        re.compile(r".*(电话|手机|手机号|日期|时间|备注|签名|签字|证书号|权证号|邮箱|价格|金额)"),
        IGNORE,
    ),
)
"""Headings in other words, looked at where no known one is meant: whole headings only."""
MARK = "?"
"""Between the field of a heading that only counts where no other column has the field, and its rank."""
ROOMS = frozenset(
    plain_heading(title)
    for title in ("房号", "房屋号", "unit", "unit no", "unit number", "number", "户号")
)
"""Headings of a number that may as well be that of the room within its entrance."""


@dataclass(frozen=True)
class Heading:
    """The headings of a roll: which field is behind each column; "" for one that is unknown."""

    row: int
    """The row they are in, or the lower one of two."""
    titles: tuple[str, ...]
    fields: tuple[str, ...]
    double: frozenset[int] = field(default=frozenset())
    """Columns (from 0) whose field another one before has already."""
    passed: tuple[tuple[str, str], ...] = ()
    """Headings that may stand for a field (heading, field) that another column has."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Fields without which a roll is none; a room with building and entrance is a number."""
        missing = [name for name in REQUIRED if name not in self.fields]
        if "room" in self.fields and "number" in missing:
            missing.remove("number")
        return tuple(missing)

    def title(self, name: str) -> str:
        """The heading of a field as the file spells it; the field's own name where it has none."""
        return next(
            (
                each.strip()
                for each, found in zip(self.titles, self.fields, strict=False)
                if found == name
            ),
            name,
        )

    @property
    def known(self) -> int:
        """How many columns are understood, other than those to skip."""
        return len({name for name in self.fields if name not in {"", IGNORE}})


def find_heading(
    rows: Sequence[tuple[int, Sequence[str]]], mapping: Mapping[str, str]
) -> tuple[Heading, int]:
    """The headings among the first rows of a file, and how many of the rows they take up.

    The first row in which enough is known; with the row below where that holds headings and nothing
    else (merged cells above, their parts below). Where no row is, the first one: it then says what it lacks.
    `mapping` is heading to field, and goes before what is known.
    """
    mapped = {plain_heading(title): name for title, name in mapping.items()}
    for place, (number, titles) in enumerate(rows):
        heading = match_heading(number, titles, mapped)
        if heading.known < FEWEST_KNOWN:
            continue
        if place + 1 < len(rows) and _all_known(rows[place + 1][1], mapped):
            both = match_heading(rows[place + 1][0], _under(titles, rows[place + 1][1]), mapped)
            return both, place + 2
        return heading, place + 1
    number, titles = rows[0]
    return match_heading(number, titles, mapped), 1


def match_heading(row: int, titles: Sequence[str], mapped: Mapping[str, str]) -> Heading:
    """The fields behind one row of titles."""
    plain = [plain_heading(title) for title in titles]
    fields = [mapped.get(title) or known_field(title) for title in plain]
    wanted = set(mapped.values()) & {mapped.get(title, "") for title in plain}
    fields = [
        IGNORE if name.partition(MARK)[0] in wanted and title not in mapped else name
        for name, title in zip(fields, plain, strict=True)
    ]
    second = fields
    fields = _settled(fields)
    passed = tuple(
        (title.strip(), before.partition(MARK)[0])
        for title, before, name in zip(titles, second, fields, strict=True)
        if MARK in before and name == IGNORE and not before.startswith("number")
    )
    # A column without a heading counts as unknown: the reader refuses it if anything stands in it.
    taken: set[str] = set()
    double: set[int] = set()
    for place, name in enumerate(fields):
        if name in taken:
            double.add(place)
        if name not in {"", IGNORE}:
            taken.add(name)
    return Heading(row, tuple(titles), tuple(fields), frozenset(double), passed)


def letter(place: int) -> str:
    """The letter of a column, counted from 0: A, B, … Z, AA."""
    text = ""
    number = place + 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def known_field(plain: str) -> str:
    """The field behind a plain heading, with `MARK` for a second choice; "" for one that is unknown."""
    name = _KNOWN.get(plain)
    if name is None:
        name = next((found for pattern, found in _PATTERNS if pattern.fullmatch(plain)), "")
    return name


def _settled(fields: Sequence[str]) -> list[str]:
    """The best of the second choices taken for a field that no other column has; the rest skipped."""
    taken = {name for name in fields if MARK not in name}
    if "room" in taken:
        taken |= {"number"}
    best: dict[str, str] = {}
    for name in sorted(each for each in fields if MARK in each):
        best.setdefault(name.partition(MARK)[0], name)
    settled: list[str] = []
    for name in fields:
        plain, mark, _ = name.partition(MARK)
        use = not mark or (plain not in taken and best[plain] == name)
        settled.append(plain if use else IGNORE)
    return settled


def _all_known(titles: Sequence[str], mapped: Mapping[str, str]) -> bool:
    """Whether every filled cell of a row is a known heading; no row of a unit is like that."""
    plain = [plain_heading(title) for title in titles if title.strip()]
    return bool(plain) and all(title in mapped or known_field(title) for title in plain)


def _under(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    """Two rows of headings as one: the lower title where there is one."""
    width = max(len(upper), len(lower))
    rows = [[*row, *[""] * (width - len(row))] for row in (upper, lower)]
    return [below.strip() or above for above, below in zip(*rows, strict=True)]
