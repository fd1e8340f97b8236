"""The activities that a worker registers: one object per class, all on one recorder."""

from collections.abc import Callable, Sequence
from typing import Any

from activities.agenda import Agenda
from activities.anchoring import Anchoring
from activities.bidding.signing import Signatures
from activities.bidding.tender import Tenders
from activities.cancellation import Cancellations
from activities.cost_sharing.blocking import Blocks
from activities.cost_sharing.instalments import LaterInstalments
from activities.cost_sharing.joining import Joinings
from activities.cost_sharing.shares import Shares
from activities.cost_sharing.subsidies import Subsidies
from activities.feedback.survey import Evaluations
from activities.feedback.tickets import Tickets
from activities.healing.giving_up import Healing
from activities.healing.reconciling import Reconciling
from activities.healing.restoring import Restoring
from activities.healing.suspecting import Suspecting
from activities.inspection.termination import Terminations
from activities.inspection.wages import Wages
from activities.inspection.works import Works
from activities.oversight.annulling import Annulments
from activities.oversight.extending import Extensions
from activities.oversight.ordering import Orders
from activities.oversight.reassigning import Reassignments
from activities.oversight.suspending import Oversight
from activities.publications import Publications
from activities.recording import Recorder
from activities.renovations import Renovations
from activities.voting.after import AfterVote
from activities.voting.box import Ballots
from activities.voting.official import OfficialResults
from activities.warranty.accounts import Accounts
from activities.warranty.retention import Warranties
from proof.seals import GatewayKeys
from runtime.anchors.keys import Anchors
from runtime.ballots.sealing import BoxKeys
from runtime.bidding.envelopes import Envelopes
from runtime.calendars import chinese_calendar
from runtime.database import Database
from runtime.record.heads import Heads

CLASSES = (
    Renovations,
    Ballots,
    AfterVote,
    OfficialResults,
    Shares,
    LaterInstalments,
    Joinings,
    Subsidies,
    Blocks,
    Tenders,
    Signatures,
    Works,
    Terminations,
    Wages,
    Tickets,
    Evaluations,
    Warranties,
    Accounts,
    Publications,
    Agenda,
    Anchoring,
    Cancellations,
    Oversight,
    Extensions,
    Orders,
    Annulments,
    Reassignments,
    Healing,
    Restoring,
    Suspecting,
    Reconciling,
)


def build_activities(
    database: Database,
    keys: BoxKeys,
    gateway: GatewayKeys = GatewayKeys({}),  # noqa: B008 - it does not change
    heads: Heads | None = None,
    envelopes: Envelopes | None = None,
    anchors: Anchors | None = None,
) -> Sequence[Callable[..., Any]]:
    """Every method that is an activity, bound to objects that share the database.

    Without `envelopes` no sealed bid is opened, without `anchors` no head is anchored.
    """
    recorder = Recorder(database, chinese_calendar(), keys, gateway, heads, envelopes, anchors)
    return [
        method
        for each in (kind(recorder) for kind in CLASSES)
        for name in dir(each)
        if hasattr(method := getattr(each, name), "__temporal_activity_definition")
    ]
