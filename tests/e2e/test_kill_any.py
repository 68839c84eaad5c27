"""kill -9 of any one process while requests come in: it is back by itself, and nothing is lost."""

import itertools
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from e2e.real_cloud import READY, RealCloud, real_cloud, until
from pilvi.commands.pid_files import start_time
from pilvi.commands.processes import find_process, start_keeper

pytestmark = [pytest.mark.root, pytest.mark.guest, pytest.mark.timeout(600)]

RATE = 20
"""Operations a second."""
BACK_S_MAX = 4.0
"""Seconds until the first good answer: twice the goal, since shared machines wobble."""


@dataclass
class Load:
    """Sends operations at a steady rate and keeps what was acknowledged."""

    cloud: RealCloud
    names: list[str] = field(default_factory=list)
    """Security groups whose creation was acknowledged."""
    answered: list[float] = field(default_factory=list)
    """When each operation was acknowledged."""
    last: str = ""
    """The newest reply, for the message of a failing test."""
    _over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Create security groups until told to stop; those that fail are not tried again."""
        headers = {"x-auth-token": str(self.cloud.admin.session.get_token())}
        url = f"{self.cloud.settings.base_url}/network/v2.0/security-groups"
        with httpx.Client(headers=headers, timeout=2) as http:
            for number in itertools.count():
                began = time.monotonic()
                name = f"load-{number}"
                try:
                    reply = http.post(url, json={"security_group": {"name": name}})
                    self.last = reply.text
                    if reply.status_code == 201:
                        self.names.append(name)
                        self.answered.append(time.monotonic())
                except httpx.HTTPError:
                    pass
                if self._over.wait(max(0.0, 1 / RATE - (time.monotonic() - began))):
                    return

    def stop(self) -> None:
        """End it."""
        self._over.set()

    def pause_after(self, moment: float) -> float:
        """Seconds from a moment to the first answer after it."""
        return until(lambda: [at for at in self.answered if at > moment], 20)[0] - moment


@pytest.fixture(scope="module")
def cloud() -> Iterator[RealCloud]:
    """A cloud of its own, whose keeper runs."""
    with real_cloud() as made:
        project = made.admin.current_project_id
        made.admin.network.update_quota(project, security_groups=-1, security_group_rules=-1)
        start_keeper(made.settings)
        yield made


@pytest.fixture
def load(cloud: RealCloud) -> Iterator[Load]:
    """Requests at a steady rate while the test runs; all that were acknowledged are checked."""
    load = Load(cloud)
    thread = threading.Thread(target=load.run)
    thread.start()
    try:
        time.sleep(2)
        assert len(load.answered) > RATE / 2, load.last
        yield load
    finally:
        load.stop()
        thread.join()
    kept = {group.name: group.id for group in cloud.admin.network.security_groups()}
    assert len(load.names) > RATE
    assert set(load.names) <= set(kept), "an acknowledged operation was lost"
    for name in load.names:
        cloud.admin.network.delete_security_group(kept[name])


@pytest.mark.parametrize("name", ["api", "agent"])
def test_a_process_of_the_cloud(
    cloud: RealCloud, load: Load, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pid = find_process(cloud.settings, name)
    assert pid is not None
    killed = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    until(lambda: find_process(cloud.settings, name) not in (None, pid), 10)
    pause = load.pause_after(killed)
    with capsys.disabled():
        print(f"\nkill -9 of the {name}: first good answer {pause:.2f} s later")
    assert pause <= BACK_S_MAX
    time.sleep(2)


def test_helpers_of_networks_and_volumes(
    cloud: RealCloud, load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    volume = cloud.demo.create_volume(1, wait=True, timeout=60)
    server = cloud.launch("served")
    cloud.demo.attach_volume(server, volume, wait=True, timeout=60)
    cloud.wait_console(server.id, READY)
    for word in ("dnsmasq", "metadata", "tgtd"):
        pids = _find(cloud, word)
        assert pids, f"no {word} runs"
        killed = time.monotonic()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        until(lambda word=word, pids=pids: len(_find(cloud, word) - pids) >= len(pids), 30)
        with capsys.disabled():
            print(f"\nkill -9 of {word}: back {time.monotonic() - killed:.2f} s later")
    with cloud.type_at(server.id) as console:
        console.run("i=0; until [ -e /dev/vdb ]; do usleep 100000; done", 20)
        console.run("echo kept | dd of=/dev/vdb bs=512 count=1 conv=sync,fsync", 60)
        assert "kept" in console.run("echo 3 > /proc/sys/vm/drop_caches; head -c 4 /dev/vdb", 60)
        url = "http://169.254.169.254/openstack/latest/meta_data.json"
        assert server.id in console.run(f"timeout 20 wget -q -O - {url}", 60)
    cloud.delete(server.id)
    cloud.demo.delete_volume(volume.id, wait=True, timeout=60)


def _find(cloud: RealCloud, word: str) -> set[int]:
    """Running processes of a cloud whose command line holds a word."""
    settings, found = cloud.settings, set()
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            uid = entry.stat().st_uid
        except OSError:
            continue
        ours = settings.state_dir in words or settings.uid_base <= uid <= settings.uid_guest_last
        if entry.name.isdigit() and word in words and ours and start_time(int(entry.name)):
            found.add(int(entry.name))
    return found
