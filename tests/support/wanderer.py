"""A journey by chance: everybody does something or nothing, the clock goes on, and it must end.

Everything is drawn from the seed. Refusals are what the rules are for; what must never happen is a
case that cannot go on.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from temporalio.client import WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from activities.healing.remembering import load_progress
from models.messages import acts as a
from models.messages.progress import Progress
from models.values.refusal import Refused
from models.values.scheme import SchemeContent
from models.values.states import OPEN_STATES
from runtime.database import Database
from runtime.record.audit import audit
from tests.support.estate import scheme_content
from tests.support.journey import (
    BUREAU,
    CHIEF,
    COMMITTEE,
    EVALUATOR,
    OTHER_SUPERVISOR,
    STREET,
    SUPERVISOR,
    JourneyDriver,
    builder,
    cleared_flags,
    codes,
    first_candidate,
    kept_back,
    settle_accounts,
)
from tests.support.record.told import assert_the_record_tells_the_rows

MOST_STEPS = 400
MOST_OF_ONE = 60
FAULTS = frozenset(
    {
        "act.broken",
        "act.held_back",
        "clock.busy",
        "clock.not_settled",
        "service.failed",
        "service.full",
        "service.not_confirmed",
        "service.not_running",
        "service.too_many_acts",
    }
)
"""Refusals that are no answers: somebody hangs, or something broke."""
Begin = Callable[..., Awaitable[JourneyDriver]]
Deed = Callable[["Wanderer"], Awaitable[None]]


START_S, LOOK_S = 30, 0.05
OF_THE_RUN_ALONE = {"tick", "paid_up", "settled", "seq", "folded_to"}
"""What a workflow hears by signal. `seq`: the last mark may be younger than the last answer."""


def compared(progress: Progress) -> dict[str, object]:
    return progress.model_dump(mode="json", exclude=OF_THE_RUN_ALONE)


async def asked(handle: WorkflowHandle[Any, Any], query: str) -> Any:
    """The answer of a workflow; the row names one a moment before it is started."""
    async with asyncio.timeout(START_S):
        while True:
            try:
                return await handle.query(query)
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
            await asyncio.sleep(LOOK_S)


async def assert_agrees(j: JourneyDriver) -> int:
    """Every workflow of the case that waits for something carries what the record gives; how many."""
    rows = await j.db.fetch(
        "SELECT DISTINCT workflow_id FROM case_wait WHERE renovation_id=$1 ORDER BY 1", j.rid
    )
    for row in rows:
        name = str(row["workflow_id"])
        live, restored = await _both(j, name)
        with suppress(TimeoutError):
            async with asyncio.timeout(START_S):
                # Whoever was told that a period was moved looks at the record a moment later.
                while live != restored:
                    await asyncio.sleep(LOOK_S)
                    live, restored = await _both(j, name)
        assert live == restored, name
    return len(rows)


async def _both(j: JourneyDriver, name: str) -> tuple[dict[str, object], dict[str, object]]:
    """The progress of a workflow as it carries it, and as the record gives it."""
    restored = await load_progress(j.parts.database, j.rid, name)
    handle = j.client.get_workflow_handle(name)
    live = type(restored).model_validate(await asked(handle, "progress_now"))
    return compared(live), compared(restored)


async def assert_every_wait_has_an_end(j: JourneyDriver) -> None:
    """Whoever is awaited is awaited until a moment, and then something happens; or they are late."""
    endless = await j.db.fetch(
        "SELECT workflow_id, what, who FROM case_wait WHERE renovation_id=$1 AND who <> ''"
        " AND late_since IS NULL AND (due_at IS NULL OR consequence = '')",
        j.rid,
    )
    assert not endless, [dict(row) for row in endless]


def scheme_of(seed: int) -> SchemeContent:
    """Every third case has a gap that somebody has to close."""
    content = scheme_content()
    return content if seed % 3 else too_dear(content)


def too_dear(content: SchemeContent) -> SchemeContent:
    """The owners may carry less than the works cost, and nothing can be left out."""
    cost = sum(item.cost_fen for item in content.items)
    return content.model_copy(update={"funding": (), "owners_limit_fen": cost - 500})


async def wander(journey: Begin, database: Database, seed: int) -> JourneyDriver:
    """A journey by chance that came to an end, left nothing, and has a clean record."""
    j = await journey(content=scheme_of(seed))
    wanderer = Wanderer(j, seed)
    state = await wanderer.go()
    told = "\n".join([f"seed {seed} ended as {state}", *wanderer.log])
    assert state in ("completed", "shelved", "cancelled"), told
    assert (await j.handle.result()).state == state, told
    left = await j.db.fetch("SELECT workflow_id, what FROM case_wait WHERE renovation_id=$1", j.rid)
    assert not left, f"{left}\n{told}"
    report = await audit(database, j.rid)
    assert report.ok, f"{report}\n{told}"
    troubles = await j.value("SELECT count(*) FROM case_trouble WHERE renovation_id=$1")
    assert not troubles, told
    await assert_the_record_tells_the_rows(j)
    return j


class Wanderer:
    """The people of one case, who act by chance."""

    def __init__(self, driver: JourneyDriver, seed: int) -> None:
        self.j, self.rng = driver, random.Random(f"wander-{seed}")
        self.above = random.Random(f"oversight-{seed}")
        """Of those who watch over the case, so that the others do what they have always done."""
        self.log: list[str] = []
        self.tickets: list[str] = []
        self.objections: list[tuple[str, str]] = []
        self._waiting, self._since = "", 0

    async def go(self) -> str:
        """Wander until the case has ended; the state it ended in."""
        for step in range(MOST_STEPS):
            await self.j.parts.clocks.settle(self.j.rid)
            row = await self.j.row()
            if row["state"] not in OPEN_STATES:
                await self._finish_tickets()
                return str(row["state"])
            await assert_agrees(self.j)
            await assert_every_wait_has_an_end(self.j)
            self._notice_if_stuck(str(row["waiting_for"]))
            self.log.append(f"{step}: {row['stage']} waits for {row['waiting_for']}")
            await self._something(str(row["waiting_for"]).partition(".")[0], step)
            await self.attempt(self._time)
        raise AssertionError("it never ended:\n" + "\n".join(self.log[-40:]))

    def _notice_if_stuck(self, waiting_for: str) -> None:
        """Somebody comes for everything in the end: a wait that nothing ends cannot be ended."""
        self._since = self._since + 1 if waiting_for == self._waiting else 0
        self._waiting = waiting_for
        if self._since > MOST_OF_ONE:
            raise AssertionError("nobody can end this:\n" + "\n".join(self.log[-12:]))

    async def _something(self, waiting_for: str, step: int) -> None:
        if step > MOST_STEPS * 3 // 4 or self.rng.random() < 0.005:
            await self.act(a.CancelRenovation, STREET, reason="nobody comes to an end")
            return
        if self.above.random() < 0.03:
            await self.act(a.SuspendRenovation, STREET, ground="authority", reason="looked into")
            return
        if self.above.random() < 0.01:
            ruled = {"annulled_by": "judgment", "document": "no. 9", "reason": "unlawful"}
            await self.act(a.AnnulVote, STREET, **ruled)
        if self.rng.random() < 0.05 and len(self.tickets) < 3:
            await self.attempt(self._complain)
        if self.tickets and self.rng.random() < 0.3:
            await self.attempt(self._care_for_a_ticket)
        stands_still = waiting_for == a.ResumeRenovation.name
        if self.objections and self.rng.random() < 0.6 and not stands_still:
            await self._answer()
        deed = DEEDS.get(waiting_for)
        if deed is not None and self.rng.random() < 0.8:
            await self.attempt(lambda: deed(self))

    async def _time(self) -> None:
        if self.rng.random() < 0.3:
            await self.j.days(self.rng.randrange(1, 30))
        else:
            await self.j.go_on()

    async def act(self, kind: type[a.Act], who: Any, /, **fields: Any) -> None:
        await self.attempt(lambda: self.j.act(kind, who, **fields))

    async def attempt(self, deed: Callable[[], Awaitable[object]]) -> None:
        """Try it; a refusal is noted, a fault is raised."""
        try:
            await deed()
        except Refused as refused:
            if FAULTS.intersection(codes(refused)):
                raise
            self.log.append(f"   refused: {codes(refused)}")

    async def post(self, path: str, credential: str, **body: Any) -> dict[str, Any] | None:
        """Send it over HTTP; a refusal is noted, a fault is raised."""
        answer = await self.j.post(path, credential, **body)
        assert answer.status_code < 500, answer.text
        if not answer.is_success:
            self.log.append(f"   refused: {answer.json()['code']}")
            return None
        found: dict[str, Any] = answer.json()
        return found

    def share(self) -> float:
        return self.rng.choice((0.3, 0.6, 0.8, 1.0, 1.0))

    async def _complain(self) -> None:
        unit = self.rng.choice(await self.j.units())
        opened = await self.post(
            "/tickets",
            self.j.voter(unit),
            unit_number=unit,
            kind="noise",
            text="loud",
            confidential=self.rng.random() < 0.5,
        )
        if opened:
            self.tickets.append(str(opened["id"]))

    async def _care_for_a_ticket(self) -> None:
        ticket = self.rng.choice(self.tickets)
        row = await self.j.db.fetchrow("SELECT * FROM ticket WHERE id=$1", ticket)
        if row["state"] == "resolved":
            unit = str(row["unit_number"])
            path = f"/tickets/{ticket}/confirmation"
            await self.post(path, self.j.voter(unit), satisfied=self.rng.random() < 0.6)
        elif row["state"] != "closed":
            await self.j.act(
                a.ResolveTicket, self.rng.choice((STREET, BUREAU)), ticket_id=ticket, answer="done"
            )

    async def _finish_tickets(self) -> None:
        """What is still open when the case has ended is answered in the end."""
        for ticket in self.tickets:
            for _ in range(12):
                state = await self.j.db.fetchval("SELECT state FROM ticket WHERE id=$1", ticket)
                if state == "closed":
                    break
                if state != "resolved":
                    await self.act(a.ResolveTicket, BUREAU, ticket_id=ticket, answer="done")
                await self.attempt(self.j.go_on)

    async def _object(self, subject: str) -> None:
        publication, objection = await self.j.object_to(subject, self.rng.randrange(12))
        self.objections.append((publication, objection))

    async def _answer(self) -> None:
        publication, objection = self.objections.pop()
        await self.act(
            a.AnswerObjection,
            self.rng.choice((STREET, COMMITTEE)),
            publication_id=publication,
            objection_id=objection,
            upheld=self.rng.random() < 0.3,
            answer="looked at",
        )


async def open_vote(w: Wanderer) -> None:
    await w.act(a.OpenVote, COMMITTEE)


async def resume(w: Wanderer) -> None:
    if w.above.random() < 0.7:
        await w.act(a.ResumeRenovation, BUREAU, reason="it was lawful")


async def vote(w: Wanderer) -> None:
    choice = w.rng.choice(("yes", "yes", "yes", "yes", "no", "abstain"))
    await w.j.cast(choice, w.share())


async def revise(w: Wanderer) -> None:
    """After a gap that nobody paid for an extra levy, else a word."""
    gap = await w.j.value(
        "SELECT count(*) FROM event WHERE renovation_id=$1 AND kind='cost_sharing.finished'"
        " AND details->>'outcome'='new_vote'"
    )
    cost = sum(item.cost_fen for item in scheme_content().items)
    fields = {"owners_limit_fen": cost} if gap else {"title": "smaller"}
    await w.act(a.ReviseScheme, COMMITTEE, reason="asked for", **fields)


async def find_money(w: Wanderer) -> None:
    if w.rng.random() < 0.2:
        await w.act(a.DeclineSubsidy, STREET, reason="none left")
    else:
        await w.act(a.GrantSubsidy, STREET, amount_fen=w.rng.choice((100, 500)), reason="some")


async def pay(w: Wanderer) -> None:
    await w.j.pay(w.rng.choice((300, 700, 1000, 1000)))


async def decide(w: Wanderer) -> None:
    decision = w.rng.choice(("start", "start", "wait", "shelve"))
    await w.act(a.DecideCollection, COMMITTEE, decision=decision, reason="so decided")


async def publish_tender(w: Wanderer) -> None:
    await w.act(a.PublishTender, STREET, causes="too few bidders; the notice goes to more")


async def bid(w: Wanderer) -> None:
    ceiling = await w.j.value(
        "SELECT ceiling_fen FROM tender WHERE renovation_id=$1 AND state='open'"
    )
    bids = [ceiling * (88 + 3 * number) // 100 for number in range(w.rng.choice((1, 3, 3, 4)))]
    tender = await w.j.value("SELECT id FROM tender WHERE renovation_id=$1 AND state='open'")
    if not await w.j.db.fetchval("SELECT count(*) FROM bid WHERE tender_id=$1", tender):
        await w.j.bid(*bids)


async def evaluate(w: Wanderer) -> None:
    cleared = await cleared_flags(w.j)
    await w.act(a.RecordEvaluation, EVALUATOR, report="price after price", cleared=cleared)


async def approve_direct(w: Wanderer) -> None:
    price = await w.j.value("SELECT min(ceiling_fen) FROM tender WHERE renovation_id=$1") * 9 // 10
    (firm,) = await w.j.firms(1)
    direct = {"bidder_id": firm, "price_fen": price, "reason": "two tenders failed"}
    await w.act(a.ApproveDirectAward, STREET, **direct)


async def award(w: Wanderer) -> None:
    bidder = await first_candidate(w.j)
    if w.rng.random() < 0.2:
        await w.act(a.WithdrawCandidate, STREET, bidder_id=bidder, reason="no capacity")
    else:
        await w.act(a.AwardContract, STREET, bidder_id=bidder)


async def sign(w: Wanderer) -> None:
    price = await w.j.value(
        "SELECT award.price_fen FROM award JOIN tender ON tender.id = award.tender_id"
        " WHERE tender.renovation_id=$1 AND award.state='awarded' ORDER BY tender.round DESC"
    )
    await w.act(a.SignContract, STREET, value_fen=price)


async def build(w: Wanderer) -> None:
    rows = await w.j.db.fetch(
        "SELECT id, concealed, state FROM work_item WHERE renovation_id=$1 ORDER BY id", w.j.rid
    )
    firm = await builder(w.j)
    for row in rows:
        item = str(row["id"]).removeprefix(f"{w.j.rid}.")
        if row["state"] == "planned" and w.rng.random() < 0.7:
            await w.act(a.ReportItem, firm, item_id=item)
        elif row["state"] == "reported":
            await inspect(w, item, concealed=bool(row["concealed"]))
        elif row["state"] in ("rejected", "default") and w.rng.random() < 0.5:
            await w.act(a.ReportRectified, firm, item_id=item)


async def inspect(w: Wanderer, item: str, *, concealed: bool) -> None:
    kinds = ("concealed", "stage") if concealed else ("stage",)
    fails = w.rng.random() < 0.35
    for kind in kinds:
        await w.act(
            a.RecordInspection,
            w.rng.choice((SUPERVISOR, OTHER_SUPERVISOR)),
            item_id=item,
            kind=kind,
            outcome="FAIL" if fails else "PASS",
            defects=("a crack",) if fails else (),
        )


async def terminate(w: Wanderer) -> None:
    if w.rng.random() < 0.3:
        await build(w)
        return
    then = w.rng.choice(("retender", "retender", "close"))
    await w.act(a.TerminateContract, STREET, then=then, reason="not cured")


async def measure(w: Wanderer) -> None:
    await w.act(a.MeasureWorks, CHIEF)


async def accept(w: Wanderer) -> None:
    await w.act(a.AcceptWorks, CHIEF)


async def release(w: Wanderer) -> None:
    await w.act(a.ApprovePayment, BUREAU)


async def release_retention(w: Wanderer) -> None:
    """Contract by contract; now and then a part is withheld."""
    for name in await kept_back(w.j):
        part = w.rng.choice((0, 0, 1))
        reason = "a leak was put right by others" if part else ""
        fields = {"contract_id": name, "withheld_fen": part, "reason": reason}
        await w.act(a.ReleaseRetention, BUREAU, **fields)


async def settle(w: Wanderer) -> None:
    await settle_accounts(w.j)


async def answer_survey(w: Wanderer) -> None:
    for unit in await w.j.units():
        if w.rng.random() < 0.6:
            score = w.rng.randrange(1, 6)
            await w.post("/survey-answers", w.j.voter(unit), unit_number=unit, score=score)


async def object_to(w: Wanderer) -> None:
    if w.rng.random() < 0.3 and len(w.objections) < 2:
        waits = str((await w.j.row())["waiting_for"])
        await w._object(waits.partition(".")[2])


DEEDS: dict[str, Deed] = {
    "open_vote": open_vote,
    "resume_renovation": resume,
    "ballots": vote,
    "objections": object_to,
    "revise_scheme": revise,
    "subsidy": find_money,
    "payments": pay,
    "decide_collection": decide,
    "publish_tender": publish_tender,
    "bids": bid,
    "record_evaluation": evaluate,
    "approve_direct_award": approve_direct,
    "award_contract": award,
    "sign_contract": sign,
    "works": build,
    "accept_works": accept,
    "approve_payment": release,
    "terminate_contract": terminate,
    "measure_works": measure,
    "release_retention": release_retention,
    "accounts": settle,
    "survey": answer_survey,
}
