"""`pilvi doctor`: what is missing on this host, one line each, and the command that mends it."""

import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from pilvi.commands.processes import find_process
from pilvi.commands.requirements import HOST
from pilvi.errors import InvalidRequest
from pilvi.settings import Settings, load_settings

DISK_FREE_GIB_MIN = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `mend` is empty when it is well."""

    what: str
    is_well: bool
    mend: str = ""


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything a host needs, one finding after the other."""
    yield Finding("root", os.geteuid() == 0, "run it as root: sudo pilvi doctor")
    for need in HOST:
        there = Path(need.file).exists() or shutil.which(Path(need.file).name) is not None
        yield Finding(f"{need.package} ({need.why})", there, "pilvi setup")
    tun = Path("/dev/net/tun")
    mend = "mkdir -p /dev/net && mknod /dev/net/tun c 10 200"
    yield Finding("/dev/net/tun (plugs guests in)", tun.exists(), mend)
    filtering = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")
    yield Finding("br_netfilter (security groups)", filtering.exists(), "modprobe br_netfilter")
    parent = next(p for p in (settings.state, *settings.state.parents) if p.exists())
    free_gib = shutil.disk_usage(parent).free >> 30
    yield Finding(
        f"disk space below {parent} ({free_gib} GiB free)",
        free_gib >= DISK_FREE_GIB_MIN,
        f"make room: at least {DISK_FREE_GIB_MIN} GiB, or choose another --state-dir",
    )
    if find_process(settings, "api") is None:
        yield Finding(
            f"port {settings.listen_port} is free",
            _is_free(settings.listen_host, settings.listen_port),
            "stop what listens there, or choose another: pilvi up --port N",
        )
    for name in ("api", "agent"):
        running = find_process(settings, name) is not None
        yield Finding(f"the {name} process runs", running, "pilvi up")
    yield _examine_accelerator()


def _examine_accelerator() -> Finding:
    """KVM is a wish, not a need: without it guests are slower."""
    from pilvi.agent.vms.kvm_probe import probe_kvm  # only doctor needs it here

    answer = probe_kvm()
    what = f"KVM (guests run {'by KVM' if answer == 'ok' else 'by TCG, slower'}: probe: {answer})"
    return Finding(what, True)


def _is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((host, port))
        except OSError:
            return False
    return True


def run_doctor(state_dir: Path, console: Console) -> int:
    """Print every finding; the exit status is 1 when something needs mending."""
    try:
        settings = load_settings(state_dir)
    except InvalidRequest:
        settings = Settings(state_dir=str(state_dir))
    worst = 0
    for finding in examine(settings):
        mark = "ok     " if finding.is_well else "MISSING"
        mend = "" if finding.is_well else f"  →  {finding.mend}"
        console.print(f"{mark} {finding.what}{mend}", highlight=False, markup=False)
        worst = max(worst, 0 if finding.is_well else 1)
    return worst
