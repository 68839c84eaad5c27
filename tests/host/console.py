"""A guest's serial console, as QEMU offers it on a unix socket, for tests to read and type at.

QEMU serves one client at a time: a second one connects, but hears nothing until the first is gone.
What the guest printed while nobody was connected is lost to the socket (QEMU's logfile has it), so
connect before the guest prints what the test waits for, or use `run`, which needs no past output.
"""

import itertools
import re
import socket
import time
from pathlib import Path
from types import TracebackType
from typing import Self

# Between attempts to connect. Longer delays tests; shorter takes CPU from an emulated guest.
CONNECT_RETRY_S = 0.05
# Until a shell that does not answer is asked again. Longer delays the first command after a boot;
# shorter only types more.
SHELL_ANSWER_S = 1.0
# A terminal cuts typed lines at 4095 bytes; the rest is for the markers.
COMMAND_BYTES_MAX = 3900
# How much of the unread output an error message shows.
EXCERPT_CHARACTERS = 2000
# What the guest says by itself, even in the middle of a command's output.
ANNOUNCEMENT = re.compile(r"GUEST: [^\n]*\n")
READY = "GUEST: READY\n"


class ConsoleClosed(Exception):
    """QEMU has closed the socket: the virtual machine has ended."""


class SerialConsole:
    """A connection to the socket at `path`, which may appear, go and come back.

    Output is read once: `wait` goes on from where the last call stopped. `run` drops what came
    before its command, except the announcements ("GUEST: ..."), which stay for a later `wait`;
    READY does not stay, so that waiting for it after `run` means waiting for the next boot.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = str(path)
        self._socket: socket.socket | None = None
        self._unread = ""
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leaves the console to the next client. Repeatable; the next call connects again."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def wait(self, pattern: str, timeout_s: float = 60) -> str:
        """The output up to and including the first match of the regular expression `pattern`.

        Carriage returns are left out. Stays when the virtual machine ends and reads on when it is
        back. Raises AssertionError with the last of the output when there is no match in time.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                return self._read_until(pattern, deadline)
            except ConsoleClosed:
                continue

    def run(self, command: str, timeout_s: float = 30, check: bool = True) -> str:
        """The output of one line of shell, typed at the guest's root shell.

        Waits for the shell, so it may be called while the guest boots or is started again. After
        `reboot`, wait for READY first: until then the old shell may answer. With `check`, an exit
        status other than 0 raises AssertionError with the output; so does a command that does not
        end in time. The command must not read from the terminal.
        """
        status, output = self.run_for_status(command, timeout_s)
        if check and status != 0:
            raise AssertionError(f"{command!r} ended with status {status}:\n{output}")
        return output

    def run_for_status(self, command: str, timeout_s: float = 30) -> tuple[int, str]:
        """The exit status and the output of one line of shell; otherwise as `run`."""
        if "\n" in command or len(command.encode()) > COMMAND_BYTES_MAX:
            raise ValueError(f"cannot type more than one line of {COMMAND_BYTES_MAX} bytes")
        deadline = time.monotonic() + timeout_s
        number = next(self._numbers)
        before = self._start(command, number, deadline)
        try:
            output = self._read_until(rf"END-{number}-\d+\n", deadline)
        except ConsoleClosed as error:
            raise AssertionError(f"the guest ended while it ran {command!r}") from error
        announced = [line for line in ANNOUNCEMENT.findall(before + output) if line != READY]
        self._unread = "".join(announced) + self._unread
        text, _, status = ANNOUNCEMENT.sub("", output).rpartition(f"END-{number}-")
        return int(status), text.strip("\n")

    def type_line(self, line: str, timeout_s: float = 30) -> None:
        """Types a line at the shell and does not wait: for `reboot -f` and the like."""
        deadline = time.monotonic() + timeout_s
        self._log_in(deadline)
        self._send(line + "\n", deadline)

    def _start(self, command: str, number: int, deadline: float) -> str:
        """Types `command` until a shell has begun it; returns the output before it.

        A guest that is going down may still answer the question for a shell and then forget the
        command: it is typed again, because no shell had begun it.
        """
        separator = "" if command.rstrip().endswith("&") else ";"
        # The quotes keep an echo of this line from looking like the markers.
        line = f"echo B'EGIN'-{number}; {command}{separator} echo E'ND'-{number}-$?\n"
        before = ""
        while True:
            try:
                before += self._log_in(deadline)
                self._send(line, deadline)
                before += self._read_until(rf"BEGIN-{number}\n|{READY}", deadline)
            except ConsoleClosed:
                continue
            if before.endswith(f"BEGIN-{number}\n"):
                return before

    def _log_in(self, deadline: float) -> str:
        """Asks for a shell until it answers, without echo, prompt and line breaks of its own."""
        while True:
            question = f"stty -echo cols 999; PS1=; echo S'HELL'-{next(self._numbers)}\n"
            answer_by = min(deadline, time.monotonic() + SHELL_ANSWER_S)
            try:
                self._send(question, deadline)
                return self._read_until(r"SHELL-\d+\n", answer_by)
            except ConsoleClosed:
                continue
            except AssertionError:
                if time.monotonic() >= deadline:
                    raise

    def _read_until(self, pattern: str, deadline: float) -> str:
        """The unread output up to a match; raises AssertionError late, ConsoleClosed at the end."""
        expression = re.compile(pattern)
        while not (match := expression.search(self._unread)):
            if time.monotonic() >= deadline:
                excerpt = self._unread[-EXCERPT_CHARACTERS:]
                raise AssertionError(f"no {pattern!r} on {self.path}; unread:\n{excerpt}")
            self._unread += self._receive(deadline).replace("\r", "")
        output = self._unread[: match.end()]
        self._unread = self._unread[match.end() :]
        return output

    def _receive(self, deadline: float) -> str:
        """What has arrived, or nothing by the deadline; raises ConsoleClosed."""
        connection = self._connected(deadline)
        connection.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            received = connection.recv(65536)
        except TimeoutError:
            return ""
        except OSError:
            received = b""
        if not received:
            self.close()
            raise ConsoleClosed
        return received.decode(errors="replace")

    def _send(self, text: str, deadline: float) -> None:
        connection = self._connected(deadline)
        connection.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            connection.sendall(text.encode())
        except OSError as error:
            self.close()
            raise ConsoleClosed from error

    def _connected(self, deadline: float) -> socket.socket:
        """The open socket, connected first if need be; raises AssertionError if it cannot be."""
        while self._socket is None:
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(self.path)
                self._socket = connection
            except OSError as error:
                connection.close()
                if time.monotonic() >= deadline:
                    raise AssertionError(f"cannot connect to the console: {error}") from error
                time.sleep(CONNECT_RETRY_S)
        return self._socket
