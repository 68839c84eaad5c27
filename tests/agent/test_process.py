import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import pilvi
from host_server import HostServer, OwnServer, make_test_settings, until
from pilvi.agent.process import build_fake_agent, hold_lock
from pilvi.errors import Conflict
from pilvi.host_api.contract import Kind
from pilvi.host_api.volumes import VolumeSpec
from pilvi.settings import Settings, save_settings

PROGRAM = """
import asyncio, sys
from pathlib import Path
from pilvi.agent.process import run_agent
from pilvi.settings import load_settings
asyncio.run(run_agent(load_settings(Path(sys.argv[1])), ready=lambda: print("ready", flush=True)))
"""


@asynccontextmanager
async def agent_process(settings: Settings) -> AsyncIterator[asyncio.subprocess.Process]:
    source = str(Path(pilvi.__file__).parent.parent)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, settings.state_dir),
        env={**os.environ, "PYTHONPATH": source},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ready(process: asyncio.subprocess.Process) -> None:
    assert process.stdout is not None
    async with asyncio.timeout(20):
        while line := await process.stdout.readline():
            if line == b"ready\n":
                return
    raise AssertionError("the agent did not come up")


def test_only_one_agent_holds_a_state_directory(tmp_path: Path) -> None:
    settings, other = make_test_settings(tmp_path / "a"), make_test_settings(tmp_path / "b")
    with hold_lock(settings):
        with pytest.raises(Conflict, match=str(tmp_path / "a")), hold_lock(settings):
            pass
        with hold_lock(other):
            pass
    with hold_lock(settings):
        pass


async def test_the_process_works_refuses_a_second_and_ends_on_sigterm(tmp_path: Path) -> None:
    server = HostServer()
    async with OwnServer(server.app) as port:
        settings = make_test_settings(tmp_path, listen_port=port)
        save_settings(settings)
        await server.connect(settings).close()
        async with agent_process(settings) as process:
            await ready(process)
            spec = VolumeSpec(volume_id="v", project_id="p", size_bytes=1, exports=[])
            server.assign(Kind.VOLUME, "v", spec)
            await until(lambda: server.is_settled(Kind.VOLUME, "v"))
            async with agent_process(settings) as second:
                _, words = await second.communicate()
                assert second.returncode != 0 and b"another one runs" in words
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(20):
                assert await process.wait() == 0
        async with agent_process(settings) as process:
            await ready(process)
            process.kill()
        async with agent_process(settings) as process:
            await ready(process)


async def test_a_fake_agent_lives_beside_an_application_in_one_process(tmp_path: Path) -> None:
    server = HostServer()
    settings = make_test_settings(tmp_path)
    client = server.connect(settings)
    agent = build_fake_agent(settings, client, hostname="host-a")
    task = asyncio.create_task(agent.run())
    try:
        spec = VolumeSpec(volume_id="v", project_id="p", size_bytes=1, exports=[])
        server.assign(Kind.VOLUME, "v", spec)
        await until(lambda: server.is_settled(Kind.VOLUME, "v"))
        assert server.reports[-1].facts.hostname == "host-a"
    finally:
        task.cancel()
        await asyncio.wait([task])
        await client.close()
