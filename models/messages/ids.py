"""Workflow ids, by function: paths of opaque ids, no personal data; and the names of task queues."""

COLLECTION = "collection"
"""The word after the case in the id of what collects later instalments."""


def renovation_workflow_id(renovation_id: str) -> str:
    """The renovation itself."""
    return f"renovation/{renovation_id}"


def stage_workflow_id(renovation_id: str, stage: str, attempt: int) -> str:
    """One run through a stage."""
    return f"renovation/{renovation_id}/{stage}/{attempt}"


def warranty_workflow_id(renovation_id: str) -> str:
    """The warranty of a case."""
    return f"renovation/{renovation_id}/warranty/1"


def collection_workflow_id(renovation_id: str, number: int) -> str:
    """One collection of later instalments, beside the stages."""
    return f"{collections_of(renovation_id)}{number}"


def collections_of(renovation_id: str) -> str:
    """How the ids of all collections of a case begin."""
    return f"renovation/{renovation_id}/{COLLECTION}/"


def publication_workflow_id(renovation_id: str, publication_id: str) -> str:
    """One publication."""
    return f"renovation/{renovation_id}/publication/{publication_id}"


def ticket_workflow_id(renovation_id: str, ticket_id: str) -> str:
    """One complaint."""
    return f"renovation/{renovation_id}/ticket/{ticket_id}"


def proposals_id(renovation_id: str) -> str:
    """What waits for a second person; under it stand lines of the agenda, and no workflow."""
    return f"renovation/{renovation_id}/proposals"


def suggestions_id(renovation_id: str) -> str:
    """What suggestions wait for; under it stand lines of the agenda, and no workflow."""
    return f"renovation/{renovation_id}/suggestions"


def bulk_queue(task_queue: str) -> str:
    """The queue beside a task queue for activities of a row per resident."""
    return f"{task_queue}-bulk"
