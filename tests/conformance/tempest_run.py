"""One run of tempest in a folder of its own: `.stestr.conf`, `tempest.conf`, logs, results."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.clouds import Cloud

DISCOVER = Path(__file__).parent / "discover"
# Seconds between a test's looks at something that is not ready. Lower: tempest's own looks take
# the processor from the cloud; higher: its sleep is measured.
INTERVAL_S = 0.1
# Where `bin/build-guest` leaves its image.
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or "/var/cache")
GUEST_IMAGE = CACHE / "pilvi" / "guest" / "guest.qcow2"
# Seconds until a test gives up waiting, with fake and with real hosts.
BUILD_S = {"fake": 30, "real": 300}
TEST_S = {"fake": 120, "real": 900}


@dataclass(frozen=True)
class Workspace:
    """The folder of one run."""

    folder: Path
    kind: str
    """`fake` or `real`."""

    def prepare(self, cloud: Cloud) -> None:
        """Write the configuration for a cloud."""
        self.folder.mkdir(parents=True, exist_ok=True)
        wait = f"build_interval = {INTERVAL_S}\nbuild_timeout = {BUILD_S[self.kind]}\n"
        sections = "".join(
            f"[{name}]\n{wait}\n" for name in ("compute", "image", "network", "volume")
        )
        cloud.write_conf(
            self._conf,
            f"[DEFAULT]\nlog_file = {self.folder / 'tempest.log'}\n{sections}"
            f"[oslo_concurrency]\nlock_path = {self.folder / 'locks'}\n{self._validation}",
        )

    @property
    def _conf(self) -> Path:
        return self.folder / "tempest.conf"

    @property
    def _validation(self) -> str:
        """Whether tests log in to guests, and with which image: only real ones run anything."""
        logs_in = self.kind == "real"
        return (
            f"[validation]\nrun_validation = {logs_in}\nimage_ssh_user = root\n"
            f"[scenario]\nimg_file = {GUEST_IMAGE}\nimg_disk_format = qcow2\n"
        )

    def run(self, ids: Sequence[str], workers: int) -> float:
        """Run tests; returns the seconds that it took."""
        self._write_stestr_conf()
        listed = self.folder / "tests.txt"
        listed.write_text("\n".join(ids) + "\n")
        began = time.monotonic()
        command = ["run", "--load-list", str(listed), "--concurrency", str(workers)]
        with (self.folder / "output.txt").open("wb") as output:
            self._stestr([*command, "--suppress-attachments"], output.fileno())
        return time.monotonic() - began

    def list_tests(self) -> list[str]:
        """Full ids of every test that the installed tempest has."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write_stestr_conf()
        # Some tests' tags, which are part of their ids, depend on this.
        self._conf.write_text(self._validation)
        listed = self.folder / "known.txt"
        with listed.open("wb") as output:
            code = self._stestr(["list"], output.fileno())
        lines = listed.read_text().splitlines()
        if code or not lines:
            raise SystemExit("cannot list tempest's tests:\n" + "\n".join(lines[-20:]))
        return [line for line in lines if line.startswith("tempest.")]

    def _write_stestr_conf(self) -> None:
        (self.folder / ".stestr.conf").write_text(
            f"[DEFAULT]\ntest_path={DISCOVER}\ntop_dir={DISCOVER}\ngroup_regex=([^\\.]*\\.)*\n"
        )

    def _stestr(self, words: Sequence[str], output: int) -> int:
        stestr = Path(sys.executable).parent / "stestr"
        if not (self.folder / ".stestr").exists():
            subprocess.run([stestr, "init"], cwd=self.folder, check=True, stdout=output)
        environment = {
            **os.environ,
            "PATH": f"{stestr.parent}:{os.environ['PATH']}",
            "PYTHON": sys.executable,
            "TEMPEST_CONFIG": "tempest.conf",
            "TEMPEST_CONFIG_DIR": str(self.folder),
            "OS_TEST_TIMEOUT": str(TEST_S[self.kind]),
            "OS_STDOUT_CAPTURE": "1",
            "OS_STDERR_CAPTURE": "1",
            "OS_LOG_CAPTURE": "0",
        }
        command = [stestr, *words]
        return subprocess.run(
            command, cwd=self.folder, env=environment, stdout=output, stderr=output, check=False
        ).returncode
