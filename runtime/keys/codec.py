"""The codec of Temporal's payloads: what workflows and activities say is sealed before it leaves us.

Each payload becomes one that holds the whole of it under AES-256-GCM, with the id of the key in its
metadata. What was stored before there was a key is not sealed, and is read as it is. So are the
engine's own messages of failures and the summaries for the Temporal UI: both are payloads. Names of
workflows, activities, updates and signals, their ids and the search attributes stay readable.
"""

import dataclasses
from collections.abc import Sequence

from google.protobuf.message import DecodeError
from pydantic import SecretStr
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
)

from models.values.refusal import refusal
from runtime.keys.ciphers import Ciphers

ENCODING = b"binary/encrypted"
KEY_ID = "encryption-key-id"
"""The names that Temporal's own examples of such codecs use."""
_PURPOSE = b"gongjian/codec"


class SealingCodec(PayloadCodec):
    """Seals with the newest key; opens what any of the keys has sealed, and passes on what none has."""

    def __init__(self, keys: SecretStr) -> None:
        self._ciphers = Ciphers(keys, _PURPOSE)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Each payload, sealed."""
        return [self._sealed(each) for each in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Each payload as it was before it was sealed.

        Raises:
            Refused: `temporal.payload_sealed` for one that none of the keys opens.
        """
        return [self._opened(each) for each in payloads]

    def _sealed(self, payload: Payload) -> Payload:
        key_id = self._ciphers.key_id
        sealed = self._ciphers.seal(payload.SerializeToString(), key_id)
        return Payload(metadata={"encoding": ENCODING, KEY_ID: key_id}, data=sealed)

    def _opened(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        key_id = payload.metadata.get(KEY_ID, b"")
        plain = self._ciphers.open(key_id, payload.data, key_id)
        if plain is not None:
            try:
                return Payload.FromString(plain)
            except DecodeError:
                pass
        raise refusal("temporal.payload_sealed", key=key_id.decode(errors="replace") or "-")


def data_converter(codec_key: SecretStr | None) -> DataConverter:
    """How every client and worker writes its messages: pydantic models as JSON, sealed with a key."""
    if codec_key is None:
        return pydantic_data_converter
    return dataclasses.replace(
        pydantic_data_converter,
        payload_codec=SealingCodec(codec_key),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
