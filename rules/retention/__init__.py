"""How long which personal data are kept: kind × basis × start × period × end, as data.

Periods are a proposal of this project [D], within what the law of the article asks; a deployment sets
its own (`GONGJIAN_RETENTION`). What has no basis any more is erased by a job (`service.privacy.keeping`);
what has one stays, restricted if its person has asked for the erasure, until the period is over (PIPL
art. 19 and 47).
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from models.values.base import Value

LONGEST_DAYS = 36_500
LEAST_DAYS: Mapping[str, int] = {"access_log": 180}
"""Cybersecurity Law art. 21(3): logs are kept for six months at least."""


class Basis(StrEnum):
    """Why something may be kept (PIPL art. 13)."""

    CONSENT = "consent"
    DUTY = "duty"
    """A statutory duty: the vote, the money, the record."""
    CLAIMS = "claims"
    """Somebody may still go to court over it (Civil Code art. 188, three years)."""
    SECURITY = "security"


class End(StrEnum):
    """What becomes of it when the period is over."""

    ERASED = "erased"
    KEY_DESTROYED = "key_destroyed"
    """What is written under the person's key is readable nowhere any more."""
    HANDED_OVER = "handed_over"
    """The archive decides; nothing is erased by itself."""


class Retention(Value):
    """One kind of data: why it is kept, from when, how long, and what then."""

    kind: str
    basis: Basis
    article: str
    starts: str
    days: int
    end: End


def _keep(kind: str, basis: Basis, article: str, starts: str, days: int, end: End) -> Retention:
    return Retention(kind=kind, basis=basis, article=article, starts=starts, days=days, end=end)


CONSENT, DUTY, CLAIMS, SECURITY = Basis.CONSENT, Basis.DUTY, Basis.CLAIMS, Basis.SECURITY
ERASED, KEY, OVER = End.ERASED, End.KEY_DESTROYED, End.HANDED_OVER
KINDS: tuple[Retention, ...] = (
    _keep("owner_name", CLAIMS, "Civil Code art. 188", "case_closed", 1_095, KEY),
    _keep("agent_name", CLAIMS, "Civil Code art. 188", "vote_closed", 1_095, KEY),
    _keep("official_name", CLAIMS, "Civil Code art. 188", "role_ended", 1_095, KEY),
    _keep("firm_person_name", CLAIMS, "Civil Code art. 188", "firm_left", 1_095, KEY),
    _keep("firm_contact", CLAIMS, "Civil Code art. 188", "role_ended", 1_095, ERASED),
    _keep("grant_label", DUTY, "PIPL art. 13(3); [D]", "role_ended", 3_650, ERASED),
    _keep("account", SECURITY, "PIPL art. 51", "role_ended", 180, ERASED),
    _keep("contact", CONSENT, "PIPL art. 15 and 47(3)", "withdrawn", 0, KEY),
    _keep("contact_of_case", CONSENT, "PIPL art. 47(1)", "case_closed", 730, KEY),
    _keep("invitation_name", SECURITY, "PIPL art. 47(1)", "used_or_expired", 0, ERASED),
    _keep("session", SECURITY, "PIPL art. 51", "expired", 180, ERASED),
    _keep("sensitive", CONSENT, "PIPL art. 29 and 47", "case_closed", 365, KEY),
    _keep("picture", CLAIMS, "Civil Code art. 188", "case_closed", 1_095, ERASED),
    _keep("message", CLAIMS, "Civil Code art. 188", "case_closed", 1_095, ERASED),
    _keep("erasure_words", CLAIMS, "Civil Code art. 188", "asked", 1_095, ERASED),
    _keep("full_bundle", SECURITY, "PIPL art. 6", "made", 30, ERASED),
    _keep("access_log", SECURITY, "PIPL art. 51 and 56", "written", 1_095, ERASED),
    _keep(
        "record",
        DUTY,
        "Accounting Archives Measures art. 14 (30 years)",
        "case_closed",
        10_957,
        OVER,
    ),
)
"""By what is erased first. `record`: events, ballots, payments, the words of complaints and their answers.

In the record an official stands under the name of that day. It is everybody's as long as the name is
(`official_name`); then, or once its person has had it erased, whoever audits reads it and nobody else.
"""
NAMES = tuple(each.kind for each in KINDS if each.kind.endswith("_name") and each.end is KEY)
"""The holds of a person's name: it goes when the last of them is over."""
_SETTING = re.compile(r"([a-z_]+)=([0-9]{1,5})")


def read_periods(text: str) -> Mapping[str, int]:
    """The days of each kind by a setting like "contact_of_case=365,account=90"; the others as above.

    Raises:
        ValueError: no such kind, no number of days, or fewer than the law lets be.
    """
    days = {each.kind: each.days for each in KINDS}
    for part in filter(None, (each.strip() for each in text.split(","))):
        found = _SETTING.fullmatch(part)
        if found is None or found[1] not in days:
            known = ", ".join(days)
            raise ValueError(f"{part[:40]!r} is not KIND=DAYS with a kind of: {known}")
        number = int(found[2])
        if not LEAST_DAYS.get(found[1], 0) <= number <= LONGEST_DAYS:
            least = LEAST_DAYS.get(found[1], 0)
            raise ValueError(f"{found[1]} is kept from {least} to {LONGEST_DAYS} days")
        days[found[1]] = number
    return days


def period_of(kind: str, periods: Mapping[str, int]) -> timedelta:
    """How long a kind is kept after its start."""
    return timedelta(days=periods[kind])
