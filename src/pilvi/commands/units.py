"""`pilvi units`: systemd units for a host on which systemd keeps the processes.

They take the place of `pilvi up` and of the keeper. A guest, its network helpers and the iSCSI
target outlive the agent, so only the agent's own process is ended with its unit.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import typer

from pilvi.commands.processes import require_real
from pilvi.errors import InvalidRequest
from pilvi.settings import Settings

_API = """\
[Unit]
Description=Pilvi: control plane of the cloud in {state}
After=network-online.target{after}
Wants=network-online.target

[Service]
# It binds its port as root, makes the state directory ready, and drops its rights by itself.
ExecStart={command} api --state-dir {state}
Restart=always
RestartSec=1
TimeoutStopSec=15
LimitNOFILE=65536
# Heaps for each thread would keep tens of MiB for nothing.
Environment=MALLOC_ARENA_MAX=2
OOMScoreAdjust=-500
ProtectHome={home}
PrivateTmp=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictSUIDSGID=yes

[Install]
WantedBy=multi-user.target
"""
_AGENT = """\
[Unit]
Description=Pilvi: agent of this host, cloud in {state}
After=network-online.target pilvi-api.service
Wants=network-online.target

[Service]
ExecStart={command} agent --state-dir {state}
Restart=always
RestartSec=1
# Guests, DHCP servers and the iSCSI target are children of the agent and must outlive it.
KillMode=process
# Guests have groups of their own below the unit's.
Delegate=yes
LimitNOFILE=65536
TasksMax=infinity
OOMScoreAdjust=-900

[Install]
WantedBy=multi-user.target
"""


def build_units(settings: Settings, command: str) -> Mapping[str, str]:
    """The units by file name. Pure."""
    state = settings.state_dir
    for word in (state, *command.split(" ")):
        if any(sign in word for sign in " \t\"'\\%$"):
            raise InvalidRequest(f"cannot write units for the path '{word}': it has special signs")
    after = " postgresql.service" if settings.database_url else ""
    # A state directory below /home or /root must stay in sight.
    home = "no" if state.startswith(("/home/", "/root/")) else "read-only"
    return {
        "pilvi-api.service": _API.format(state=state, command=command, after=after, home=home),
        "pilvi-agent.service": _AGENT.format(state=state, command=command),
    }


def run_units(settings: Settings, folder: Path | None, *, as_json: bool = False) -> None:
    """Print the units, or write them into a folder such as /etc/systemd/system.

    Raises `InvalidRequest` for a fake cloud, and for a folder that cannot be written to.
    """
    require_real(settings, "write units")
    units = build_units(settings, f"{sys.executable} -m pilvi.cli")
    if folder is None and as_json:
        typer.echo(json.dumps(units))
        return
    if folder is None:
        for name, text in units.items():
            typer.echo(f"# {name}\n{text}")
        return
    try:
        for name, text in units.items():
            (folder / name).write_text(text)
    except OSError as error:
        raise InvalidRequest(f"cannot write into {folder}: {error.strerror}") from error
    names = " ".join(units)
    if as_json:
        typer.echo(json.dumps({"folder": str(folder), "units": list(units)}))
        return
    typer.echo(f"wrote {names} into {folder}; now:")
    if os.geteuid() == 0:
        typer.echo(f"  pilvi down --state-dir {settings.state_dir}")
    typer.echo(f"  systemctl daemon-reload && systemctl enable --now {names}")
