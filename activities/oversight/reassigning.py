"""An act that is awaited is another one's to do: of those who may do it, one is awaited and reminded from now on.

Who else may do it by law still may. Whoever it is put to has the full time of the timetable from now on [D],
unless the engine acts at the end of the period by a rule of its own: that stays where it is.
"""

from collections.abc import Sequence

from activities.oversight.suspending import AtRest, line_of, load_agenda, refuse_at_its_end
from activities.recording import Case, Writer, writes
from models.messages.acts import ACTS, ReassignAct
from models.messages.journey import Reassigned
from models.values.refusal import refusal
from models.values.waits import REMINDING, Consequence
from rules import oversight as law
from rules.authority import ROLES_OF_ACT
from runtime.record.journal import Recorded


class Reassignments(Writer):
    """Writes who is awaited in another one's place."""

    @writes("Reassignments.reassign", event=law.REASSIGNED, into=Reassigned)
    async def reassign(self, case: Case, act: ReassignAct) -> Recorded[Reassigned]:
        """The line of the agenda names another one. Refused: nobody is awaited for that, that role may not
        do it, or is awaited alone already.
        """
        await refuse_at_its_end(case)
        agenda = await load_agenda(case)
        wait = _awaited(case, act, agenda)
        after = wait.model_copy(update={"who": act.role.value})
        if wait.consequence in REMINDING or wait.late_since is not None:
            until = case.due(wait.what, case.now)
            anew = {
                "due_at": until,
                "consequence": Consequence.REMINDED if until else wait.consequence,
            }
            after = after.model_copy(update={**anew, "late_since": None, "level": ""})
        case.agenda[wait.workflow_id] = tuple(
            line_of(after if each == wait else each)
            for each in agenda
            if each.workflow_id == wait.workflow_id
        )
        if case.renovation.waiting_for == wait.what:
            case.renovation.due_at = after.due_at
        case.notify(act.role.value, "act_reassigned", what=wait.what)
        return Recorded(
            Reassigned(waiting=(wait.workflow_id,)),
            {
                "act": wait.what,
                "subject": wait.subject,
                "was_with": [*wait.who.split(", ")],
                "addressee": act.role,
                "before": None if wait.due_at is None else wait.due_at.isoformat(),
                "until": None if after.due_at is None else after.due_at.isoformat(),
                "article": ROLES_OF_ACT[wait.what].article,
                "reason": act.reason,
            },
        )


def _awaited(case: Case, act: ReassignAct, agenda: Sequence[AtRest]) -> AtRest:
    """The line of the agenda that the act names."""
    if act.act not in ACTS or act.role not in ROLES_OF_ACT[act.act].roles:
        raise refusal("oversight.role_may_not", where="role", act=act.act, role=act.role)
    for wait in agenda:
        if wait.what == act.act and act.subject in ("", wait.subject):
            if wait.who == act.role:
                raise refusal("oversight.awaited_already", where="role", role=act.role)
            return wait
    raise refusal("oversight.not_awaited", where=case.renovation.id, what=act.act)
