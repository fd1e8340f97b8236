"""Owners' votes (业主共同决定): who counts as one head, what a vote decides, under whose law.

`law` is the world's rules as dated data; `engine` the one mechanism that applies them; `packs` the
law under which a renovation votes, and `live` what such a vote needs beside its ballots. Every comparison is exact, and FAIL beats INDETERMINATE beats PASS.
Rule book section 1.
"""

from rules.voting.caps import apply_cap
from rules.voting.concentration import concentration
from rules.voting.engine import weigh
from rules.voting.heads import DEVELOPER_KEY, KIND_NOT_COUNTED, head_groups
from rules.voting.judging import judged
from rules.voting.live.beside import NOTHING_BESIDE, Beside, Weight, counts_beside
from rules.voting.live.follow_ups import is_late, second_period, terms_of
from rules.voting.motions import (
    adopted,
    as_put,
    lapses,
    run_off_due,
    run_off_motions,
    whole_unasked,
)
from rules.voting.options import decide_options
from rules.voting.packs import (
    PACKS,
    decide,
    kind_of,
    pack_for,
    pack_in_force,
    pack_rule,
    quorum,
    rule_of,
    strict_kind,
    tally_facts,
)
from rules.voting.registry import cap_named, rule_for, rule_in, rule_named, table_named
from rules.voting.results import MotionResult, intact_check, motion_results
from rules.voting.settings import configured

__all__ = [
    "DEVELOPER_KEY",
    "KIND_NOT_COUNTED",
    "NOTHING_BESIDE",
    "PACKS",
    "Beside",
    "MotionResult",
    "Weight",
    "adopted",
    "apply_cap",
    "as_put",
    "cap_named",
    "concentration",
    "configured",
    "counts_beside",
    "decide",
    "decide_options",
    "head_groups",
    "intact_check",
    "is_late",
    "judged",
    "kind_of",
    "lapses",
    "motion_results",
    "pack_for",
    "pack_in_force",
    "pack_rule",
    "quorum",
    "rule_for",
    "rule_in",
    "rule_named",
    "rule_of",
    "run_off_due",
    "run_off_motions",
    "second_period",
    "strict_kind",
    "table_named",
    "tally_facts",
    "terms_of",
    "weigh",
    "whole_unasked",
]
