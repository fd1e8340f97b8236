"""France: loi n° 65-557 art. 24 to 26-1, votes weighed by tantièmes (voix)."""

from datetime import date

from models.values.decisions.rules import Cap, ClassRule, FollowUp, MatterTable, Rule
from rules.voting.law.build import (
    HALF,
    HEAD,
    SHARE,
    THIRD,
    TWO_THIRDS,
    conditions,
    matters,
)

_SINCE = date(2020, 6, 1)
"""The ordinance of 2019-10-30, which gave 25-1 and 26-1 their present wording."""
_24, _25, _26 = ("loi 65-557 art. 24", "loi 65-557 art. 25", "loi 65-557 art. 26")
_25_1, _26_1 = ("loi 65-557 art. 25-1", "loi 65-557 art. 26-1")
_AT_ONCE = "immediately, at the same assembly"
_CAPS = ("FR.cap.majority_owner",)

RULES: tuple[Rule, ...] = (
    Rule(
        id="FR.24",
        jurisdiction="FR",
        law="loi 65-557 art. 24: majority of the votes cast",
        articles=(_24,),
        confidence="V",
        valid_from=_SINCE,
        approve=conditions("approve", SHARE, "yes", ">", HALF, "cast", _24),
        caps=_CAPS,
    ),
    Rule(
        id="FR.25",
        jurisdiction="FR",
        law="loi 65-557 art. 25: majority of the votes of all owners",
        articles=(_25, _25_1),
        confidence="V",
        valid_from=_SINCE,
        approve=conditions("approve", SHARE, "yes", ">", HALF, "all", _25),
        follow_ups=(
            FollowUp(
                kind="bridge",
                then="FR.24",
                conditions=conditions("bridge", SHARE, "yes", ">=", THIRD, "all", _25_1),
                latest_days=0,
                limit=_AT_ONCE,
                article=_25_1,
            ),
        ),
        caps=_CAPS,
    ),
    Rule(
        id="FR.26",
        jurisdiction="FR",
        law="loi 65-557 art. 26: majority of all owners AND two thirds of all votes",
        articles=(_26, _26_1),
        confidence="V",
        valid_from=_SINCE,
        approve=(
            *conditions("approve", HEAD, "yes", ">", HALF, "all", _26),
            *conditions("approve", SHARE, "yes", ">=", TWO_THIRDS, "all", _26),
        ),
        follow_ups=(
            FollowUp(
                kind="bridge",
                then="FR.25",
                conditions=(
                    *conditions("bridge", HEAD, "yes", ">=", HALF, "present", _26_1),
                    *conditions("bridge", SHARE, "yes", ">=", THIRD, "all", _26_1),
                ),
                no_further=True,
                latest_days=0,
                limit=_AT_ONCE,
                article=_26_1,
            ),
        ),
        caps=_CAPS,
    ),
)

CAPS: tuple[Cap, ...] = (
    Cap(
        id="FR.cap.majority_owner",
        jurisdiction="FR",
        kind="majority_owner",
        law="an owner of more than half has as many votes as all others together",
        article="loi 65-557 art. 22",
        confidence="V",
        valid_from=_SINCE,
        fraction=HALF,
    ),
)

TABLES: tuple[MatterTable, ...] = (
    MatterTable(
        id="FR-2020",
        region="FR",
        valid_from=_SINCE,
        law="loi 65-557 art. 24 to 26",
        classes=(
            ClassRule(cls="art_24", rule="FR.24"),
            ClassRule(cls="art_25", rule="FR.25"),
            ClassRule(cls="art_26", rule="FR.26"),
        ),
        # Which matter falls under which article is from memory: a default to be confirmed.
        matters=(
            *matters("art_24", _24, "repair", "accessibility", "other", confidence="M"),
            *matters("art_25", _25, "manager", "improvement", "lift", confidence="M"),
            *matters("art_26", _26, "covenant", "disposal", confidence="M"),
        ),
    ),
)
