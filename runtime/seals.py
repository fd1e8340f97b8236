"""The gateway signs what a person does (`proof.seals`).

Only the service has the private key. So what reaches Temporal past the gateway has no signature, and
nobody else's word makes an official of anybody.
"""

from datetime import UTC, datetime

from pydantic import SecretStr

from models.messages.command import Seal
from models.values.actor import Actor
from models.values.refusal import refusal
from proof.seals import key_id_of, statement
from runtime.ballots.sealing import Signer
from runtime.keys.values import every, newest
from runtime.settings import Settings, environment_names, read_settings

_ACTS = b"gongjian/gateway"


class ActSigner:
    """The gateway's private key."""

    def __init__(self, gateway_key: SecretStr) -> None:
        self._signer = Signer.of(newest(gateway_key), _ACTS)
        self.public_key = self._signer.public_key
        self.key_id = key_id_of(self.public_key)

    def seal(
        self, renovation_id: str, act: str, content: str, actor: Actor, command_id: str
    ) -> Seal:
        """Say that the actor was let in for this; see `proof.seals.statement`."""
        at = datetime.now(UTC)
        said = statement(renovation_id, act, content, actor, command_id, at)
        return Seal(act=act, key_id=self.key_id, at=at, signature=self._signer.sign(said).hex())


def public_keys_of(gateway_key: SecretStr) -> str:
    """The public halves of the gateway's keys, the newest first, parted by commas."""
    return ",".join(Signer.of(key, _ACTS).public_key for key in every(gateway_key))


def signer_of(settings: Settings) -> ActSigner:
    """The key with which the service signs what people do.

    Raises:
        Refused: `settings.missing`.
    """
    if settings.gateway_key is None:
        name = environment_names(Settings)["gateway_key"]
        raise refusal("settings.missing", where=name, name=name)
    return ActSigner(settings.gateway_key)


if __name__ == "__main__":
    # For whoever writes the settings of a deployment: the public half of GONGJIAN_GATEWAY_KEY.
    print(signer_of(read_settings(Settings)).public_key)  # noqa: T201
