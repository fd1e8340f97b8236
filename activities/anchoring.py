"""The daily anchor: the heads of all cases go into one tree, and others are asked to cosign it."""

from temporalio import activity

from activities.recording import Writer
from models.messages.reconciling import Anchored
from models.values.refusal import Refused
from runtime.anchors.posting import anchor_and_ask


class Anchoring(Writer):
    """Anchors the record; what is anchored already is not anchored again."""

    @activity.defn(name="Anchoring.anchor")
    async def anchor(self) -> Anchored:
        """Add the heads that have moved, sign the tree, and ask whoever cosigns; nothing before a case is there."""
        anchors = self.recorder.anchors
        if anchors is None:
            return Anchored()
        try:
            made, added, missed = await anchor_and_ask(self.recorder.database, anchors)
        except Refused:
            return Anchored()
        return Anchored(size=made.size, added=added, cosigned_by=made.cosigned_by, missed=missed)
