"""What came of it: the survey in sums, the evaluation beside its targets, the settlement of a stopped case."""

from collections.abc import Mapping

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables import Evaluation, Refund, Renovation, Scheme
from models.values.base import Carried
from models.values.feedback import SATISFIED_SCORE, Measurement
from models.values.scheme import SchemeContent
from models.values.states import RenovationState, Stage
from rules.feedback import compare_with_target, shown_cells
from rules.voting import pack_for
from runtime.ledger.net import NET_PAID
from service.reading.works import TerminationView, list_contracts
from service.situation import Situation

SCORES = text("""
SELECT score, count(*) AS households
FROM (SELECT number FROM unit WHERE estate_id = :estate AND kind = ANY(:kinds)) asked
LEFT JOIN (SELECT DISTINCT ON (unit_number) unit_number, score FROM survey_answer
           WHERE renovation_id = :renovation
           ORDER BY unit_number, recorded_at DESC, command_id DESC) last ON unit_number = number
GROUP BY score
""")
"""Who was asked, by their last answers; no score is no answer."""
CHARGED = text(f"""
WITH net AS ({NET_PAID}),
paid AS (SELECT unit_number, sum(amount_fen) AS fen FROM payment WHERE renovation_id = :rid GROUP BY unit_number),
late AS (SELECT unit_number, sum(amount_fen) AS fen FROM late_fee WHERE renovation_id = :rid GROUP BY unit_number),
line AS (
  SELECT s.amount_fen AS charged, coalesce(paid.fen, 0) AS paid,
    greatest(s.amount_fen + coalesce(late.fen, 0) - coalesce(net.fen, 0), 0) AS debt
  FROM share_total s LEFT JOIN paid USING (unit_number) LEFT JOIN net USING (unit_number)
    LEFT JOIN late USING (unit_number)
  WHERE s.renovation_id = :rid AND s.basis = 'settlement')
SELECT count(*) AS units, coalesce(sum(charged), 0) AS charged, coalesce(sum(paid), 0) AS paid,
  count(*) FILTER (WHERE debt > 0) AS debtors, coalesce(sum(debt), 0) AS debts FROM line
""")  # noqa: S608 - our own text
"""What the settlement charges; a debt is what a home owes of it and of its late fees, less what it has paid and not got back."""


class SurveyCell(Carried):
    """How many households gave a score; null where so few did that one could be guessed."""

    score: int
    households: int | None


class SurveyView(Carried):
    """The survey in sums; of each household its last answer counts. No cell before it is over."""

    running: bool
    asked: int
    answers: int
    cells: tuple[SurveyCell, ...] = ()


class IndicatorView(Carried):
    """An indicator beside its target, as fractions; `met` is null where no target was set.

    A denominator of 0 says that there was nothing to measure; `missing` was asked and not answered.
    """

    indicator: str
    numerator: int
    denominator: int
    missing: int
    target_numerator: int
    target_denominator: int
    met: bool | None


class SettlementView(Carried):
    """What a stopped renovation leaves behind, summed over the units, in fen."""

    state: RenovationState
    units: int
    """Units with a charge of the settlement."""
    charged_fen: int
    paid_fen: int
    refunds: int
    refunds_fen: int
    refunds_ordered_fen: int
    debtors: int
    debts_fen: int
    terminations: tuple[TerminationView, ...] = ()


async def load_survey(session: AsyncSession, situation: Situation) -> SurveyView:
    """The survey of a renovation in sums; empty before it was opened."""
    waits = await session.scalar(
        select(Renovation.waiting_for).where(
            Renovation.id == situation.id, Renovation.stage == Stage.FEEDBACK
        )
    )
    kinds = pack_for(situation.rule_pack).counted_kinds
    given = {"renovation": situation.id, "estate": situation.estate_id, "kinds": list(kinds)}
    counts = {row.score: int(row.households) for row in await session.execute(SCORES, given)}
    asked = sum(counts.values())
    counts.pop(None, None)
    running = waits == "survey"
    return SurveyView(
        running=running,
        asked=asked,
        answers=sum(counts.values()),
        cells=() if running or not counts else _cells(counts),
    )


def _cells(counts: Mapping[int, int]) -> tuple[SurveyCell, ...]:
    """By score. The evaluation says how many are satisfied, so either side of it hides by itself."""
    every = {score: counts.get(score, 0) for score in range(1, 6)}
    sides = (
        {score: n for score, n in every.items() if (score >= SATISFIED_SCORE) is satisfied}
        for satisfied in (False, True)
    )
    shown = {score: n for side in sides for score, n in shown_cells(side).items()}
    return tuple(SurveyCell(score=score, households=shown[score]) for score in every)


async def list_indicators(session: AsyncSession, renovation_id: str) -> tuple[IndicatorView, ...]:
    """Every indicator of the last evaluation, by name; none before there was one."""
    query = select(Scheme.content).where(Scheme.renovation_id == renovation_id)
    content = await session.scalar(query.order_by(Scheme.version.desc()).limit(1))
    targets = () if content is None else SchemeContent.model_validate(content).targets
    demanded = {each.indicator: each for each in targets}
    rows = await session.scalars(
        select(Evaluation)
        .where(Evaluation.renovation_id == renovation_id)
        .order_by(Evaluation.indicator)
    )
    views = []
    for row in rows:
        measured = Measurement.model_validate(row, from_attributes=True)
        target = demanded.get(row.indicator)
        met = None if target is None else compare_with_target((measured,), target).met
        named = {name: getattr(row, name) for name in IndicatorView.model_fields if name != "met"}
        views.append(IndicatorView(**named, met=met))
    return tuple(views)


async def load_settlement(session: AsyncSession, situation: Situation) -> SettlementView:
    """The settlement in sums; zero while nothing is settled. A home reads its own in its household."""
    rid = situation.id
    charged = (await session.execute(CHARGED, {"rid": rid})).one()
    back = (
        await session.execute(
            select(
                func.count().label("refunds"),
                func.coalesce(func.sum(Refund.amount_fen), 0).label("fen"),
                func.coalesce(func.sum(Refund.ordered_fen), 0).label("ordered"),
            ).where(Refund.renovation_id == rid)
        )
    ).one()
    contracts = await list_contracts(session, rid)
    return SettlementView(
        state=situation.state,
        units=charged.units,
        charged_fen=int(charged.charged),
        paid_fen=int(charged.paid),
        refunds=back.refunds,
        refunds_fen=int(back.fen),
        refunds_ordered_fen=int(back.ordered),
        debtors=charged.debtors,
        debts_fen=int(charged.debts),
        terminations=tuple(each.termination for each in contracts if each.termination is not None),
    )
