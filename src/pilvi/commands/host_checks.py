"""What `pilvi doctor` looks at on the host itself: no part of the cloud has to run for it."""

import ctypes
import os
import shutil
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

from pilvi.commands.finding import Finding
from pilvi.commands.keeper import NAME as KEEPER
from pilvi.commands.processes import find_process
from pilvi.commands.requirements import HOST
from pilvi.settings import Settings

# GiB that have to be free where guests and volumes lie. Lower: the host fills up unwarned; higher:
# small hosts are never well.
DISK_FREE_GIB_MIN = 5
# Share of a filesystem's files that has to be free. Lower: a full table of files comes unwarned.
FILES_FREE_MIN = 0.05
# MiB that are wanted free beside what is kept from guests. Lower: the first guest is refused.
MEMORY_MIB_MIN = 512
_GIB = 1 << 30
_STA_UNSYNC = 0x0040
_TIMEX_BYTES = 208
_STATUS_AT = 40
"""Where the clock's status stands in `struct timex` of a 64-bit Linux (adjtimex(2))."""


def examine_host(settings: Settings) -> Iterator[Finding]:
    """Look at everything a host needs, one finding after the other; a fake cloud needs little."""
    if settings.fake:
        yield from examine_disks(settings)
        yield examine_memory(settings)
        running = find_process(settings, "fake") is not None
        yield Finding("the fake cloud runs", running, "pilvi up --fake")
        yield examine_clock()
        return
    yield Finding("root", os.geteuid() == 0, "run it as root: sudo pilvi doctor")
    for need in HOST:
        there = Path(need.file).exists() or shutil.which(Path(need.file).name) is not None
        yield Finding(f"{need.package} ({need.why})", there, "pilvi setup")
    tun = Path("/dev/net/tun")
    mend = "mkdir -p /dev/net && mknod /dev/net/tun c 10 200"
    yield Finding("/dev/net/tun (plugs guests in)", tun.exists(), mend)
    filtering = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")
    yield Finding("br_netfilter (security groups)", filtering.exists(), "modprobe br_netfilter")
    yield from examine_disks(settings)
    yield examine_memory(settings)
    yield from _examine_ports(settings)
    for name in ("api", "agent", KEEPER):
        running = find_process(settings, name) is not None
        yield Finding(f"the {name} process runs", running, "pilvi up")
    yield examine_clock()
    yield _examine_accelerator()


def examine_disks(settings: Settings) -> Iterator[Finding]:
    """Room on each filesystem that the cloud writes to, and for more files on it."""
    seen = set()
    for folder in (settings.state, settings.agent_dir, settings.shared, settings.backups):
        place = next(one for one in (folder, *folder.parents) if one.exists())
        if place.stat().st_dev in seen:
            continue
        seen.add(place.stat().st_dev)
        free_gib = shutil.disk_usage(place).free // _GIB
        yield Finding(
            f"disk space below {place} ({free_gib} GiB free)",
            free_gib >= DISK_FREE_GIB_MIN,
            f"make room: at least {DISK_FREE_GIB_MIN} GiB, or choose another --state-dir",
        )
        files = os.statvfs(place)
        if files.f_files:
            share = files.f_favail / files.f_files
            yield Finding(
                f"room for files below {place} ({share:.0%} free)",
                share >= FILES_FREE_MIN,
                "remove what makes many small files, or make the filesystem anew with more inodes",
            )


def examine_memory(settings: Settings, path: Path = Path("/proc/meminfo")) -> Finding:
    """Whether a guest would find memory beside what the host keeps for itself."""
    lines = path.read_text().splitlines()
    found = {line.split(":")[0]: int(line.split()[1]) for line in lines if line.strip()}
    free_mib = found["MemAvailable"] // 1024
    wanted_mib = settings.reserved_memory_mib + MEMORY_MIB_MIN
    return Finding(
        f"memory ({free_mib} MiB available)",
        free_mib >= wanted_mib,
        f"stop guests or other processes: at least {wanted_mib} MiB should be available",
        is_need=False,
    )


def _examine_ports(settings: Settings) -> Iterator[Finding]:
    """Ports that the cloud's processes will take, where they do not run yet."""
    if find_process(settings, "api") is None:
        yield Finding(
            f"port {settings.listen_port} is free",
            _is_free(settings.listen_host, settings.listen_port),
            "stop what listens there, or choose another: pilvi up --port N",
        )
    if find_process(settings, "agent") is None:
        yield Finding(
            f"port {settings.iscsi_port} is free (volumes)",
            _is_free("127.0.0.1", settings.iscsi_port),
            "stop what listens there, or choose another: pilvi up --setting iscsi_port=N",
        )


def _is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((host, port))
        except OSError:
            return False
    return True


def examine_clock() -> Finding:
    """Whether somebody keeps the clock right: tokens, leases and certificates go by it."""
    state = ctypes.create_string_buffer(_TIMEX_BYTES)
    answer = ctypes.CDLL(None, use_errno=True).adjtimex(state)
    is_kept = answer >= 0 and not struct.unpack_from("i", state, _STATUS_AT)[0] & _STA_UNSYNC
    return Finding(
        f"the clock is {'kept right' if is_kept else 'kept by nobody'}",
        is_kept,
        "apt-get install chrony, or let the machine that this one runs on keep it",
        is_need=False,
    )


def _examine_accelerator() -> Finding:
    """KVM is a wish, not a need: without it guests are slower."""
    from pilvi.agent.vms.kvm_probe import probe_kvm  # only doctor needs it here

    answer = probe_kvm()
    return Finding(
        f"KVM (guests run {'by KVM' if answer == 'ok' else 'by TCG, slower'}: probe: {answer})",
        answer == "ok",
        "use a machine whose processor and hypervisor give KVM, or go on without it",
        is_need=False,
    )


def read_default_mtu(
    routes: Path = Path("/proc/net/route"), links: Path = Path("/sys/class/net")
) -> tuple[str, int] | None:
    """The interface of the machine's default route, and its MTU; None without such a route."""
    for line in routes.read_text().splitlines()[1:]:
        interface, destination, *rest = line.split()
        if destination == "00000000" and rest[5] == "00000000":
            return interface, int((links / interface / "mtu").read_text())
    return None
