"""How long personal data are kept."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings

from rules.retention import read_periods


def _periods(text: str) -> str:
    read_periods(text)
    return text


class PrivacySettings(BaseSettings):
    """Periods that a deployment sets otherwise than `rules.retention` proposes."""

    retention: Annotated[str, AfterValidator(_periods)] = Field(
        default="",
        description="Days by kind, as contact_of_case=365,account=90; `gongjian retention list` has the kinds.",
    )
    keep_privacy: bool = Field(
        default=True,
        description="Whether this service erases what is due; at least one of an installation does.",
    )
