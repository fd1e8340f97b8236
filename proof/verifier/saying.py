"""What is printed, for people: in Chinese and English, so that nobody needs a translator or a lawyer."""

from __future__ import annotations

from fractions import Fraction

from proof.verifier.counting import STATES
from proof.verifier.deciding import Decided, Test
from proof.verifier.reading import Fault, NoReceipt, NotFound, OtherForm

CHECKS = {
    "files": "文件与签名时的完全相同 the files are those that were signed",
    "head": "表决结束时的签名成立 what was signed at the close holds",
    "tree": "全部承诺值合成签名的总数 all commitments together give the signed root",
    "roll": "名册就是公布其哈希的那一份 the roll is the one whose hash was posted",
    "ballots": "每张选票的时间和权重 when each ballot was cast and what it weighs",
    "opened": "每张计入的选票与投票时的承诺值相符 each counted ballot says what it was committed to",
    "right_ballot": "每户只计应计的那一张 of each owner the right ballot counts",
    "sums": "票数重新加总 the votes were added up again",
    "menu": "菜单的选择方法重新计算 the method of the menu was run again",
    "decisions": "按公布的票数，规则重新套用 the rule was applied again to the published numbers",
}
"""What may be checked, in this order."""
WITHOUT_BALLOTS = ("files", "head", "tree", "decisions")
"""The checks that need no opened ballot."""
OF_MENU = "menu"
MEASURES = {
    "cast": "投同意或反对票的 voting yes or no",
    "no": "反对的 against",
    "objections": "提出异议的 objecting",
    "participating": "参与表决的 taking part",
    "present": "到场的 present",
    "yes": "同意的 for",
}
AMONG = {
    "all": "全体 of all",
    "cast": "投同意或反对票者 of those voting yes or no",
    "number": "个 in number",
    "participating": "参与表决者 of those taking part",
    "present": "到场者 of those present",
    "required_quorum": "法定人数 of the required quorum",
}
COMPARED = {
    "<": "少于 less than",
    "<=": "至多 at most",
    "==": "正好 exactly",
    ">": "超过 more than",
    ">=": "至少 at least",
}
DIMENSIONS = {"head": "人数 people", "area": "面积 area", "share": "份额 shares"}
MARKS = {True: "✓ 成立 met", False: "✗ 不成立 not met", None: "? 不详 not known"}
OUTCOMES = {
    "failed": "未通过，不予实施 it is not adopted",
    "lapsed": "失效：它所依附的事项没有通过 what it depends on did not pass",
    "passed": "通过 it is adopted",
    "run_off": "须在下列选项之间再次表决 a second vote decides between these",
    "second_vote": "未通过，法律允许以较低门槛再次表决 not adopted; the law lets it be put again under a lower bar",
    "tie": "并列，尚无结果 these are level, nothing is decided",
}
ANSWERS = {
    "yes": "同意 for",
    "no": "反对 against",
    "abstain": "弃权 abstained",
    "invalid": "无效 invalid",
    "objections": "提出异议 objected",
    "participating": "参与表决 took part",
    "present": "到场 came",
    "silent": "缺席且未提异议 absent and silent",
    "roll": "有表决权 may vote",
}
PAYING = {
    "all_but_dissenters": "除反对者外的所有人 all but those who were against it",
    "nobody": "无人 nobody",
    "yes_voters": "仅同意者 only those who were for it",
}
BECAME = {
    "counted": "计入结果 counted",
    "superseded": "后来改投，以新票为准 replaced by a later ballot of the same owner",
    "contested": "两种方式投票相互矛盾，未计入 contradicted by another ballot of the owner, not counted",
    "set_aside": "经认定不计 set aside by a ruling",
    "excluded": "无表决权，不计 of somebody who may not vote, not counted",
}
TAMPERED = (
    "怎么办：不要依据这份证据包作判断。请向居委会重新索取公布的原文件；如仍如此，请把本页交给街道办事处。",
    (
        "What to do: do not rely on this bundle. Ask the committee for the published file once more; if it is"
        " the same again, show this to the street office."
    ),
)
MEANS = {
    "ballots.jsonl": (
        "有选票在投出以后被改动、增加或拿走，或者计入了不该计的选票。",
        "A ballot was changed, added or taken away after it was cast, or the wrong one was counted.",
    ),
    "bundle": (
        "这个文件本身已损坏或被做过手脚。",
        "The file itself is damaged or was tampered with.",
    ),
    "head.json": (
        "表决结束时的签名不成立，或者不属于公告的那把公钥。",
        "What was signed at the close does not hold, or not by the posted key.",
    ),
    "leaves.jsonl": (
        "有承诺值被改动、增加或拿走：票箱不是签名时的那一个。",
        "A commitment was changed, added or taken away: the box is not the one that was signed.",
    ),
    "manifest.json": (
        "证据包的目录不是公布的那一份。",
        "The list of the bundle's files is not the published one.",
    ),
    "motions.json": (
        "表决的问题不是签名时的样子。",
        "The questions of the vote are not what they were.",
    ),
    "receipt": (
        "回执与这次表决不符。如果回执是您投票时得到的而选票找不到，说明有人收了您的选票却没有计入：请保留回执。",
        (
            "The receipt does not fit this vote. If you got it when you voted and the ballot is not found, a"
            " ballot was taken and left out: keep the receipt."
        ),
    ),
    "result.json": (
        "公布的结果不是这些选票按规则得出的结果。",
        "The published result is not what these ballots give by the rule.",
    ),
    "roll.jsonl": (
        "有表决权的名册不是公布的那一份：有人被增加、去掉，或人数、面积被改动。",
        (
            "The roll of those who may vote is not the published one: somebody was added or left out, or"
            " weighs something else."
        ),
    ),
    "rules.json": (
        "判定通过与否的规则不对。",
        "The rule that decides whether something passed is not right.",
    ),
    "rulings.jsonl": (
        "关于有争议选票的认定与选票不符。",
        "The rulings about contested ballots do not fit the ballots.",
    ),
}
OF_ANY_FILE = (
    "其中的文件与签名时的不同。",
    "A file in it is not the one that was signed.",
)
NOT_CHECKED = {
    NotFound.kind: (
        "什么也没有核对：在这个位置没有证据包。请检查文件名和所在文件夹。",
        "Nothing was checked: there is no bundle at this place. Look at the name and the folder.",
    ),
    NoReceipt.kind: (
        "没有核对您的选票：给出的不是回执，或者读不出来。请检查文件名或回执码，用原来的回执文件再试。这不说明有人作假。",
        (
            "Your ballot was not looked for: this is no receipt, or it cannot be read. Look at the name of the file"
            " or the code, and use the receipt as you got it. It is no sign of a fraud."
        ),
    ),
    OtherForm.kind: (
        (
            "什么也没有核对：这不是公布时的样子，多半是解压或重新打包时变了（少了或多了文件）。"
            "这不说明有人作假。请直接使用公布的 zip 文件。"
        ),
        (
            "Nothing was checked: it is not in the form in which it was published; unpacking or packing anew does"
            " that (a file more or less). It is no sign of a fraud. Use the published"
            " zip file as it is."
        ),
    ),
}
SHOWS_NOT = (
    "  名册上的人是否就是应有的人，本程序看不出来；名册在表决前已经公示。",
    "    Whether the roll names the right people cannot be seen here; it was posted before the vote.",
    "  这是否就是公布的那一份：请把下面两行与小区公告逐字核对。任何一处不同，就是另一份，不要相信它。",
    (
        "    Whether it is the bundle that was published: compare the next two lines with the notice in your"
        " estate. If anything differs, it is another bundle: do not believe it."
    ),
)


def amount(number: Fraction, dimension: str) -> str:
    """A number of people or shares, or an area in square metres (it is counted in 0.01 m²)."""
    whole = number.denominator == 1
    if dimension == "area":
        return f"{'' if whole else '≈ '}{float(number / 100):,.2f} m²"
    return f"{number.numerator:,}" if whole else f"{number} ≈ {float(number):,.2f}"


def weighed(numbers: dict[str, int | None]) -> str:
    """People, area and, where the law counts them, shares together."""
    heads, area = numbers["heads"] or 0, numbers["area_dm2"] or 0
    shares = numbers.get("shares")
    more = "" if shares is None else f", {amount(Fraction(shares), 'share')} 份 shares"
    return f"{heads:,} 人 people, {amount(Fraction(area), 'area')}{more}"


def reasons(decided: Decided) -> list[str]:
    """Each test of a decision in words and exact numbers."""
    chosen = []
    if decided.works is not None:
        mark = MARKS[decided.works > 0]
        chosen = [f"{mark}: 选定的项目 works chosen {decided.works}; 至少 at least 1"]
    return [_reason(test) for test in decided.tests] + chosen


def consequences(payers: str | None, second: dict[str, object] | None) -> list[str]:
    """Who alone pays for what passed, or by which article what failed may be put again."""
    lines = [] if payers is None else [f"→ 分摊 who pays: {PAYING[payers]}"]
    return lines if second is None else [*lines, f"→ 再次表决 put again: [{second['article']}]"]


def _reason(test: Test) -> str:
    condition = test.condition
    have, need = (
        "?" if number is None else amount(number, condition.dimension)
        for number in (test.have, test.need)
    )
    return (
        f"{MARKS[test.passed]}: {MEASURES[condition.value]} {DIMENSIONS[condition.dimension]} {have}; "
        f"{COMPARED[condition.op]} {need} ({condition.fraction} {AMONG[condition.of]}) "
        f"[{condition.article}]"
    )


def lines_of_fault(fault: Fault) -> list[str]:
    """What is wrong, what it means, and what to do."""
    lines = [f"{fault.word}: {fault}"]
    if fault.kind in NOT_CHECKED:
        return lines + [f"  {line}" for line in NOT_CHECKED[fault.kind]]
    means = MEANS.get(fault.file, OF_ANY_FILE)
    done = () if fault.file == "receipt" else TAMPERED
    return lines + [f"  {line}" for line in (*means, *done)]


AGREES = (
    "核验通过：全部内容一致，公布的结果就是这些选票按规则得出的结果。",
    "Everything agrees: the published result is what these ballots give by the rule.",
)
AGREES_IN_PUBLIC = (
    "核验通过，但这是公开的证据包：其中没有打开的选票，票数是按公布的数字采信的。",
    (
        "What it shows agrees, but this is the public bundle: no ballot is opened in it, and its numbers of votes"
        " are taken as they were published."
    ),
)


def lines_of(found: dict[str, object]) -> list[str]:
    """The summary: what was checked, what came out, and what this cannot show."""
    return [
        f"{found['title']} ({found['box_id']})",
        *(AGREES_IN_PUBLIC if found["form"] == "public" else AGREES),
        "",
        *(_checked_in_public(found) if found["form"] == "public" else _checked(found)),
        "",
        *_result(found),
        *_own(found.get("receipt")),
        "",
        "它不能说明什么 What this does not show",
        *SHOWS_NOT,
        f"    公钥 public key {found['public_key']}",
        f"    清单 SHA-256 of manifest.json {found['manifest']}",
        f"  (Merkle root {found['root']})",
    ]


NAMED = 5
"""Files of a desktop that are named; more are counted only."""


def _extra(extra: object) -> list[str]:
    """What a desktop added when the bundle was packed anew, which belongs to nothing."""
    if not isinstance(extra, list) or not extra:
        return []
    named = ", ".join(repr(name[:40]) for name in extra[:NAMED]) + (", …" if extra[NAMED:] else "")
    return [
        f"    另有 {len(extra)} 个重新打包时由电脑添加的文件或文件夹，不属于证据，未查看：{named}",
        "    They were added by a desktop that packed the bundle anew, are no part of it, and were not looked into.",
    ]


def _checked(found: dict[str, object]) -> list[str]:
    roll, states = found["roll"], found["ballots"]
    assert isinstance(roll, dict)
    assert isinstance(states, dict)
    every = sum(states.values())
    lines = [
        "核对了什么 What was checked",
        "  ✓ 文件一个不多、一个不少，内容与签名时相同。 No file is missing or added; all are as they were signed.",
        *_extra(found.get("extra")),
        f"  ✓ 名册 the roll: {roll['entries']:,} 个有表决权的户主 owners who may vote, {weighed(roll)}",
        *(
            [f"    只有 {found['scope']} 的业主参加表决 only its owners were asked"]
            if found.get("scope")
            else []
        ),
        f"  ✓ 选票 the ballots: {every:,} 张，逐张重算，未增、未减、未改。",
        f"    Each of the {every:,} was computed anew: none was added, taken away or changed.",
    ]
    if "opens_at" in found:
        lines += [
            "    都在表决期内投出 all were cast within the period of the vote:",
            f"      {_minute(found['opens_at'])} – {_minute(found['closes_at'])} UTC",
            "      （UTC 是世界时，北京时间等于它加 8 小时 in Beijing it is 8 hours later）",
        ]
    lines.append("  ✓ 每户只计应计的那一张 of each owner the right ballot counts:")
    lines += [f"      {states[name]:>9,} {BECAME[name]}" for name in STATES if states[name]]
    lines.append(
        "  ✓ 票数重新加总，规则重新套用。 The votes were added up again and the rule applied again."
    )
    return lines


def _checked_in_public(found: dict[str, object]) -> list[str]:
    """Of a bundle without opened ballots: which checks were made, and which it does not allow."""
    done, left = found["checked"], found["not_checked"]
    states, roll = found["ballots"], found["roll"]
    assert isinstance(done, list)
    assert isinstance(left, list)
    assert isinstance(states, dict)
    assert isinstance(roll, dict)
    return [
        "核对了什么 What was checked",
        *(f"  ✓ {CHECKS[name]}" for name in done),
        *_extra(found.get("extra")),
        f"    {sum(states.values()):,} 个承诺值 commitments",
        "没有核对什么 What could not be checked",
        *(f"  – {CHECKS[name]}" for name in left),
        "    要核对这些，须有完整的证据包：本次表决范围内的业主登录后可以申请，申请会被记录。",
        (
            "    These want the full bundle: owners of the scope of the vote who have signed in may ask for it,"
            " and each request is recorded."
        ),
        "公布的数字（未重新加总） The published numbers, not added up again",
        f"    名册 the roll: {roll['entries']:,} 个有表决权的户主 owners who may vote, {weighed(roll)}",
        *(f"      {states[name]:>9,} {BECAME[name]}" for name in STATES if states[name]),
    ]


def _minute(moment: object) -> str:
    return str(moment)[:16].replace("T", " ")


def _result(found: dict[str, object]) -> list[str]:
    outcomes, tallies, why = found["outcomes"], found["tallies"], found["reasons"]
    titles, winners = found["titles"], found["winners"]
    assert isinstance(outcomes, dict)
    assert isinstance(tallies, dict)
    assert isinstance(why, dict)
    assert isinstance(titles, dict)
    assert isinstance(winners, dict)
    lines = ["结果 The result"]
    for name in sorted(outcomes):
        lines.append(f"  {titles[name]}")
        lines.append(f"    {name}: {outcomes[name]}: {OUTCOMES[outcomes[name]]}")
        if winners[name]:
            lines.append(f"    {', '.join(winners[name])}")
        lines += [
            f"      {ANSWERS[word]}: {weighed(counts)}" for word, counts in tallies[name].items()
        ]
        lines += [f"      {reason}" for reason in why[name]]
    return lines


def _own_state(own: dict[str, object]) -> list[str]:
    """Where the own ballot stands, and, where the bundle says it, what became of it."""
    if "state" not in own:
        return [
            f"  {own['code']}",
            "  它的承诺值在 leaves.jsonl 中，也在签名的总数之内。 Its commitment is in leaves.jsonl and in what was signed:",
        ]
    return [
        f"  {own['code']}: {own['state']}: {BECAME[str(own['state'])]}",
        "  它在名为 ballots.jsonl 的文件中，也在签名的总数之内。 It is in ballots.jsonl and in what was signed:",
    ]


def _own(own: object) -> list[str]:
    if not isinstance(own, dict):
        return []
    lines = [
        "",
        "您的选票 Your ballot",
        *_own_state(own),
        f"    line {own['line']}, leaf {own['leaf']}",
    ]
    if "cast_at" in own:
        lines.append(f"    投票时间 cast at {own['cast_at']}, recorded at {own['recorded_at']}")
    lines += [f"    path {part}" for part in own["path"]]
    if "signed_by" in own:
        lines.append(f"    回执签名公钥 the receipt is signed by {own['signed_by']}")
    return lines
