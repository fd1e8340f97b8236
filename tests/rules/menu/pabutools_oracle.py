"""Runs in another interpreter, the one that has pabutools: one job on stdin, the winners on stdout.

Never imported: pabutools is no dependency of this project.
"""

import json
import sys

from pabutools.election import ApprovalBallot, ApprovalProfile, Cost_Sat, parse_pabulib
from pabutools.rules import exhaustion_by_budget_increase, method_of_equal_shares
from pabutools.tiebreaking import TieBreakingRule

job = json.load(sys.stdin)
place = {item: number for number, item in enumerate(job["order"])}
instance, profile = parse_pabulib(job["file"])
if not isinstance(profile, ApprovalProfile):
    # Whoever names a work supports it.
    profile = ApprovalProfile([ApprovalBallot(list(ballot)) for ballot in profile])
profile = profile.as_multiprofile()
options = {
    "sat_class": Cost_Sat,
    "tie_breaking": TieBreakingRule(lambda _i, _p, project: place[project.name]),
}
if job["completion"] == "add1":
    winners = exhaustion_by_budget_increase(
        instance,
        profile,
        method_of_equal_shares,
        rule_params=options,
        budget_step=profile.num_ballots() * job["step"],
        exhaustive_stop=False,
        # Without a bound it goes on for ever where every supported work is bought.
        budget_bound=instance.budget_limit + profile.num_ballots() * 30_000,
    )
else:
    step = job["step"] if job["completion"] == "add1-exhaustive" else None
    winners = method_of_equal_shares(instance, profile, voter_budget_increment=step, **options)
print(json.dumps([project.name for project in winners]))
