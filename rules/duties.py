"""Duties that exclude each other: who did the one may not do the other, in whatever role or account.

One table. The routes, the gateway and the activities that write ask it by the name of the duty, which
is the code of the refusal; the matrix of the tests has a line for each. A person has one id in all
accounts, roles and programs, so that comparing ids compares people.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from models.values.refusal import Problem, problem, refusal


class Duty(StrEnum):
    """A pair of duties, by the code that refuses whoever would do both."""

    INSPECT_BUILT = "inspection.own_work"
    INSPECT_AGAIN = "inspection.same_inspector"
    ACCEPT_BUILT = "inspection.accepted_by_contractor"
    PAY_ACCEPTED = "inspection.payment_by_acceptor"
    PAY_ONESELF = "inspection.payment_by_contractor"
    RELEASE_ONESELF = "warranty.own_retention"
    EVALUATE_BID = "bidding.conflict_of_interest"
    JUDGE_AWARD = "bidding.own_award"
    END_OWN_CONTRACT = "settlement.own_contract"
    MEASURE_ENDED = "settlement.measured_by_decider"
    MEASURE_BUILT = "settlement.measured_by_contractor"
    ANSWER_OBJECTION = "publication.own_objection"
    TYPE_AGAIN = "paper.same_person"
    RULE_DISPUTED = "ruling.own_dispute"
    RULE_TYPED = "ruling.own_paper"
    HAND_LETTER = "access.own_letter"
    TELL_CODE = "access.own_handing"
    CONFIRM_PROPOSED = "proposal.own"
    REGISTER_AGENT = "mandate.own_register"
    GRANT_ONESELF = "granting.to_oneself"
    RELIEVE_ONESELF = "cost_sharing.own_relief"
    ANSWER_COMPLAINED = "feedback.own_complaint"
    REVIEW_WRITTEN = "suggestion.own_writing"
    ANSWER_WRITTEN = "suggestion.own_suggestion"
    REVIEW_AGAIN = "suggestion.own_hiding"


class Excluded(NamedTuple):
    """`later` (an act, or a write) is not for whoever did or is `earlier`; and the provision."""

    later: str
    earlier: str
    article: str


EXCLUDED: Mapping[Duty, Excluded] = {
    Duty.INSPECT_BUILT: Excluded("record_inspection", "contractor", "Quality Regs art. 37"),
    Duty.INSPECT_AGAIN: Excluded(
        "record_inspection", "record_inspection", "[D] after a failure another one looks"
    ),
    Duty.ACCEPT_BUILT: Excluded(
        "accept_works", "contractor", "Quality Regs art. 37(2); Construction Law art. 34"
    ),
    Duty.PAY_ACCEPTED: Excluded("approve_payment", "accept_works", "[D] after art. 37(2)"),
    Duty.PAY_ONESELF: Excluded("approve_payment", "contractor", "[D] after art. 37(2)"),
    Duty.RELEASE_ONESELF: Excluded("release_retention", "contractor", "[D] after art. 37(2)"),
    Duty.EVALUATE_BID: Excluded("record_evaluation", "bid", "Tendering Law art. 37, B-9"),
    Duty.JUDGE_AWARD: Excluded("rule_on_signature", "award_contract", "[D] Tendering Law art. 7"),
    Duty.END_OWN_CONTRACT: Excluded("terminate_contract", "contractor", "[D] Civil Code art. 563"),
    Duty.MEASURE_ENDED: Excluded("measure_works", "terminate_contract", "[D] Civil Code art. 806"),
    Duty.MEASURE_BUILT: Excluded("measure_works", "contractor", "Quality Regs art. 37(2)"),
    Duty.ANSWER_OBJECTION: Excluded(
        "answer_objection", "objections", "[D] nobody answers the own objection"
    ),
    Duty.TYPE_AGAIN: Excluded("enter_paper", "enter_paper", "[D] two typists, rules 1.4.4"),
    Duty.RULE_DISPUTED: Excluded("rule_on_ballots", "rule_on_ballots", "[D] rules E4"),
    Duty.RULE_TYPED: Excluded("rule_on_ballots", "enter_paper", "[D] rules E4"),
    Duty.HAND_LETTER: Excluded("hand_letter", "issue_letters", "[D] four eyes"),
    Duty.TELL_CODE: Excluded("issue_letters", "hand_letter", "[D] four eyes"),
    Duty.CONFIRM_PROPOSED: Excluded("confirm_proposal", "propose", "[D] four eyes"),
    Duty.REGISTER_AGENT: Excluded(
        "register_mandate", "agent", "Civil Code art. 168 (nobody deals with himself); [D]"
    ),
    Duty.GRANT_ONESELF: Excluded("grants", "grants", "[D] never to oneself"),
    Duty.RELIEVE_ONESELF: Excluded(
        "approve_relief", "owner", "[D] nobody relieves the own household"
    ),
    Duty.ANSWER_COMPLAINED: Excluded(
        "resolve_ticket",
        "tickets",
        "[D] P-6: nobody reads or answers a complaint of theirs as an office",
    ),
    Duty.REVIEW_WRITTEN: Excluded(
        "review_suggestion", "write_down_suggestion", "[D] nobody passes what they wrote down"
    ),
    Duty.ANSWER_WRITTEN: Excluded(
        "answer_suggestion", "write_down_suggestion", "[D] nobody answers what they wrote down"
    ),
    Duty.REVIEW_AGAIN: Excluded(
        "review_suggestion",
        "review_suggestion",
        "[D] what was hidden is looked at by somebody else",
    ),
}
"""Every pair; one that is missing here excludes nobody."""


def is_same(earlier: str | Iterable[str | None] | None, person: str) -> bool:
    """Whether the person is one of those who did the earlier step; None is nobody."""
    several = (earlier,) if earlier is None or isinstance(earlier, str) else earlier
    return any(each is not None and each == person for each in several)


def same_name(one: str, other: str) -> bool:
    """Whether two people may be one by their names; blanks and case say nothing.

    For where only the name is known of one of them: a namesake is refused too, and somebody else does it.
    """
    plain, others = ("".join(name.split()).casefold() for name in (one, other))
    return bool(plain) and plain == others


def duty_problems(
    duty: Duty, earlier: str | Iterable[str | None] | None, person: str, where: str = ""
) -> tuple[Problem, ...]:
    """Why the person may not do the later of two duties."""
    if not is_same(earlier, person):
        return ()
    return (problem(duty.value, where=where, actor=person),)


def refuse_same_person(
    duty: Duty, earlier: str | Iterable[str | None] | None, person: str, where: str = ""
) -> None:
    """Nobody passes the own work: whoever did the earlier step may not do this one.

    `earlier` is None where there was no earlier step.

    Raises:
        Refused: the duty's code, with the actor.
    """
    if is_same(earlier, person):
        raise refusal(duty.value, where=where, actor=person)
