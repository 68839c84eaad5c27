"""The command line: which commands there are and their options."""

import gc
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pilvi import __version__
from pilvi.errors import PilviError
from pilvi.settings import Settings, default_state_dir, load_settings

app = typer.Typer(
    help="An OpenStack cloud in one command.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
DEFAULT_STATE_DIR = default_state_dir()
StateDir = Annotated[
    Path, typer.Option("--state-dir", envvar="PILVI_STATE_DIR", help="Folder of the cloud.")
]


@app.command()
def up(  # noqa: PLR0913  # a parameter is an option of the command
    state_dir: StateDir = DEFAULT_STATE_DIR,
    listen: Annotated[str | None, typer.Option(help="Address of the API.")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the API.")] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(help="NAME=VALUE for any other setting, at first start; repeatable."),
    ] = None,
    hello: Annotated[bool, typer.Option(help="Boot the first instance.")] = True,
    setup: Annotated[bool, typer.Option("--setup", help="Install system packages first.")] = False,
    fake: Annotated[
        bool, typer.Option("--fake", help="Fake hosts, all in one process: no root, no QEMU.")
    ] = False,
    hosts: Annotated[int, typer.Option(help="With --fake: how many hosts.", min=1)] = 1,
    foreground: Annotated[
        bool, typer.Option("--foreground", help="With --fake: serve until told to stop.")
    ] = False,
) -> None:
    """Start the cloud in the background and boot a first instance."""
    from pilvi.commands.options import read_changes
    from pilvi.commands.setup import run_setup
    from pilvi.commands.up import choose_settings, run_up

    changes = read_changes(setting or [], listen_host=listen, listen_port=port)
    if fake:
        changes["fake"] = True
    settings = choose_settings(state_dir.absolute(), changes)
    console = Console()
    if fake:
        # Looking for garbage among all that an import makes would be a sixth of the start.
        gc.disable()
        from pilvi.commands.fake import run_fake

        run_fake(settings, hosts=hosts, foreground=foreground, console=console)
        return
    if setup:
        run_setup(console)
    run_up(settings, first_server=hello, console=console)


@app.command()
def down(
    state_dir: StateDir = DEFAULT_STATE_DIR,
    purge: Annotated[bool, typer.Option(help="Remove everything the cloud ever made.")] = False,
) -> None:
    """Stop everything: instances, networks, volumes, agent and API."""
    from pilvi.commands.down import run_down
    from pilvi.commands.guest import remove_guest_cache

    run_down(state_dir.absolute(), purge=purge, console=Console())
    if purge:
        remove_guest_cache()


@app.command()
def api(state_dir: StateDir = DEFAULT_STATE_DIR) -> None:
    """Run the control plane in the foreground."""
    from pilvi.commands.api import run_api

    run_api(_settings(state_dir))


@app.command()
def agent(state_dir: StateDir = DEFAULT_STATE_DIR) -> None:
    """Run this host's agent in the foreground."""
    from pilvi.commands.agent import run_agent_process

    run_agent_process(_settings(state_dir))


@app.command("setup")
def set_up() -> None:
    """Install the system packages that a host needs."""
    from pilvi.commands.setup import run_setup

    run_setup(Console())


@app.command()
def doctor(state_dir: StateDir = DEFAULT_STATE_DIR) -> None:
    """Say what is missing on this host and what mends it."""
    from pilvi.commands.doctor import run_doctor

    raise typer.Exit(run_doctor(state_dir.absolute(), Console()))


@app.command()
def tour(state_dir: StateDir = DEFAULT_STATE_DIR) -> None:
    """Walk the life of one instance on the running cloud, drawing the whole system."""
    from pilvi.commands.tour import run_tour

    run_tour(_settings(state_dir), Console())


@app.command()
def env(
    state_dir: StateDir = DEFAULT_STATE_DIR,
    demo: Annotated[bool, typer.Option("--demo/--admin", help="As which user.")] = False,
) -> None:
    """Print what makes any OpenStack client use this cloud: eval "$(pilvi env)"."""
    from pilvi.commands.clouds import CLOUD_NAMES, clouds_path

    settings = _settings(state_dir)
    typer.echo(f"export OS_CLIENT_CONFIG_FILE='{clouds_path(settings)}'")
    typer.echo(f"export OS_CLOUD={CLOUD_NAMES['demo' if demo else 'admin']}")


@app.command()
def policy(state_dir: StateDir = DEFAULT_STATE_DIR) -> None:
    """Print every rule of the policy, with its default or what policy.yaml says instead."""
    from pilvi.commands.policy import print_policy

    print_policy(_settings(state_dir))


@app.command("tempest-conf")
def tempest_conf(state_dir: StateDir = DEFAULT_STATE_DIR) -> None:
    """Print a tempest.conf for the running cloud, from what the cloud says of itself."""
    from pilvi.commands.tempest_conf import build_tempest_conf

    typer.echo(build_tempest_conf(_settings(state_dir)))


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def _settings(state_dir: Path) -> Settings:
    return load_settings(state_dir.absolute())


def main() -> None:
    """Run a command; an expected error is one line, without a traceback."""
    try:
        app()
    except PilviError as error:
        typer.echo(f"pilvi: {error.message}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
