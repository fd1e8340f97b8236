"""Instances that watch each other's records: whom this one asks to cosign, and for whom it does."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode

from proof.notes import NoteMalformed
from proof.witness import read_key
from runtime.settings.kinds import words


def _keys(lines: tuple[str, ...]) -> tuple[str, ...]:
    for line in lines:
        try:
            read_key(line.split(maxsplit=1)[0])
        except (NoteMalformed, IndexError):
            raise ValueError("verifier keys as `gongjian anchor --keys` prints them") from None
    return lines


Lines = Annotated[tuple[str, ...], NoDecode, BeforeValidator(words), AfterValidator(_keys)]


class WatchingSettings(BaseSettings):
    """Who watches whom."""

    witnesses: Lines = Field(
        default=(),
        description="Who cosigns the heads of this record: verifier key, a space, and the address of"
        " its /v1/witness/add-checkpoint; several parted by commas.",
    )
    witnessed: Lines = Field(
        default=(),
        description="Whose heads this instance cosigns: verifier keys, parted by commas.",
    )
