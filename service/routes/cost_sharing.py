"""Cost sharing (费用分摊): the bank reports what it received."""

from fastapi import APIRouter

from service.bodies import Accepted, ReportPayments
from service.http.dependencies import CaseSituation, CurrentPaymentProvider, RunningParts
from service.residents import payments

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
