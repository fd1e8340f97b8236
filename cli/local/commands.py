"""`up`, `serve`, `migrate`, `temporal-setup`, `use-build`: run all servers here, or one of them."""

import asyncio
from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.output import show
from cli.servers import DATA, local_settings, quiet_logs
from cli.words import said
from models.values.refusal import Refused, refusal
from runtime.settings import LocalSettings, Settings, read_settings, require

PORT = typer.Option(min=0, max=65_535, help="0: the port of the last start, or a free one.")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("up")(up)
    app.command("serve")(serve)
    app.command("migrate")(migrate)
    app.command("temporal-setup")(temporal_setup)
    app.command("use-build")(use_build)


def up(
    data: Annotated[Path | None, DATA] = None,
    port: Annotated[int, PORT] = 0,
    ui_port: Annotated[int, PORT] = 0,
    temporal_port: Annotated[int, PORT] = 0,
    *,
    ui: Annotated[
        bool, typer.Option("--ui", help="Temporal's UI too; whoever reaches it sees every case.")
    ] = False,
) -> None:
    """Start database, Temporal, worker and service here and keep them running (Ctrl-C stops).

    Example: gongjian up
    """
    from cli.local.up import keep_up
    from runtime.local.ports import Ports

    quiet_logs()
    local = local_settings(data)
    ports = Ports(service=port, temporal=temporal_port, ui=ui_port)
    raise typer.Exit(asyncio.run(keep_up(local, ports, ui=ui or ui_port != 0)))


def serve() -> None:
    """Run the HTTP service alone; the settings come from the environment.

    Example: gongjian serve
    """
    import uvicorn

    from runtime.gc import calm_collector
    from runtime.logging import configure_logging
    from service.app import create_app
    from service.edge.access_log import AccessLog
    from service.edge.connections import Guard, guarded
    from service.edge.limits import limits_of

    settings = read_settings(Settings)
    require(settings, "heads_key", "bids_key")
    configure_logging(settings.log_level, settings.log_format)
    access = AccessLog()
    app = create_app(settings, access)
    calm_collector()
    uvicorn.run(
        app,
        host=settings.service_host,
        port=settings.service_port,
        loop="uvloop",
        http=guarded(Guard(limits_of(settings), access)),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        # Nothing here looks at a client's address, and it would cost every ballot a few µs.
        proxy_headers=False,
        timeout_graceful_shutdown=settings.shutdown_grace_s,
    )


def migrate(
    direction: Annotated[Literal["up", "down"], typer.Argument(help="up or down")] = "up",
    to: Annotated[
        str | None, typer.Option(help="Revision: head for up, one step (-1) for down.")
    ] = None,
) -> None:
    """Bring the schema of DATABASE_OWNER_URL up to date, or take steps back (data is lost).

    Example: gongjian migrate up
    """
    from runtime.migrate import downgrade, upgrade

    owner_url = read_settings(LocalSettings).database_owner_url
    if owner_url is None:
        raise _missing("DATABASE_OWNER_URL")
    if direction == "up":
        upgrade(owner_url.get_secret_value(), to or "head")
    else:
        downgrade(owner_url.get_secret_value(), to or "-1")
    done = said("line.migrated_up" if direction == "up" else "line.migrated_down")
    show({"direction": direction, "to": to}, lambda: [done])


def temporal_setup() -> None:
    """Register search attributes and reconciliation at TEMPORAL_ADDRESS; safe to run again.

    Example: gongjian temporal-setup
    """
    local = read_settings(LocalSettings)
    if local.temporal_address is None:
        raise _missing("TEMPORAL_ADDRESS")
    new = asyncio.run(_register(local.temporal_address, local))
    done = said("line.registered", names=", ".join(new)) if new else said("line.all_there")
    show({"registered": new}, lambda: [done])


def use_build(
    build: Annotated[
        str, typer.Argument(help="A build whose workers run; left out: the one of this code.")
    ] = "",
) -> None:
    """Send new and running workflows at TEMPORAL_ADDRESS to the workers of a build; may be repeated.

    Example: gongjian use-build 0.9.0
    """
    local = read_settings(LocalSettings)
    if local.temporal_address is None:
        raise _missing("TEMPORAL_ADDRESS")
    build = build or local.build_id
    changed = asyncio.run(_use_build(local.temporal_address, local, build))
    done = said("line.build_now" if changed else "line.build_already", build=build)
    show({"build": build, "changed": changed}, lambda: [done])


async def _use_build(address: str, local: LocalSettings, build: str) -> bool:
    from runtime.engine.builds import make_current
    from runtime.temporal import connect_patiently, way_of

    patience_s, way = local.connect_timeout_s, way_of(local)
    client = await connect_patiently(address, local.temporal_namespace, patience_s, way)
    return await make_current(client, local.task_queue, build, local.connect_timeout_s)


async def _register(address: str, local: LocalSettings) -> tuple[str, ...]:
    from runtime.engine.reconciliation import schedule_anchoring, schedule_reconciliation
    from runtime.temporal import connect_patiently, register_search_attributes, way_of

    patience_s, way = local.connect_timeout_s, way_of(local)
    client = await connect_patiently(address, local.temporal_namespace, patience_s, way)
    new = await register_search_attributes(client)
    await schedule_reconciliation(client, local.task_queue)
    await schedule_anchoring(client, local.task_queue)
    return new


def _missing(name: str) -> Refused:
    return refusal("settings.missing", where=name, name=name, expected="Field required")
