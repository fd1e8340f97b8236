"""`training`: an invented case to practise with, and the link with which one person plays everybody in it."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING

import typer

from cli.cases import Data
from cli.output import show
from cli.servers import reach_temporal, running
from cli.words import ENGLISH, Language, said, speak, spoken_here

if TYPE_CHECKING:
    from pathlib import Path

LINK = "/office/training/lead/"


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("training", epilog="Example: gongjian training")(training)


def training(language: Language = "", data: Data = None) -> None:
    """Open an invented case to practise with; the link lets one person play everybody and move the clock.

    The link is good once and for a day. Nothing in the case is real, and nobody outside gets a notice.
    """
    speak(language)
    renovation, link = asyncio.run(_open(data))
    show(
        {"renovation_id": renovation, "link": link},
        lambda: [said("line.training", renovation=renovation, link=link)],
    )


async def _open(data: Path | None) -> tuple[str, str]:
    """The case that was opened, and the link."""
    from service.identity.cast import invite_leader
    from service.pages import wording
    from service.pages.office.rehearsal import open_training

    english = spoken_here() == ENGLISH
    async with running(data) as parts:
        await reach_temporal(parts)
        renovation, player = await open_training(
            parts,
            f"training-{secrets.token_hex(16)}",
            lambda name: wording.text(f"work.{name}", "en" if english else "zh_CN", {}),
        )
        token = await invite_leader(parts.database, renovation, player)
        return renovation, f"{parts.settings.address}{LINK}{token}"
