"""A fake cloud behind a port of its own, in a thread, for tests that are clients.

The thread and the port stay for a whole test session; `reset` puts a fresh cloud behind them.
Every method may be called from the test's thread.
"""

import asyncio
import contextlib
import gc
import shutil
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import uvicorn
from starlette.types import Receive, Scope, Send

from pilvi.core.db import open_database
from pilvi.core.http import Service
from pilvi.core.http.serving import listen, make_config
from pilvi.errors import PilviError
from pilvi.settings import Settings
from pilvi.testing.cloud import FakeCloud, add_host, build_cloud
from pilvi.testing.faults import RequestFault, serve_with_faults
from pilvi.testing.hosts import FakeHost, host_names
from pilvi.testing.login import PASSWORDS
from pilvi.testing.logs import hand_over_logs
from pilvi.testing.template import ensure_template, lay_template

if TYPE_CHECKING:
    from openstack.connection import Connection

T = TypeVar("T")
# Seconds for anything that a test asks of the cloud's thread. Lower: a busy machine fails tests;
# higher: a hanging cloud is noticed late.
ANSWER_S = 30.0


class CloudServer:
    """One fake cloud with a port."""

    def __init__(self, directory: Path, hosts: int = 1, **settings: Any) -> None:
        hand_over_logs()
        if not gc.get_freeze_count():
            # What is imported by the first cloud stays: looking for garbage in it, time and again,
            # would be a tenth of the wait.
            gc.freeze()
        self._listener = listen("127.0.0.1", 0)
        self.settings = Settings(
            state_dir=str(directory),
            fake=True,
            listen_port=self._listener.getsockname()[1],
            **settings,
        )
        self._hosts = hosts
        self._faults: list[RequestFault] = []
        self._services: list[Service] = []
        self._stack = AsyncExitStack()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._cloud: FakeCloud | None = None
        self._connections: list[Connection] = []
        self._template = Path()

    @property
    def url(self) -> str:
        """Where it answers."""
        return self.settings.base_url

    @property
    def auth_url(self) -> str:
        """Where clients log in."""
        return f"{self.url}/identity"

    @property
    def cloud(self) -> FakeCloud:
        """Its parts; they belong to the cloud's thread: look, and change through `run`."""
        assert self._cloud is not None, "the cloud does not run"
        return self._cloud

    @property
    def hosts(self) -> dict[str, FakeHost]:
        """The fake hosts by name; their drivers' values may be read at any time."""
        return self.cloud.hosts

    def connect(self, user: str = "demo", project: str | None = None) -> "Connection":
        """An openstacksdk connection as a user (admin or demo); closed at the next reset."""
        from openstack.connection import Connection  # only where it is used

        connection = Connection(
            auth=self.credentials(user, project),
            region_name=self.settings.region,
            identity_interface="public",
            app_name="pilvi-testing",
        )
        self._connections.append(connection)
        return connection

    def credentials(self, user: str = "demo", project: str | None = None) -> dict[str, str]:
        """What a client needs to log in, by the names of clouds.yaml."""
        return {
            "auth_url": self.auth_url,
            "username": user,
            "password": PASSWORDS[user],
            "project_name": project or "demo",
            "user_domain_name": "Default",
            "project_domain_name": "Default",
        }

    def fail_requests(
        self,
        method: str,
        path: str,
        error: PilviError,
        *,
        times: int | None = 1,
        after: bool = False,
    ) -> None:
        """Answer the next requests with an error; `after` they had their effect."""
        self._faults.append(RequestFault(method, path, error, times=times, after=after))

    def delay_requests(
        self, method: str, path: str, seconds: float, *, times: int | None = None
    ) -> None:
        """Let requests wait before they are served."""
        self._faults.append(RequestFault(method, path, delay_s=seconds, times=times))

    def add_host(self, name: str) -> FakeHost:
        """One more fake host, until the next reset."""
        return self.run(lambda: add_host(self.cloud, name, self._stack))

    def settle(self) -> None:
        """Wait until no reconciler has anything in work."""
        self.run(lambda: self.cloud.settle())

    def call(self, function: Callable[..., object], *words: Any) -> None:
        """Call a plain function in the cloud's thread: `call(vms.crash, server_id)`."""

        async def work() -> None:
            function(*words)

        self.run(work)

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Let the cloud's thread do something and wait for its end."""
        assert self._loop is not None, "the cloud does not run"

        async def do() -> T:
            return await work()

        future: Future[T] = asyncio.run_coroutine_threadsafe(do(), self._loop)
        return future.result(ANSWER_S)

    def reset(self) -> None:
        """A cloud as it was at first: its contents, its hosts, and no faults."""
        self._faults.clear()
        while self._connections:
            self._connections.pop().close()
        self.run(self._renew)

    async def serve(self, ready: Callable[[], None], stop: asyncio.Event) -> None:
        """Serve until `stop` is set."""
        self._loop = asyncio.get_running_loop()
        self._template = await ensure_template(self.settings)
        lay_template(self._template, self.settings)
        db = open_database(self.settings.database, durable=False)
        cloud = self._cloud = build_cloud(self.settings, db)
        self._services = list(cloud.plane.list_services())
        server = uvicorn.Server(self._config())
        try:
            await self._begin()
            serving = asyncio.create_task(server.serve([self._listener]))
            while not server.started:  # noqa: ASYNC110  # the server has no event for it
                await asyncio.sleep(0.001)
            ready()
            await stop.wait()
            server.should_exit = server.force_exit = True
            await serving
        finally:
            await self._stack.aclose()
            await db.close()

    def _config(self) -> uvicorn.Config:
        config = make_config(None)
        config.loaded_app = self._serve_request
        return config

    async def _serve_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = (scope, receive, send)
        await serve_with_faults(self._faults, self._services, self.cloud.app, call)

    async def _begin(self) -> None:
        cloud = self.cloud
        cloud.hosts.clear()
        await self._stack.enter_async_context(cloud.plane.running())
        for name in host_names(self._hosts):
            await add_host(cloud, name, self._stack)

    async def _renew(self) -> None:
        await self._stack.aclose()
        self._stack = AsyncExitStack()
        shutil.rmtree(self.settings.fake_hosts_dir, ignore_errors=True)
        lay_template(self._template, self.settings)
        await self._begin()


@contextlib.contextmanager
def running_server(hosts: int = 1, **settings: Any) -> Iterator[CloudServer]:
    """A fake cloud behind a free port of the loopback address, in a thread of its own."""
    with tempfile.TemporaryDirectory(prefix="pilvi-") as folder:
        server = CloudServer(Path(folder), hosts, **settings)
        ready: Future[None] = Future()
        stop: list[Callable[[], object]] = []

        async def serve() -> None:
            event, loop = asyncio.Event(), asyncio.get_running_loop()
            stop.append(lambda: loop.call_soon_threadsafe(event.set))
            await server.serve(lambda: ready.set_result(None), event)

        def work() -> None:
            try:
                asyncio.run(serve())
            except BaseException as error:
                if not ready.done():
                    ready.set_exception(error)
                raise

        thread = threading.Thread(target=work, name="pilvi cloud", daemon=True)
        thread.start()
        try:
            ready.result(ANSWER_S)
            yield server
        finally:
            for end in stop:
                end()
            thread.join(ANSWER_S)
