"""The bodies and answers of bundles and of the log of who read what."""

from models.fields import Id, Text
from models.values.base import Carried
from service.bodies import CommandBody


class AskForBundle(CommandBody):
    """Ask for the full bundle of a counted vote; that you asked, and why, is written down."""

    reason: Text
    box_id: Id | None = None
    """Which box, where buildings or entrances vote by themselves."""


class BundleAnswer(Carried):
    """A bundle that may be fetched, or that is being made: then ask again in some seconds."""

    box_id: str
    form: str
    ready: bool
    size_bytes: int = 0
    manifest: str = ""
    """SHA-256 of manifest.json, hex: to compare with the posted notice."""
    public_key: str = ""
