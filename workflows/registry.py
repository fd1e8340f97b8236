"""The workflows that a worker registers."""

from workflows.bidding import BiddingWorkflow
from workflows.collection import CollectionWorkflow
from workflows.cost_sharing import CostSharingWorkflow
from workflows.feedback import FeedbackWorkflow, TicketWorkflow
from workflows.inspection import InspectionWorkflow
from workflows.publication import PublicationWorkflow
from workflows.reconcile import AnchorWorkflow, ReconcileWorkflow
from workflows.renovation import RenovationWorkflow
from workflows.voting import VotingWorkflow
from workflows.warranty import WarrantyWorkflow

WORKFLOWS = [
    RenovationWorkflow,
    VotingWorkflow,
    CostSharingWorkflow,
    BiddingWorkflow,
    InspectionWorkflow,
    FeedbackWorkflow,
    WarrantyWorkflow,
    CollectionWorkflow,
    PublicationWorkflow,
    TicketWorkflow,
    ReconcileWorkflow,
    AnchorWorkflow,
]
