"""The time after a vote in which owners may object: silence that counts as yes, and vetoes.

Spain: a duly summoned absentee who does not object within 30 natural days of the notice counts as
yes (LPH art. 17.8). Taiwan: what a reconvened meeting decides stands unless more than half object in
writing within seven days (art. 32). Until that time is over nothing is decided.
"""

from models.values.decisions.rules import Rule
from models.values.voting import Motion, Tally
from rules.voting.live.beside import Beside
from rules.voting.packs import ruled_by


def days_to_object(rule: Rule, motion: Motion, tally: Tally, beside: Beside) -> int:
    """How long the result waits for objections; 0 where nothing that is still to come can matter.

    A motion that the silence of everybody absent would not carry has failed already; one that may be
    carried waits, because who objects may be free of its cost.
    """
    if beside.absent is None or beside.objections is not None:
        return 0
    days = 0
    if rule.silence.kind == "deemed_yes":
        absent = {f"silent_{unit}": number for unit, number in beside.absent._asdict().items()}
        if tally.roll_shares is None:
            del absent["silent_shares"]
        best = tally.model_copy(update=absent)
        if ruled_by(rule, motion, best).verdict == "PASS":
            days = rule.silence.days or 0
    if rule.veto is not None and ruled_by(rule, motion, tally).verdict == "PASS":
        days = max(days, rule.veto.days)
    return days
