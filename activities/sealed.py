"""What a workflow and the activity that writes ask of the signature under an act."""

from datetime import datetime

from models.messages.acts import Act
from models.values.refusal import Problem, problem
from proof.commands import act_hash
from proof.seals import key_id_of
from runtime.seals import GatewayKeys, is_fresh, signature_wrong


def fault_on_arrival(
    act: Act, renovation_id: str, public_key: str, now: datetime
) -> Problem | None:
    """Why a workflow does not take an act; None when it does.

    `public_key` is the one of the workflow's input: "" in a case of before acts were signed. A key that
    was made later is for the activity to judge, which knows all of them.
    """
    if not public_key:
        return None
    if act.seal is None:
        return problem("act.unsigned")
    if act.seal.act != act.name:
        return signature_wrong(act.seal)
    if not is_fresh(act.seal, now):
        return problem("act.signature_stale", act=act.name)
    if act.seal.key_id != key_id_of(public_key):
        return None
    keys = GatewayKeys.read(public_key)
    return keys.fault(act.seal, renovation_id, act_hash(act), act.actor, act.command_id)
