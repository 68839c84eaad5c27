"""The two processes of a DHCP namespace: dnsmasq and the metadata server.

They are found by the namespace they are in, so nothing has to be written down before they start,
and they outlive the agent. Both run as an unprivileged user; dnsmasq keeps the capabilities it
needs to answer guests that have no address yet.
"""

import errno
import os
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pilvi
from pilvi.agent.ports.linux import namespaces
from pilvi.agent.ports.port_rules import METADATA_ADDRESS
from pilvi.errors import Unavailable

LOG_BYTES_MAX = 1 << 20
"""Longest log of one process. Lower: little to read; higher: guests can fill the disk with it."""

START_TIMEOUT_S = 3.0
"""Lower: a busy host counts as broken; higher: a wrong configuration is noticed late."""

_ANSWERING = {"udp": ":0043 ", "udp6": ":0223 ", "raw6": ":003A "}
"""What is in the kernel's tables while somebody answers DHCP, DHCPv6 or asks for routers."""

_METADATA_MODULE = "pilvi.agent.ports.metadata"
_DHCP_CAPABILITIES = "-all,+net_admin,+net_raw,+net_bind_service"


class Services:
    """Starts, finds and watches the processes of all DHCP namespaces."""

    def __init__(self, uid: int) -> None:
        self._uid = uid
        self._held: dict[tuple[str, str], tuple[int, str]] = {}
        """(Namespace, program) to the pidfd and what the process was started with."""
        self._children: list[subprocess.Popen[bytes]] = []

    def close(self) -> None:
        """Let go of the processes, which live on."""
        for descriptor, _ in self._held.values():
            os.close(descriptor)
        self._held.clear()

    def find(self, namespace: str, program: str) -> str | None:
        """What the living process was started with: a configuration's name, or the module."""
        held = self._held.get((namespace, program))
        if held is not None and not _ended(held[0]):
            return held[1]
        self._let_go(namespace, program)
        self._adopt(namespace)
        held = self._held.get((namespace, program))
        return held[1] if held is not None else None

    def list_broken(self) -> list[str]:
        """Namespaces of which a process that was found alive has ended."""
        return sorted({space for (space, _), (fd, _) in self._held.items() if _ended(fd)})

    def reload(self, namespace: str) -> None:
        """Let dnsmasq read its static entries again, if it runs."""
        if self.find(namespace, "dnsmasq") is None:
            return
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._held[(namespace, "dnsmasq")][0], signal.SIGHUP)

    def end(self, namespace: str, program: str) -> None:
        """End a process, and be sure that it has. Repeatable."""
        for process in namespaces.list_processes(namespace):
            if find_program(process.arguments) == program:
                namespaces.kill(process.pid, namespace)
        self._let_go(namespace, program)

    def start_dnsmasq(self, namespace: str, directory: Path, config: str) -> None:
        """Run dnsmasq in the place of any other in this namespace.

        It is told paths below its working directory only, so the folders above need not be open
        to its user. SIGHUP is ignored until dnsmasq handles it itself.
        """
        self.end(namespace, "dnsmasq")
        command = [
            *("env", "--ignore-signal=HUP", "--ignore-signal=XFSZ"),
            *("prlimit", f"--fsize={LOG_BYTES_MAX}"),
            *("setpriv", "--reuid", str(self._uid), "--regid", str(self._uid), "--clear-groups"),
            *("--no-new-privs", "--bounding-set", _DHCP_CAPABILITIES),
            *("--inh-caps", _DHCP_CAPABILITIES, "--ambient-caps", _DHCP_CAPABILITIES),
            *("dnsmasq", "--no-daemon", f"--conf-file={config}"),
        ]
        with namespaces.inside(namespace):
            child = self._start(command, directory, "dnsmasq.log")
        if not _answers_dhcp(child):
            child.kill()
            child.wait()
            log = (directory / "dnsmasq.log").read_text(errors="replace")
            raise Unavailable("cannot start dnsmasq", detail=log[-500:])
        self._adopt(namespace)

    def start_metadata(self, namespace: str, directory: Path) -> None:
        """Run the metadata server in the place of any other in this namespace.

        It begins as root because its code may lie in a folder that only root can read; it gives
        that up before it looks at the socket.
        """
        with namespaces.inside(namespace):
            listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            try:
                self._bind_metadata(namespace, listener)
                listener.listen(128)
                command = [
                    *("env", "--ignore-signal=XFSZ", "prlimit", f"--fsize={LOG_BYTES_MAX}"),
                    *("setpriv", "--no-new-privs", "--inh-caps", "-all"),
                    *("--bounding-set", "-all,+setuid,+setgid,+dac_read_search"),
                    *(sys.executable, "-m", _METADATA_MODULE, "--socket", str(listener.fileno())),
                    *("--documents", str(directory / "documents")),
                    *("--posted", str(directory / "posted"), "--uid", str(self._uid)),
                ]
                self._start(command, directory, "metadata.log", listener.fileno())
            finally:
                listener.close()
        self._adopt(namespace)

    def _bind_metadata(self, namespace: str, listener: socket.socket) -> None:
        """Take the metadata address, from an earlier server too, which may take a moment to end."""
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            self._adopt(namespace)
            self.end(namespace, "metadata")
            try:
                listener.bind((METADATA_ADDRESS, 80))
            except OSError as error:
                if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return

    def _adopt(self, namespace: str) -> None:
        for process in namespaces.list_processes(namespace):
            program = find_program(process.arguments)
            if program is None or (namespace, program) in self._held:
                continue
            descriptor = namespaces.open_process(process.pid, namespace)
            if descriptor is not None:
                self._held[(namespace, program)] = (descriptor, process.arguments[-1])

    def _let_go(self, namespace: str, program: str) -> None:
        held = self._held.pop((namespace, program), None)
        if held is not None:
            _reap(held[0])
            os.close(held[0])

    def _start(
        self, command: list[str], directory: Path, log: str, descriptor: int | None = None
    ) -> subprocess.Popen[bytes]:
        package = str(Path(pilvi.__file__).parent.parent)
        environment = {"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": package}
        with (directory / log).open("wb") as output:
            child = subprocess.Popen(
                command,
                cwd=directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                pass_fds=() if descriptor is None else (descriptor,),
            )
        self._children = [c for c in self._children if c.poll() is None] + [child]
        return child


def find_program(arguments: tuple[str, ...]) -> str | None:
    """Which of the two a process is or is about to become."""
    if "dnsmasq" in arguments:
        return "dnsmasq"
    return "metadata" if _METADATA_MODULE in arguments else None


def _answers_dhcp(child: subprocess.Popen[bytes]) -> bool:
    """Wait until a child holds a server's socket in its namespace; False when it does not."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while child.poll() is None and time.monotonic() < deadline:
        with suppress(OSError):
            for table, sign in _ANSWERING.items():
                if sign in Path(f"/proc/{child.pid}/net/{table}").read_text():
                    return True
        time.sleep(0.002)
    return False


def _ended(descriptor: int) -> bool:
    """Whether the process of a pidfd has ended."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


def _reap(descriptor: int) -> None:
    with suppress(ChildProcessError):
        os.waitid(os.P_PIDFD, descriptor, os.WEXITED | os.WNOHANG)
