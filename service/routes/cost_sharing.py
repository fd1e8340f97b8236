"""Cost sharing (费用分摊): the bank reports what it received; a home reads its own share."""

from fastapi import APIRouter

from service.bodies import Accepted, ImportStatement, ReportPayments
from service.residents import payments, statements
from service.residents.household import HouseholdView, load_household
from service.residents.statements import StatementView
from service.routes.dependencies import (
    CaseSituation,
    CurrentPaymentProvider,
    CurrentVoter,
    RunningParts,
)

router = APIRouter(prefix="/v1/renovations/{renovation_id}", tags=["cost sharing"])


@router.post("/payments", status_code=201)
async def report_payments(
    situation: CaseSituation,
    provider: CurrentPaymentProvider,
    command: ReportPayments,
    parts: RunningParts,
) -> Accepted:
    """Book 1 to 1,000 payments, all or none; only a payment provider may. Money in fen."""
    return await payments.report_payments(parts, situation, provider, command)


@router.post("/statements")
async def import_statement(
    situation: CaseSituation,
    provider: CurrentPaymentProvider,
    command: ImportStatement,
    parts: RunningParts,
) -> StatementView:
    """Look at a bank statement, or book what of it is for a unit; the same file twice changes nothing.

    What names no unit stays unmatched until somebody assigns it. Only a payment provider may. Money in fen.
    """
    return await statements.import_statement(parts, situation, provider, command)


@router.get("/household")
async def read_household(
    situation: CaseSituation, voter: CurrentVoter, parts: RunningParts
) -> HouseholdView:
    """What the own home owes as computed today and why, has paid, has said and was answered; no other home's."""
    async with parts.database.session() as session:
        return await load_household(session, situation, voter.unit_number)
