"""Temporal's remote codec: payloads as its UI shows them, opened for an administrator.

The UI sends what it has read from Temporal, as JSON (`payloads`, each with `metadata` and `data` in base64),
and gets the same back with what was sealed opened. Nothing is sealed here: the UI writes nothing.
"""

from typing import Annotated

import structlog
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from pydantic import Field
from temporalio.api.common.v1 import Payloads

from models.fields import Expected, entries, line
from models.values.base import Carried, Value
from models.values.refusal import refusal
from runtime.keys.codec import WORKFLOW, SealingCodec
from runtime.settings import Settings
from service.http.callers import CALLER

log = structlog.get_logger("access")

MOST = 1_000
MetadataName = Annotated[str, *line(100)]
Base64 = Annotated[str, Field(max_length=200_000), Expected("base64", least=0, most=200_000)]


class SealedPayload(Value):
    """A payload as Temporal writes it in JSON: bytes in base64."""

    metadata: Annotated[dict[MetadataName, Base64], *entries(20)] = Field(default_factory=dict)
    data: Base64 = ""


class SealedPayloads(Value):
    """Payloads, sealed or not."""

    payloads: Annotated[tuple[SealedPayload, ...], *entries(MOST)]


class OpenedPayloads(Carried):
    """The same payloads, in their order, opened."""

    payloads: tuple[SealedPayload, ...]


async def opened_payloads(settings: Settings, sealed: SealedPayloads) -> OpenedPayloads:
    """What was sealed, opened; what was not, as it is. The access log has who read of which workflows.

    Raises:
        Refused: `engine.payloads` for what is no payload; `temporal.payload_sealed` for one that no key opens.
    """
    try:
        given = ParseDict(sealed.model_dump(), Payloads())
    except (ParseError, ValueError):
        raise refusal("engine.payloads", where="payloads") from None
    if settings.codec_key is not None:
        named = {
            each.metadata[WORKFLOW].decode(errors="replace")
            for each in given.payloads
            if WORKFLOW in each.metadata
        }
        found = await SealingCodec(settings.codec_key).decode(given.payloads)
        log.info("payloads_opened", who=CALLER.get(), workflows=sorted(named), count=len(found))
        given = Payloads(payloads=found)
    return OpenedPayloads.model_validate(MessageToDict(given) or {"payloads": ()})
