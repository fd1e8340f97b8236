"""Who may do an official act: role x place x stage (rules.md section 6), and not on one's own work.

Where no text of law names who acts, the roles are a proposal of this project, marked [D].
"""

from collections.abc import Iterable

from models.messages.acts import ACTS
from models.values.actor import RESIDENTS, Actor, Role
from models.values.base import Carried
from models.values.refusal import refusal
from models.values.states import ENDING_STATES

WARRANTY = "warranty"
"""The part of its course after the stages."""


class Grant(Carried):
    """An actor may act in `role` for the place with this path ("district/street/…") and below."""

    actor_id: str
    label: str
    role: Role
    place: str
    on_behalf_of: str | None = None
    """The firm for which a person acts, which is who holds the role."""


def acts_as(grants: Iterable[Grant]) -> frozenset[str]:
    """Every id on record under which somebody with these roles acts: the own one, and those of firms."""
    return frozenset(name for each in grants for name in (each.actor_id, each.on_behalf_of) if name)


class Authority(Carried):
    """Who may do an act, and by which provision."""

    roles: frozenset[Role]
    article: str


_CONVENERS = frozenset({Role.OWNERS_COMMITTEE, Role.RESIDENTS_COMMITTEE, Role.STREET_OFFICE})
_TENDERER = frozenset({Role.OWNERS_COMMITTEE, Role.STREET_OFFICE, Role.DISTRICT_BUREAU})
_GOVERNMENT = frozenset({Role.STREET_OFFICE, Role.DISTRICT_BUREAU})
_VOTE_SUPERVISORS = frozenset({Role.RESIDENTS_COMMITTEE, Role.STREET_OFFICE})
_SUPERVISION = frozenset({Role.SUPERVISOR, Role.CHIEF_SUPERVISOR})


def _by(roles: frozenset[Role] | Role, article: str) -> Authority:
    given = frozenset({roles}) if isinstance(roles, Role) else roles
    return Authority(roles=given, article=article)


ROLES_OF_ACT: dict[str, Authority] = {
    "open_vote": _by(
        _CONVENERS,
        "Property Management Regs art. 15; Shandong art. 28 (the street office in default)",
    ),
    "import_official_result": _by(
        _VOTE_SUPERVISORS,
        "Weifang PM Regs art. 32 (the residents' committee supervises the vote); otherwise [D]",
    ),
    "revise_scheme": _by(_CONVENERS, "[D] whoever convenes the vote proposes what is voted on"),
    "answer_objection": _by(
        _CONVENERS | _GOVERNMENT,
        "Tendering Regs art. 54 (the tenderer); otherwise [D]",
    ),
    "grant_subsidy": _by(_GOVERNMENT, "Shandong art. 77 (the government subsidises)"),
    "decline_subsidy": _by(_GOVERNMENT, "Shandong art. 77 (the government subsidises)"),
    "cut_subsidy": _by(_GOVERNMENT, "Shandong art. 77 (the government subsidises); [D] rules E15"),
    "join_late": _by(_CONVENERS, "[D] rules E19"),
    "approve_relief": _by(_GOVERNMENT, "[D] hardship, rules 2.5"),
    "decide_collection": _by(_CONVENERS, "[D] non-payers, E13"),
    "publish_tender": _by(_TENDERER, "Tendering Law art. 16 (the tenderer)"),
    "clarify_tender": _by(_TENDERER, "Tendering Law art. 23 (the tenderer)"),
    "record_evaluation": _by(Role.EVALUATOR, "Tendering Law art. 37, 40"),
    "approve_direct_award": _by(_GOVERNMENT, "[D] approval route, B-20"),
    "withdraw_candidate": _by(
        _TENDERER | {Role.CONTRACTOR},
        "Tendering Regs art. 55 (the candidate gives up, or the tenderer strikes it out)",
    ),
    "award_contract": _by(_TENDERER, "Tendering Law art. 40, 45 (the tenderer)"),
    "sign_contract": _by(_TENDERER, "Tendering Law art. 46 (the tenderer)"),
    "rule_on_signature": _by(
        _GOVERNMENT,
        "[D] whoever supervises the tender, Tendering Law art. 7; not who gave the award",
    ),
    "report_progress": _by(
        _SUPERVISION | {Role.CONTRACTOR},
        "Quality Regs art. 26, 36 (who builds, and who supervises)",
    ),
    "report_item": _by(Role.CONTRACTOR, "Quality Regs art. 30"),
    "record_inspection": _by(_SUPERVISION, "Quality Regs art. 37"),
    "report_rectified": _by(Role.CONTRACTOR, "Quality Regs art. 32"),
    "accept_works": _by(Role.CHIEF_SUPERVISOR, "Quality Regs art. 37(2)"),
    "approve_payment": _by(_TENDERER, "[D] the client pays, after Quality Regs art. 37(2)"),
    "block_payments": _by(_TENDERER, "[D] rules E17"),
    "unblock_payments": _by(_TENDERER, "[D] rules E17"),
    "pay_wages": _by(_TENDERER, "[D] rules E41"),
    "terminate_contract": _by(_TENDERER, "Civil Code art. 563, 565, 806 (the client)"),
    "measure_works": _by(Role.CHIEF_SUPERVISOR, "Quality Regs art. 37(2)"),
    "release_retention": _by(_TENDERER, "Jianzhi 2017 no. 138 art. 11 (the client returns it)"),
    "resolve_ticket": _by(
        frozenset({Role.GRID_WORKER, Role.RESIDENTS_COMMITTEE}) | _GOVERNMENT,
        "Weifang Hotline Regs art. 20; the ladder is [D], rules 5.2",
    ),
    "confirm_ticket": _by(
        frozenset({Role.OWNER, Role.RESIDENT}),
        "Weifang Hotline Regs art. 14, 25 (whoever complained rates)",
    ),
    "cancel_renovation": _by(_GOVERNMENT, "[D] the office that organises it stops it, E42"),
    "correct_renovation": _by(
        _GOVERNMENT, "[D] the office that organises it keeps its record right"
    ),
    "suspend_renovation": _by(
        _GOVERNMENT,
        "Property Management Regs art. 19; Weifang PM Regs art. 39; [D] rules E6",
    ),
    "extend_period": _by(
        _GOVERNMENT, "Tendering Regs art. 21; [D] the office that organises it gives time"
    ),
    "order_correction": _by(
        _GOVERNMENT, "Property Management Regs art. 19; Weifang PM Regs art. 39"
    ),
    "lift_correction": _by(
        _GOVERNMENT, "[D] whoever may order a correction may take the order back"
    ),
    "report_corrected": _by(
        frozenset(
            {Role.OWNERS_COMMITTEE, Role.RESIDENTS_COMMITTEE, Role.CONTRACTOR, Role.SUPERVISOR}
        ),
        "[D] whom the order addresses",
    ),
    "annul_vote": _by(
        _GOVERNMENT,
        "Property Management Regs art. 19; Weifang PM Regs art. 39; [D] rules E6",
    ),
    "reassign_act": _by(
        _GOVERNMENT, "[D] the office that organises it says whose turn it is, rules 5.2"
    ),
    "resume_renovation": _by(
        _GOVERNMENT,
        "Property Management Regs art. 19; Weifang PM Regs art. 39; [D] rules E6",
    ),
}
"""Every official act with the roles that may do it; an act that is missing here is nobody's."""

ROLES_OF_WRITE: dict[str, Authority] = {
    "rule_on_ballots": _by(
        _VOTE_SUPERVISORS, "Weifang PM Regs art. 32 (the residents' committee is there); [D]"
    ),
    "enter_paper": _by(_CONVENERS, "[D] two vote supervisors (监票人) sign the count sheet, 1.4.4"),
    "register_mandate": _by(_CONVENERS, "Civil Code art. 165; who keeps the register is [D]"),
    "confirm_proposal": _by(_CONVENERS, "[D] a second person, see rules.four_eyes"),
    "withdraw_proposal": _by(
        _CONVENERS | _GOVERNMENT,
        "[D] whoever proposes takes it back, and whoever confirms may turn it down",
    ),
    "record_visits": _by(
        frozenset({Role.GRID_WORKER, Role.RESIDENTS_COMMITTEE}), "[D] the grid worker goes round"
    ),
    "record_attendance": _by(
        _CONVENERS, "[D] whoever convenes the meeting keeps the list of who came"
    ),
    "cast_for_portal": _by(Role.CITY_PORTAL, "[D] the portal vouches for its citizens"),
    "replace_owner": _by(_CONVENERS, "[D] whoever keeps the roll logs a sale, 1.4.1"),
    "import_roll": _by(_CONVENERS, "[D] whoever keeps the roll; before a case is opened too"),
    "receive_cash": _by(_CONVENERS, "[D] two of them count it, each with the own account"),
    "assign_sum": _by(
        _CONVENERS, "Civil Code art. 985 (what nobody owed goes back); that two decide, is [D]"
    ),
    "issue_letters": _by(_CONVENERS, "[D] whoever keeps the roll sends the letters"),
    "hand_letter": _by(
        _CONVENERS, "[D] four eyes: another one of them than who made the letter hands it out"
    ),
    "publish_picture": _by(
        _CONVENERS, "[D] P-7: whoever convenes looks at it before everybody does"
    ),
    "move_clock": _by(_CONVENERS, "[D] whoever convenes a training case leads it"),
    "remind": _by(_CONVENERS, "[D] whoever convenes the vote reminds of it"),
    "write_down_suggestion": _by(
        _CONVENERS | {Role.GRID_WORKER},
        "Binzhou Grid Regs art. 11 (the grid worker takes opinions in); otherwise [D]",
    ),
    "review_suggestion": _by(_CONVENERS, "[D] whoever answers for what is posted in the estate"),
    "answer_suggestion": _by(
        _CONVENERS | {Role.DISTRICT_BUREAU},
        "Shanghai People's Suggestions Provisions (whoever it concerns replies); who that is, is [D]",
    ),
    "read_evidence": _by(
        Role.AUDITOR, "Weifang PM Regs art. 32; P-5: the list of ballots on request, under log [D]"
    ),
    "read_access": _by(Role.AUDITOR, "PIPL art. 51 and 54: who has read is audited"),
    "erase_person": _by(
        frozenset({Role.RESIDENTS_COMMITTEE, Role.ADMINISTRATOR}) | _GOVERNMENT,
        "PIPL art. 47 and 50; who takes the request is [D], two of them for somebody without an account",
    ),
    "read_sensitive": _by(_GOVERNMENT, "PIPL art. 28-29; whoever decides on relief, rules 2.5 [D]"),
    "follow_notices": _by(
        _CONVENERS, "[D] whoever convenes sees what arrived, and sends again what did not"
    ),
}
"""Who may write beside the official acts; none of them sees a choice of a vote."""


def part_of_case(stage: str, state: str) -> str:
    """The part of its course in which a case is, as acts name it: one of the stages, or the warranty.

    What has stopped is in the warranty too, while its money comes to its end.
    """
    return WARRANTY if state in ENDING_STATES else stage


def check_act(
    act_name: str, stage_of_renovation: str, grants: tuple[Grant, ...], place_path: str
) -> Actor:
    """The actor, in the capacity that allows the act; of several, the one of the narrowest place.

    `grants` are those of one person; `place_path` is the renovation's.

    Raises:
        Refused: `authority.unknown_act`, `authority.wrong_role`, `authority.outside_place` or
            `authority.wrong_stage`.
    """
    act, authority = ACTS.get(act_name), ROLES_OF_ACT.get(act_name)
    if act is None or authority is None:
        raise refusal("authority.unknown_act", act=act_name)
    in_role = [grant for grant in grants if grant.role in authority.roles]
    if not in_role:
        roles = ", ".join(sorted(authority.roles))
        raise refusal("authority.wrong_role", act=act_name, roles=roles)
    here = [grant for grant in in_role if covers(grant.place, place_path)]
    if not here:
        places = ", ".join(sorted({grant.place for grant in in_role}))
        raise refusal("authority.outside_place", act=act_name, places=places, place=place_path)
    if act.stage and stage_of_renovation not in (act.stage, *act.also):
        raise refusal(
            "authority.wrong_stage", act=act_name, stage=act.stage, now=stage_of_renovation
        )
    return acting(max(here, key=lambda each: each.place.count("/")))


def acting(grant: Grant) -> Actor:
    """Whoever holds a grant, in its capacity."""
    return Actor(
        id=grant.actor_id,
        role=grant.role,
        label=grant.label,
        place=grant.place,
        on_behalf_of=grant.on_behalf_of,
    )


def check_again(
    act_name: str,
    stage_of_renovation: str,
    actor: Actor,
    grants: tuple[Grant, ...],
    place_path: str,
) -> None:
    """Whether an actor who was let in still may do the act, in the same capacity.

    A resident has no role on any list: whose complaint it is, was asked at the door and is signed.

    Raises:
        Refused: what `check_act` refuses, or `authority.not_granted`.
    """
    if actor.role in RESIDENTS:
        grants = (
            Grant(
                actor_id=actor.id,
                label=actor.label,
                role=actor.role,
                place=actor.place,
                on_behalf_of=actor.on_behalf_of,
            ),
        )
    held = tuple(
        each for each in grants if acting(each).model_copy(update={"label": actor.label}) == actor
    )
    if not held:
        raise refusal("authority.not_granted", act=act_name, role=actor.role, place=actor.place)
    check_act(act_name, stage_of_renovation, held, place_path)


def covers(place: str, path: str) -> bool:
    """Is `path` the place or below it, segment by segment? "d/s1" does not cover "d/s10"."""
    own = place.split("/")
    return bool(place) and path.split("/")[: len(own)] == own
