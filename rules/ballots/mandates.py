"""Mandates (授权委托): who may stand for how many owners, for what, how long, and bound to what.

Civil Code art. 165: a written authority names the agent, the matters, the powers and the period.
An owner acting for others holds at most so many (Weifang art. 32: three), and votes as instructed
(Shanghai art. 18). Rule book V-CN-7. Who votes in person takes the mandate back (`rules.ballots.states`).
"""

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from math import floor
from typing import NamedTuple

from models.values.decisions.rules import Cap
from models.values.refusal import Problem, problem
from models.values.voting import Motion, VotingPack
from proof.canonical import framed
from rules.ballots.ballot import Answer, Choices, choice_problems, plain_ballot
from rules.voting.caps import mandates_allowed
from rules.voting.live.beside import Weight

_AGENT = b"gongjian/mandate/agent"
_INSTRUCTION = b"gongjian/mandate/instruction"
_COMMAND = b"gongjian/mandate/command"


class Mandated(NamedTuple):
    """One mandate of a vote as the law looks at it. Case time."""

    id: str
    entry_id: str
    agent_id: str
    motions: tuple[str, ...]
    valid_from: datetime
    valid_until: datetime
    revoked: bool = False
    voted: bool = False
    """A ballot was cast on it while it stood."""


def mandate_limit(pack: VotingPack, cap: Cap | None = None, lots: int = 0) -> int | None:
    """How many owners one agent may stand for; None where no text says.

    The pack's fixed number, or a cap by the lots (Singapore: two, or 2 % of the lots if more).
    """
    if cap is not None:
        return mandates_allowed(cap, lots)
    return pack.mandates_per_agent


def held_by(agent_id: str, register: Sequence[Mandated]) -> int:
    """How many owners an agent stands for; one that was voted on and then taken back counts on."""
    return len(entries_held_by(agent_id, register))


def entries_held_by(agent_id: str, register: Sequence[Mandated]) -> frozenset[str]:
    """The owners an agent stands for, by their entries on the roll, as `held_by` counts them."""
    return frozenset(
        each.entry_id
        for each in register
        if each.agent_id == agent_id and (not each.revoked or each.voted)
    )


def carried_problems(caps: Sequence[Cap], carried: Weight, roll: Weight) -> tuple[Problem, ...]:
    """Why an agent may not carry so much: Taiwan counts nothing beyond a fifth of all (art. 27).

    `carried` is what the agent's owners weigh with the new one. What would not be counted is not
    entrusted: the owner names somebody else. Whole owners are carried, so the part is in heads and in
    shares; shares that the roll does not know limit nothing.
    """
    return tuple(
        problem(
            "mandate.carries_too_much",
            where="agent",
            unit=unit,
            have=have,
            most=floor(cap.fraction * all_),
            article=cap.article,
        )
        for cap in caps
        if cap.kind == "fraction_of_all"
        for unit, have, all_ in (
            ("heads", carried.heads, roll.heads),
            ("shares", carried.shares, roll.shares),
        )
        if all_ and have > cap.fraction * all_
    )


def registration_problems(
    new: Mandated,
    instructions: Choices,
    motions: Mapping[str, Motion],
    register: Sequence[Mandated],
    limit: int | None,
    now: datetime,
) -> tuple[Problem, ...]:
    """Why a mandate cannot be entered in the register; everything at once."""
    problems: list[Problem] = []
    known = ", ".join(sorted(motions))
    problems += (
        problem("voting.motion_unknown", where="motions", motion=name, motions=known)
        for name in new.motions
        if name not in motions
    )
    problems += (
        problem("mandate.not_covered", where="instructions", motion=name)
        for name in instructions
        if name not in new.motions
    )
    bound = {name: answer for name, answer in instructions.items() if name in motions}
    problems += choice_problems(motions, bound, "proxy")
    if new.valid_until <= new.valid_from or new.valid_until <= now:
        problems.append(problem("mandate.period", where="valid_until"))
    if any(each.entry_id == new.entry_id and not each.revoked for each in register):
        problems.append(problem("mandate.already_given", where="unit_number"))
    if limit is not None and held_by(new.agent_id, register) >= limit:
        problems.append(problem("mandate.too_many", where="agent", limit=limit))
    return tuple(problems)


def ballot_problems(
    mandate: Mandated, choices: Choices, obeyed: Mapping[str, bool], now: datetime
) -> tuple[Problem, ...]:
    """Why an agent's ballot is refused; never what the owner has instructed.

    `obeyed` has each motion on which the agent is bound, and whether the ballot says so; a bound
    motion that is left out is not obeyed.
    """
    if mandate.revoked:
        return (problem("mandate.revoked"),)
    if not mandate.valid_from <= now < mandate.valid_until:
        params: dict[str, str | int] = {
            "from": mandate.valid_from.isoformat(),
            "until": mandate.valid_until.isoformat(),
        }
        return (Problem(code="mandate.not_in_force", params=params),)
    return (
        *(
            problem("mandate.not_covered", where=f"choices.{name}", motion=name)
            for name in choices
            if name not in mandate.motions
        ),
        *(
            problem("mandate.against_instruction", where=f"choices.{name}", motion=name)
            for name, good in obeyed.items()
            if not good
        ),
    )


def agent_id_of(key: bytes, renovation_id: str, identity: str) -> str:
    """What stands for an agent in one renovation: the same document number is the same agent."""
    number = "".join(identity.split()).upper()
    digest = hmac.digest(key, framed(_AGENT, renovation_id.encode(), number.encode()), "sha256")
    return f"agent-{digest.hex()[:32]}"


def instruction_digest(key: bytes, mandate_id: str, motion: str, answer: Answer) -> str:
    """Hex of 32 bytes that bind an instruction; without the key they say nothing."""
    words = plain_ballot({motion: answer})
    return hmac.digest(key, framed(_INSTRUCTION, mandate_id.encode(), words), "sha256").hex()


def instructions_obeyed(
    key: bytes, mandate_id: str, instructions: Mapping[str, str], choices: Choices
) -> dict[str, bool]:
    """For each motion on which the agent is bound, whether the ballot says what it must."""
    return {
        motion: motion in choices
        and hmac.compare_digest(
            digest, instruction_digest(key, mandate_id, motion, choices[motion])
        )
        for motion, digest in instructions.items()
    }


def proxy_command(key: bytes, mandate_id: str, command_id: str) -> str:
    """The ballot's command id: the agent's own, which no other voter can take or meet."""
    digest = hmac.digest(key, framed(_COMMAND, mandate_id.encode(), command_id.encode()), "sha256")
    return f"proxy.{digest.hex()[:40]}"
