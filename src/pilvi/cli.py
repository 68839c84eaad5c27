"""The command line: which commands there are and their options."""

import gc
import json
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
    epilog="Its users' commands (server, image, volume, network, …): pilvi help",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
db = typer.Typer(help="The cloud's database.", no_args_is_help=True)
app.add_typer(db, name="db")
DEFAULT_STATE_DIR = default_state_dir()
StateDir = Annotated[
    Path, typer.Option("--state-dir", envvar="PILVI_STATE_DIR", help="Folder of the cloud.")
]

Json = Annotated[bool, typer.Option("--json", help="For programs.")]


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
    hosts: Annotated[
        int | None, typer.Option(help="With --fake: how many hosts; kept, may grow.", min=1)
    ] = None,
    foreground: Annotated[
        bool, typer.Option("--foreground", help="With --fake: serve until told to stop.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Start the cloud in the background and boot a first instance."""
    from pilvi.commands.options import read_changes
    from pilvi.commands.setup import run_setup
    from pilvi.commands.up import choose_settings, describe_cloud, run_up

    changes = read_changes(setting or [], listen_host=listen, listen_port=port)
    if fake:
        changes["fake"] = True
    settings = choose_settings(state_dir.absolute(), changes)
    console = _console(as_json)
    if settings.fake:
        # Looking for garbage among all that an import makes would be a sixth of the start.
        gc.disable()
        from pilvi.commands.fake import run_fake

        run_fake(settings, hosts=hosts, foreground=foreground, console=console)
        _answer(describe_cloud(settings), as_json)
        return
    if setup:
        run_setup(console)
    seconds = run_up(settings, first_server=hello, console=console)
    _answer({**describe_cloud(settings), "seconds": seconds}, as_json)


@app.command()
def down(
    state_dir: StateDir = DEFAULT_STATE_DIR,
    purge: Annotated[bool, typer.Option(help="Remove everything the cloud ever made.")] = False,
    as_json: Json = False,
) -> None:
    """Stop everything: instances, networks, volumes, agent and API."""
    from pilvi.commands.down import run_down
    from pilvi.commands.guest import remove_guest_cache

    done = run_down(state_dir.absolute(), purge=purge, console=_console(as_json))
    if purge:
        remove_guest_cache()
    _answer(done, as_json)


@app.command()
def api(
    state_dir: StateDir = DEFAULT_STATE_DIR,
    listen: Annotated[str | None, typer.Option(help="Another address than the cloud's.")] = None,
    port: Annotated[int | None, typer.Option(help="Another port than the cloud's.")] = None,
) -> None:
    """Run the control plane in the foreground; on PostgreSQL any number beside each other."""
    from pilvi.commands.api import run_api

    run_api(_settings(state_dir), listen, port)


@app.command()
def agent(state_dir: StateDir = DEFAULT_STATE_DIR) -> None:
    """Run this host's agent in the foreground."""
    from pilvi.commands.agent import run_agent_process

    run_agent_process(_settings(state_dir))


@app.command("setup")
def set_up(as_json: Json = False) -> None:
    """Install the system packages that a host needs."""
    from pilvi.commands.setup import run_setup

    _answer(run_setup(_console(as_json)), as_json)


@app.command()
def doctor(state_dir: StateDir = DEFAULT_STATE_DIR, as_json: Json = False) -> None:
    """Say what is wrong on this host and with the cloud, and what mends it."""
    from pilvi.commands.doctor import run_doctor

    raise typer.Exit(run_doctor(state_dir.absolute(), Console(), as_json=as_json))


@app.command()
def status(
    state_dir: StateDir = DEFAULT_STATE_DIR,
    watch: Annotated[bool, typer.Option("--watch", help="Draw it anew until ^C.")] = False,
    every: Annotated[float, typer.Option(help="With --watch: seconds between.", min=0.1)] = 2.0,
    as_json: Json = False,
) -> None:
    """Show the cloud on one screen: processes, hosts, requests, what is not as wished.

    Exit status: 0 all is well, 1 something needs a look.
    """
    from pilvi.commands.status import run_status

    watch_s = every if watch else None
    found = run_status(_settings(state_dir), Console(), as_json=as_json, watch_s=watch_s)
    raise typer.Exit(found)


@app.command()
def units(
    state_dir: StateDir = DEFAULT_STATE_DIR,
    write: Annotated[Path | None, typer.Option("--write", help="Folder to write them to.")] = None,
    as_json: Json = False,
) -> None:
    """Print systemd units for this host, or write them."""
    from pilvi.commands.units import run_units

    run_units(_settings(state_dir), write, as_json=as_json)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where to write it; it holds every secret.")],
    state_dir: StateDir = DEFAULT_STATE_DIR,
    as_json: Json = False,
) -> None:
    """Write everything that the control plane knows into one file, while it runs."""
    from pilvi.commands.backup import run_backup

    console = _console(as_json)
    _answer(run_backup(_settings(state_dir), file.absolute(), console), as_json)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What 'pilvi backup' wrote.")],
    state_dir: StateDir = DEFAULT_STATE_DIR,
    database_url: Annotated[
        str | None,
        typer.Option(help="Another database: the URL of an empty one on PostgreSQL, or 'sqlite'."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Put a stopped cloud's control plane back as a backup has it."""
    from pilvi.commands.backup import run_restore

    console = _console(as_json)
    done = run_restore(file.absolute(), state_dir.absolute(), console, database_url)
    _answer(done, as_json)


@app.command()
def audit(
    state_dir: StateDir = DEFAULT_STATE_DIR,
    as_json: Json = False,
) -> None:
    """Compare the database with every host: what is leaked, what is missing.

    Exit status: 0 nothing, 1 something, 2 nothing but a host did not answer.
    """
    from pilvi.commands.audit import run_audit

    raise typer.Exit(run_audit(_settings(state_dir), as_json=as_json, console=Console()))


@app.command()
def explain(
    kind: Annotated[str, typer.Argument(help="server, volume, port or image.")],
    id: Annotated[str, typer.Argument(help="Its id, or its name in the user's project.")],
    state_dir: StateDir = DEFAULT_STATE_DIR,
    demo: Annotated[bool, typer.Option("--demo/--admin", help="As which user.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Tell the story of one thing: asked, done, waited for, failed, and what to do next.

    Exit status: 0 as wished, 1 something failed, 2 something is still waited for.
    """
    from pilvi.commands.explain import run_explain

    user = "demo" if demo else "admin"
    raise typer.Exit(run_explain(_settings(state_dir), user, (kind, id), as_json, Console()))


@app.command()
def trace(
    kind: Annotated[str, typer.Argument(help="port.")],
    id: Annotated[str, typer.Argument(help="Its id.")],
    state_dir: StateDir = DEFAULT_STATE_DIR,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Walk along a guest's port, hop by hop, and name the first that fails.

    Exit status: 0 every hop is well, 1 one fails, 2 the port's host did not tell.
    """
    from pilvi.commands.trace import run_trace

    settings = _settings(state_dir)
    raise typer.Exit(run_trace(settings, kind, id, as_json=as_json, console=Console()))


@app.command()
def picture(
    state_dir: StateDir = DEFAULT_STATE_DIR,
    as_text: Annotated[bool, typer.Option("--text", help="As text, as in the tour.")] = False,
    as_json: Json = False,
) -> None:
    """Draw the whole cloud as SVG: pilvi picture > cloud.svg."""
    from pilvi.commands.picture import draw_system

    typer.echo(draw_system(_settings(state_dir), as_text=as_text, as_json=as_json).rstrip())


@app.command()
def tour(state_dir: StateDir = DEFAULT_STATE_DIR, as_json: Json = False) -> None:
    """Walk the life of one instance on the running cloud, drawing the whole system."""
    from pilvi.commands.tour import run_tour

    _answer(run_tour(_settings(state_dir), _console(as_json)), as_json)


@app.command()
def env(
    state_dir: StateDir = DEFAULT_STATE_DIR,
    demo: Annotated[bool, typer.Option("--demo/--admin", help="As which user.")] = False,
    as_json: Json = False,
) -> None:
    """Print what makes any OpenStack client use this cloud: eval "$(pilvi env)"."""
    from pilvi.commands.clouds import CLOUD_NAMES, clouds_path

    file = str(clouds_path(_settings(state_dir)))
    name = CLOUD_NAMES["demo" if demo else "admin"]
    if as_json:
        typer.echo(json.dumps({"OS_CLIENT_CONFIG_FILE": file, "OS_CLOUD": name}))
        return
    typer.echo(f"export OS_CLIENT_CONFIG_FILE='{file}'")
    typer.echo(f"export OS_CLOUD={name}")


@app.command()
def policy(state_dir: StateDir = DEFAULT_STATE_DIR, as_json: Json = False) -> None:
    """Print every rule of the policy, with its default or what policy.yaml says instead."""
    from pilvi.commands.policy import print_policy

    print_policy(_settings(state_dir), as_json=as_json)


@db.command("version")
def db_version(state_dir: StateDir = DEFAULT_STATE_DIR, as_json: Json = False) -> None:
    """Print the revision of the database and the newest one that this release knows."""
    from pilvi.commands.database import show_version

    show_version(_settings(state_dir), Console(), as_json=as_json)


@db.command("upgrade")
def db_upgrade(state_dir: StateDir = DEFAULT_STATE_DIR, as_json: Json = False) -> None:
    """Bring the database to this release's revision; the cloud may run meanwhile."""
    from pilvi.commands.database import run_upgrade

    run_upgrade(_settings(state_dir), Console(), as_json=as_json)


@db.command("copy")
def db_copy(
    to: Annotated[str, typer.Option("--to", help="SQLAlchemy URL of an empty database.")],
    state_dir: StateDir = DEFAULT_STATE_DIR,
    as_json: Json = False,
) -> None:
    """Copy the whole cloud to another database: SQLite to PostgreSQL, or back."""
    from pilvi.commands.database import run_copy

    _answer(run_copy(_settings(state_dir), to, _console(as_json)), as_json)


@app.command("tempest-conf")
def tempest_conf(state_dir: StateDir = DEFAULT_STATE_DIR) -> None:
    """Print a tempest.conf for the running cloud, from what the cloud says of itself."""
    from pilvi.commands.tempest_conf import build_tempest_conf

    typer.echo(build_tempest_conf(_settings(state_dir)))


@app.command()
def version(as_json: Json = False) -> None:
    """Print the version."""
    typer.echo(json.dumps({"version": __version__}) if as_json else __version__)


def _console(as_json: bool) -> Console:
    """Where a command says what it does: beside its answer, where that is for programs."""
    return Console(stderr=as_json)


def _answer(found: object, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(found))


def _settings(state_dir: Path) -> Settings:
    return load_settings(state_dir.absolute())


def main() -> None:
    """Run a command; an expected error is one line, without a traceback."""
    try:
        app()
    except PilviError as error:
        typer.echo(f"pilvi: {error.message}", err=True)
        sys.exit(1)
    except OSError as error:
        # A file of this machine: a full disk, a folder that may not be written.
        typer.echo(f"pilvi: cannot go on: {error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
