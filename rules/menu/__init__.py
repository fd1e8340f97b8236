"""Menu votes (菜单式改造): residents choose among optional works under a budget.

`problems_of_menu_choice` judges a ballot, `tally` counts, `greedy` and `equal_shares` choose.
Ballots come as a count of equal ones (`counted`), so that their order cannot matter.
"""

from rules.menu.choices import ballot_of, beyond_limits, choice_of, problems_of_menu_choice
from rules.menu.equal_shares import equal_shares
from rules.menu.greedy import greedy
from rules.menu.tally import counted, supported, tally

__all__ = [
    "ballot_of",
    "beyond_limits",
    "choice_of",
    "counted",
    "equal_shares",
    "greedy",
    "problems_of_menu_choice",
    "supported",
    "tally",
]
