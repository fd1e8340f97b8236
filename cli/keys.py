"""`keys`: which secret keys there are, by their ids, and a new one for a purpose."""

from pathlib import Path
from typing import Annotated

import typer

from cli.output import Commands, show
from cli.servers import DATA, local_settings
from cli.words import said
from models.values.refusal import refusal
from runtime.keys.values import ids_of
from runtime.local.data_dir import StackLock
from runtime.local.key_ring import FIELDS, HOLDERS, Purpose, load_ring, save_ring
from runtime.settings import Settings, environment_names, read_settings

commands = Commands(
    help="The secret keys: which there are, and a new one for a purpose.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(commands, name="keys")


@commands.command("list")
def list_(data: Annotated[Path | None, DATA] = None) -> None:
    """The ids of the keys of each purpose, the newest first, and who is given them; never a key.

    Example: gongjian keys list
    """
    ids = _ids_in_environment() if _in_environment(data) else _ids_in(local_settings(data).data_dir)
    show(
        [
            {"purpose": purpose, "ids": known, "holders": HOLDERS[purpose]}
            for purpose, known in ids.items()
        ],
        lambda: (
            f"{purpose:<12} {', '.join(known) or '-':<24} {HOLDERS[purpose]}"
            for purpose, known in ids.items()
        ),
    )


@commands.command("rotate")
def rotate(
    purpose: Annotated[Purpose, typer.Argument(help="What the new key is for.")],
    data: Annotated[Path | None, DATA] = None,
) -> None:
    """Make a new key for a purpose; the keys of before still verify and open what was made with them.

    Example: gongjian keys rotate sessions
    """
    if _in_environment(data):
        name = environment_names(Settings)[FIELDS[purpose]]
        raise refusal("keys.in_environment", where=name, name=name)
    data_dir = local_settings(data).data_dir
    # Service and worker must agree: nobody runs here now, and both read the ring when they start.
    with StackLock(data_dir):
        ring = load_ring(data_dir).rotated(purpose)
        save_ring(data_dir, ring)
    new, *before = ring.ids(purpose)
    show(
        {"purpose": purpose, "new": new, "before": before},
        lambda: [said("keys.rotated", purpose=purpose, new=new, before=", ".join(before))],
    )


def _in_environment(data: Path | None) -> bool:
    return data is None and local_settings(None).database_url is not None


def _ids_in(data_dir: Path) -> dict[Purpose, tuple[str, ...]]:
    ring = load_ring(data_dir)
    return {purpose: ring.ids(purpose) for purpose in Purpose}


def _ids_in_environment() -> dict[Purpose, tuple[str, ...]]:
    settings = read_settings(Settings)
    keys = {purpose: getattr(settings, field) for purpose, field in FIELDS.items()}
    return {purpose: () if key is None else ids_of(key) for purpose, key in keys.items()}
