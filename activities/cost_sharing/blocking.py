"""Payments are blocked, because signatories have changed or the account is frozen, and freed again (E17)."""

from pydantic import JsonValue
from sqlalchemy import delete, select

from activities.recording import Case, Writer, writes
from models.messages.acts import BlockPayments, UnblockPayments
from models.messages.ids import renovation_workflow_id
from models.messages.journey import PaymentsBlocked
from models.tables import CaseWait
from models.values.ledger import ESCROW
from models.values.refusal import refusal
from models.values.states import ENDING_STATES, OPEN_STATES
from models.values.waits import ACCOUNTS, ACCOUNTS_SETTLED, BLOCKED, at_work
from rules.ledger import left_after
from runtime.ledger.blocks import is_blocked
from runtime.ledger.booking import key_of
from runtime.ledger.refunds import load_going_out, load_open_accounts
from runtime.record.agenda import add_waits
from runtime.record.journal import Recorded

BEGUN, OVER = "cost_sharing.payments_blocked", "cost_sharing.payments_unblocked"


class Blocks(Writer):
    """Writes that no money goes out, and that it does again."""

    @writes("Blocks.begin", event=BEGUN, into=PaymentsBlocked)
    async def begin(self, case: Case, act: BlockPayments) -> Recorded[PaymentsBlocked]:
        """From now on nothing goes out but wages; whoever may free the payments is awaited, and reminded.

        Refused: they are blocked already.
        """
        _refuse_when_over(case)
        if await is_blocked(case.session, case.renovation.id):
            raise refusal("cost_sharing.payments_blocked", where=case.renovation.id)
        own = renovation_workflow_id(case.renovation.id)
        wait = case.wait(BLOCKED, since=case.now)
        await add_waits(case.session, case.renovation.id, own, [wait], case.now)
        case.notify("committee", "payments_blocked")
        case.notify("contractor", "payments_blocked")
        return Recorded(
            PaymentsBlocked(blocked=True),
            {
                "ground": act.ground,
                "document": act.document,
                "reason": act.reason,
                "until": wait.due_at.isoformat() if wait.due_at else None,
            },
        )

    @writes("Blocks.end", event=OVER, into=PaymentsBlocked)
    async def end(self, case: Case, act: UnblockPayments) -> Recorded[PaymentsBlocked]:
        """Whatever may go out does, as far as there is money. Refused: nothing is blocked."""
        _refuse_when_over(case)
        rid = case.renovation.id
        if not await is_blocked(case.session, rid):
            raise refusal("cost_sharing.payments_not_blocked", where=rid)
        mine = (CaseWait.renovation_id == rid, CaseWait.what == BLOCKED)
        late = await case.session.scalar(select(CaseWait.late_since).where(*mine))
        await case.session.execute(delete(CaseWait).where(*mine))
        key = key_of(rid, case.command.command_id)
        at_end = case.renovation.state in ENDING_STATES
        case.transfers.extend(await load_going_out(case.session, rid, key, of_others=at_end))
        if at_end:
            await _end_if_settled(case)
        case.notify("committee", "payments_unblocked")
        case.notify("contractor", "payments_unblocked")
        said: dict[str, JsonValue] = {
            "document": act.document,
            "reason": act.reason,
            "late_since": None if late is None else late.isoformat(),
            "paid_out_fen": sum(transfer.amount_fen for transfer in case.transfers),
        }
        return Recorded(PaymentsBlocked(blocked=False), said)


def _refuse_when_over(case: Case) -> None:
    state = case.renovation.state
    if state not in OPEN_STATES:
        raise refusal("renovation.over", where=case.renovation.id, state=state)


async def _end_if_settled(case: Case) -> None:
    """With what goes out now the last account may be settled: then its workflow goes on."""
    rid, workflow_id = case.renovation.id, case.renovation.stage_workflow_id
    open_ = left_after(await load_open_accounts(case.session, rid), case.transfers)
    if any(fen > 0 and account != ESCROW for account, fen in open_.items()):
        return
    awaited = (CaseWait.workflow_id == workflow_id, CaseWait.what == ACCOUNTS)
    if await case.session.scalar(select(CaseWait.what).where(*awaited)) is not None:
        wait = at_work(ACCOUNTS_SETTLED, case.now)
        await add_waits(case.session, rid, workflow_id, [wait], case.now)
