"""A full disk, a locked database, an agent killed among creates: all goes on by itself."""

import itertools
import os
import sqlite3
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from e2e.fake_agent_cloud import FakeAgentCloud, fake_agent_cloud
from e2e.process_pair import project_id
from e2e.real_cloud import until

pytestmark = [pytest.mark.root, pytest.mark.timeout(240)]

DISK = "1200m"
RATE = 20
"""Operations a second."""
FULL_S = 3.0
LOCKED_S = 5.0
FIFTY = 50
AWAY_S = 2.0
BACK_S_MAX = 5.0
"""Seconds until the first good answer once the trouble is over."""


@dataclass(frozen=True)
class Answer:
    """One reply, with when it was asked for and came."""

    asked: float
    came: float
    status: int
    words: str


@dataclass
class Load:
    """Writes at a steady rate, each in its own time, and reads beside them."""

    cloud: FakeAgentCloud
    writes: list[Answer] = field(default_factory=list)
    reads: list[Answer] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    """Security groups that were acknowledged."""
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def run(self) -> None:
        """Ask until told to stop."""
        for number in itertools.count():
            for work in (self._write, self._read):
                thread = threading.Thread(target=work, args=(number,))
                self._threads.append(thread)
                thread.start()
            if self._over.wait(2 / RATE):
                return

    def stop(self) -> None:
        """End it once every answer came."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, method: str, path: str, body: object = None) -> Answer:
        headers = {"x-auth-token": self.cloud.demo.http.headers["x-auth-token"]}
        asked = time.monotonic()
        with httpx.Client(base_url=self.cloud.settings.base_url, headers=headers) as http:
            reply = http.request(method, path, json=body, timeout=60)
        return Answer(asked, time.monotonic(), reply.status_code, reply.text)

    def _write(self, number: int) -> None:
        name = f"load-{number}"
        body = {"security_group": {"name": name}}
        answer = self._ask("POST", "/network/v2.0/security-groups", body)
        if answer.status == 201:
            self.names.append(name)
        self.writes.append(answer)

    def _read(self, number: int) -> None:
        self.reads.append(self._ask("GET", "/compute/v2.1/servers/detail"))

    def first_good(self, moment: float) -> float:
        """Seconds from a moment to the first write that succeeded after it."""
        good = until(lambda: [one.came for one in self.writes if _is_good(one, moment)], 30)
        return min(good) - moment


def _is_good(answer: Answer, moment: float) -> bool:
    return answer.came > moment and answer.status == 201


@pytest.fixture
def mount() -> Iterator[Path]:
    """A small filesystem of its own."""
    folder = Path(tempfile.mkdtemp(prefix="pvr-", dir="/tmp"))
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=755", "tmpfs", str(folder)]
    subprocess.run(command, check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


@pytest.fixture
def cloud(mount: Path, tmp_path: Path) -> Iterator[FakeAgentCloud]:
    """A cloud on it, which in the end holds what its database says."""
    with fake_agent_cloud(mount / "state", tmp_path) as running:
        id = project_id(running.demo)
        quota = dict.fromkeys(("security_group", "security_group_rule", "port"), -1)
        running.client.call("PUT", "network", f"/quotas/{id}", {"quota": quota})
        quota = dict.fromkeys(("instances", "cores", "ram"), -1)
        running.client.call("PUT", "compute", f"/os-quota-sets/{id}", {"quota_set": quota})
        yield running
        running.check_ledger()


@contextmanager
def loaded(cloud: FakeAgentCloud) -> Iterator[Load]:
    """Requests at a steady rate meanwhile; what was acknowledged is there afterwards."""
    load = Load(cloud)
    thread = threading.Thread(target=load.run)
    thread.start()
    try:
        time.sleep(1)
        assert load.names, load.writes
        yield load
    finally:
        load.stop()
        thread.join()
    groups = cloud.demo.call("GET", "network", "/security-groups")["security_groups"]
    assert set(load.names) <= {group["name"] for group in groups}, "an acknowledged one was lost"


def _fill(path: Path) -> None:
    state = os.statvfs(path.parent)
    with path.open("wb", buffering=0) as file:
        os.posix_fallocate(file.fileno(), 0, (state.f_bavail - 1024) * state.f_frsize)
        file.seek(0, os.SEEK_END)
        try:
            while True:
                file.write(bytes(1 << 16))
        except OSError:
            pass
        try:
            while True:
                file.write(b"\0" * 512)
        except OSError:
            return


def test_a_full_disk(
    cloud: FakeAgentCloud, mount: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filler = mount / "filler"
    with loaded(cloud) as load:
        _fill(filler)
        filled = time.monotonic()
        until(lambda: [one for one in load.writes if one.status == 503] or None, 30)
        time.sleep(FULL_S)
        server_id = None
        with pytest.raises(Exception, match="disk"):
            server_id = cloud.launch("none")
        assert server_id is None
        filler.unlink()
        freed = time.monotonic()
        pause = load.first_good(freed)
        server_id = cloud.launch("after")
        cloud.wait_active(server_id)
        active = time.monotonic() - freed
    refused = [one for one in load.writes if one.status != 201]
    assert {one.status for one in refused} == {503}, refused[0]
    assert all("disk" in one.words and "full" in one.words for one in refused), refused[0].words
    assert {one.status for one in load.reads} == {200}, "what only reads goes on"
    assert os.statvfs(mount).f_bavail > 0 and freed > filled
    with capsys.disabled():
        print(
            f"\ndisk full for {freed - filled:.0f} s: {len(refused)} writes refused with the "
            f"reason, {len(load.reads)} reads answered; first good answer {pause:.2f} s after "
            f"there was room, a new server ACTIVE after {active:.2f} s"
        )
    assert pause <= BACK_S_MAX
    cloud.delete(server_id)


def test_a_locked_database(cloud: FakeAgentCloud, capsys: pytest.CaptureFixture[str]) -> None:
    with loaded(cloud) as load:
        database = cloud.settings.api_dir / "pilvi.db"
        with closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("PRAGMA locking_mode")
            until(lambda: _lock(other), 10, 0.001)
            locked = time.monotonic()
            time.sleep(LOCKED_S)
            freed = time.monotonic()
            other.execute("ROLLBACK")
        pause = load.first_good(freed)
        server_id = cloud.launch("after")
        cloud.wait_active(server_id)
        active = time.monotonic() - freed
    meanwhile = [one for one in load.reads if locked < one.asked < freed - 1]
    assert {one.status for one in load.reads} == {200}
    assert len(meanwhile) > RATE, "what only reads goes on"
    slowest = max(one.came - one.asked for one in meanwhile)
    assert slowest < LOCKED_S / 2, f"a read waited {slowest:.1f} s"
    held = [one for one in load.writes if locked < one.asked < freed - 1]
    assert held, "nobody wrote meanwhile"
    assert all(one.status == 201 and one.came > freed for one in held), "writes wait, and succeed"
    with capsys.disabled():
        print(
            f"\ndatabase locked for {freed - locked:.0f} s: {len(held)} writes waited and "
            f"succeeded, the first {pause:.2f} s after it was free, reads went on (slowest "
            f"{slowest * 1000:.0f} ms); a new server ACTIVE after {active:.2f} s"
        )
    assert pause <= BACK_S_MAX
    cloud.delete(server_id)


def test_a_create_of_fifty_with_the_agent_killed_in_the_middle(
    cloud: FakeAgentCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    """What OpenStack leaves 39 of 50 servers in ERROR with."""
    began = time.monotonic()
    cloud.launch("many", min_count=FIFTY, max_count=FIFTY)
    asked = time.monotonic() - began

    def by_status() -> Counter[str]:
        found = cloud.demo.call("GET", "compute", "/servers/detail")["servers"]
        return Counter(server["status"] for server in found)

    there = until(lambda: (now := by_status())["ACTIVE"] and now, 30, 0.01)
    cloud.processes.kill("agent")
    time.sleep(AWAY_S)
    before = by_status()
    cloud.processes.start("agent")
    back = time.monotonic()
    until(lambda: by_status()["ACTIVE"] == FIFTY, 60)
    with capsys.disabled():
        print(
            f"\n{FIFTY} servers asked for in {asked:.2f} s, agent killed at {dict(there)}, away "
            f"for {AWAY_S:.0f} s ({dict(before)}): {FIFTY} ACTIVE "
            f"{time.monotonic() - back:.2f} s after it was started again"
        )
    assert by_status() == {"ACTIVE": FIFTY}
    for id in cloud.list_servers():
        cloud.demo.call("DELETE", "compute", f"/servers/{id}")
    until(lambda: not cloud.list_servers() or None, 60)


def _lock(other: sqlite3.Connection) -> bool:
    try:
        other.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        return False
    return True
