"""How far workflows have come, for whoever has lost it: the engine, a run that is rebuilt, or one that doubts."""

from temporalio import activity

from activities.failures import told_to_workflow
from activities.healing.remembering import load_progress
from activities.recording import Writer
from models.messages.command import Command
from models.messages.progress import CarriedProgress


class Restoring(Writer):
    """Reads from the record how far workflows have come."""

    @activity.defn(name="Restoring.restored")
    async def restored(self, renovation_id: str, workflow_id: str) -> CarriedProgress:
        """The progress of a workflow of a case; that of a new one, if it has written nothing."""
        name = f"{workflow_id}#restored"
        with told_to_workflow(Command(command_id=name, renovation_id=renovation_id)):
            found = await load_progress(self.recorder.database, renovation_id, workflow_id)
            return found.model_dump(mode="json")
