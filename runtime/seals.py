"""The gateway signs what a person does; whoever carries, writes or audits it looks at the signature.

Only the service has the private key. So what reaches Temporal past the gateway has no signature, and
nobody else's word makes an official of anybody.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Self

from pydantic import SecretStr

from models.messages.command import Seal
from models.values.actor import Actor
from models.values.refusal import Problem, problem, refusal
from proof.seals import key_id_of, statement
from runtime.ballots.sealing import Signer, signed_by
from runtime.keys.values import every, newest
from runtime.settings import Settings, environment_names, read_settings

FRESH = timedelta(minutes=10)
"""So old may a signature be when a workflow hears of the act, and so far may the two clocks differ.

What has waited longer is signed anew when it is sent again. It is never asked of what is written.
"""
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


class GatewayKeys:
    """The public keys of the gateway, of before too, by their ids."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._keys = keys

    @classmethod
    def read(cls, text: str) -> Self:
        """From public keys in hexadecimal, separated by commas, the newest first."""
        found = [each.strip() for each in text.split(",") if each.strip()]
        return cls({key_id_of(each): each for each in found})

    @property
    def newest(self) -> str:
        """The key that signs now; "" where none is known."""
        return next(iter(self._keys.values()), "")

    def knows(self, key_id: str) -> bool:
        """Whether it is a key of the gateway."""
        return key_id in self._keys

    def fault(
        self,
        seal: Seal | None,
        renovation_id: str,
        content: str,
        actor: Actor,
        command_id: str,
    ) -> Problem | None:
        """Why the signature does not hold: `act.unsigned`, `act.signature_wrong`; None when it does."""
        if seal is None:
            return problem("act.unsigned")
        public = self._keys.get(seal.key_id)
        try:
            said = statement(renovation_id, seal.act, content, actor, command_id, seal.at)
            signature = bytes.fromhex(seal.signature)
        except ValueError:
            # What no gateway can have signed: no canonical text, or no hexadecimal digits.
            return signature_wrong(seal)
        held = public is not None and signed_by(bytes.fromhex(public), said, signature)
        return None if held else signature_wrong(seal)


def signature_wrong(seal: Seal) -> Problem:
    """The gateway has not signed this."""
    return problem("act.signature_wrong", act=seal.act)


def is_fresh(seal: Seal, now: datetime) -> bool:
    """Whether it was signed at about `now`."""
    return seal.at.tzinfo is not None and abs(now - seal.at) <= FRESH


if __name__ == "__main__":
    # For whoever writes the settings of a deployment: the public half of GONGJIAN_GATEWAY_KEY.
    print(signer_of(read_settings(Settings)).public_key)  # noqa: T201
