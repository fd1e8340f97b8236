"""Taiwan: 公寓大廈管理條例 art. 27, 31, 32, attendance by head and share (區分所有權比例)."""

from datetime import date
from fractions import Fraction

from models.values.decisions.rules import Cap, ClassRule, FollowUp, MatterTable, Rule, Veto
from rules.voting.law.build import (
    FIFTH,
    HALF,
    HEAD,
    HEAD_SHARE,
    THREE_QUARTERS,
    TWO_THIRDS,
    conditions,
    matters,
)

_SINCE = date(2003, 12, 31)
_27, _31, _32 = (f"公寓大廈管理條例 art. {number}" for number in (27, 31, 32))
_CAPS = ("TW.cap.one_fifth",)

RULES: tuple[Rule, ...] = (
    Rule(
        id="TW.31",
        jurisdiction="TW",
        law=(
            "公寓大廈管理條例 art. 31: 2/3 of owners and shares attend; 3/4 of the attendance agree "
            "on both measures; the covenant (規約) may say otherwise"
        ),
        articles=(_31,),
        confidence="M",
        valid_from=_SINCE,
        quorum=conditions("quorum", HEAD_SHARE, "present", ">=", TWO_THIRDS, "all", _31, "M"),
        approve=conditions("approve", HEAD_SHARE, "yes", ">=", THREE_QUARTERS, "present", _31, "M"),
        follow_ups=(
            FollowUp(
                kind="second_call",
                then="TW.32",
                after="fail",
                limit="reconvened on the same motion; the ordinance sets no term",
                article=_32,
            ),
        ),
        caps=_CAPS,
    ),
    Rule(
        id="TW.32",
        jurisdiction="TW",
        law=(
            "公寓大廈管理條例 art. 32, reconvened meeting: at least 3 persons, 1/5 and 1/5; majority "
            "of the attendance on both; then written objections within 7 days must not exceed half "
            "of all owners and shares"
        ),
        articles=(_32,),
        confidence="V",
        valid_from=_SINCE,
        quorum=(
            *conditions("quorum", HEAD_SHARE, "present", ">=", FIFTH, "all", _32),
            *conditions("quorum_persons", HEAD, "present", ">=", Fraction(3), "number", _32),
        ),
        approve=conditions("approve", HEAD_SHARE, "yes", ">", HALF, "present", _32),
        veto=Veto(
            days=7,
            conditions=conditions("objection", HEAD_SHARE, "objections", "<=", HALF, "all", _32),
            article=_32,
        ),
        caps=_CAPS,
        note=(
            "Stands unless the written objections exceed half of all owners AND of all shares; "
            "counted from the delivery of the minutes."
        ),
    ),
)

CAPS: tuple[Cap, ...] = (
    Cap(
        id="TW.cap.one_fifth",
        jurisdiction="TW",
        kind="fraction_of_all",
        law="what an owner or a proxy holder has beyond one fifth of all is not counted",
        article=_27,
        confidence="V",
        valid_from=_SINCE,
        fraction=FIFTH,
    ),
)

TABLES: tuple[MatterTable, ...] = (
    MatterTable(
        id="TW-2003",
        region="TW",
        valid_from=_SINCE,
        law=_31,
        confidence="M",
        classes=(ClassRule(cls="general", rule="TW.31"),),
        matters=matters("general", _31, "repair", "rules", "lift", "other", confidence="M"),
    ),
)
