"""The one place where parts are chosen and joined, real or fake."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager

import structlog
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from pilvi.audit.api.service import build_service as audit_service
from pilvi.block_storage.api.service import build_service as block_storage_service
from pilvi.block_storage.operations.seed import seed_block_storage
from pilvi.block_storage.reconcilers import build_reconcilers as block_storage_reconcilers
from pilvi.compute.api.console_pages import build_console_routes
from pilvi.compute.api.console_sockets import ConsoleDesk
from pilvi.compute.api.service import build_service as compute_service
from pilvi.compute.operations.seed import seed_compute
from pilvi.compute.reconcilers import build_reconcilers as compute_reconcilers
from pilvi.core.db import Database, Transaction
from pilvi.core.db.engine import Wake
from pilvi.core.db.progress import DatabaseProgress
from pilvi.core.http import Caller, Rule, Service
from pilvi.core.http.dispatch import Gate, build_app
from pilvi.core.http.policy_file import read_policy
from pilvi.core.http.replays import Keeping
from pilvi.core.reconcile import Alone, Loop, ProgressLog, Reconciler
from pilvi.dashboard.mount import Dashboard
from pilvi.hosts.api.service import build_service as hosts_service
from pilvi.hosts.operations.signals import HOST_WAKE, HostSignals
from pilvi.identity.api.service import build_service as identity_service
from pilvi.identity.operations.keys import Passwords, TokenKeys, Vault
from pilvi.identity.operations.seed import seed_identity
from pilvi.identity.operations.tokens import authenticate
from pilvi.image.api.service import build_host_service as image_host_service
from pilvi.image.api.service import build_service as image_service
from pilvi.image.operations.ledger import StoreFiles
from pilvi.image.reconcilers import build_download_loop
from pilvi.image.reconcilers import build_reconcilers as image_reconcilers
from pilvi.image.store.blobs import Blobs
from pilvi.metrics.page import MetricsPage, build_metrics_route, read_token
from pilvi.metrics.picture import Picture, look
from pilvi.network.api.service import build_service as network_service
from pilvi.network.operations.seed import seed_network
from pilvi.network.reconcilers import build_reconcilers as network_reconcilers
from pilvi.placement.api.service import build_service as placement_service
from pilvi.placement.reconcilers import build_reconcilers as placement_reconcilers
from pilvi.settings import Settings

log = structlog.get_logger()


def list_rules(services: Iterable[Service]) -> list[Rule]:
    """Every rule that an operator may write anew, by service; hosts have no roles."""
    return [
        rule
        for service in services
        if not service.root.startswith("/host")
        for rule in service.rules
    ]


async def seed_cloud(
    tx: Transaction, settings: Settings, password_hashes: Mapping[str, str]
) -> dict[str, str]:
    """The first contents of a new cloud: to be called only while identity has none.

    `password_hashes` has those of the users admin and demo. Returns project ids by name.
    """
    hashes = password_hashes["admin"], password_hashes["demo"]
    ids = await seed_identity(tx, *hashes, settings.region)
    await seed_network(tx, settings, ids["admin"], ids["demo"])
    await seed_block_storage(tx)
    await seed_compute(tx)
    return ids


class ControlPlane:
    """The control plane of one cloud: the ASGI application and the reconcilers behind it."""

    def __init__(self, settings: Settings, db: Database) -> None:
        self.settings = settings
        self.db = db
        self.signals = HostSignals()
        self.keys = TokenKeys(settings.shared / "keys")
        self.vault = Vault(settings.shared / "credential-keys")
        self.dashboard = Dashboard(
            settings.base_url,
            Vault(settings.shared / "dashboard-keys"),
            settings.state / "ca.pem" if settings.tls else None,
        )
        self.passwords = Passwords(careful=not settings.fake)
        self.blobs = Blobs(settings.shared / "images")
        claims = db.peers or Alone()
        self.progress = ProgressLog(DatabaseProgress(db))
        self.loop = Loop(self._reconcilers(), progress=self.progress, claims=claims)
        self.consoles = ConsoleDesk(settings, db)
        self.downloads = build_download_loop(db, self.blobs, settings, claims)
        db.on_commit = self._send_wakes
        if db.peers is not None:
            db.peers.listen(frozenset({HOST_WAKE}), self._take_news, self._look_for_lost)

    def build_app(self) -> Starlette:
        """The whole API as one ASGI application; its lifespan runs the reconcilers."""
        services = self.list_services()
        overrides = read_policy(self.settings.policy_path, list_rules(services))
        keeping = Keeping(self.vault, self.settings.replies_kept_s)
        gate = Gate(self.settings, self.db, self._authenticate, overrides, keeping)
        others = [
            *build_console_routes(self.db, self.consoles),
            self._metrics_route(gate),
            *self.dashboard.build_routes(),
        ]
        app = build_app(gate, services, others, lifespan=self._lifespan)
        self.dashboard.join(app)
        return app

    def _metrics_route(self, gate: Gate) -> BaseRoute:
        async def look_at_all() -> Picture:
            unsettled = self.progress.list_found()
            lease_s = self.settings.host_lease_s
            return await look(self.db, (self.loop, self.downloads), unsettled, lease_s)

        token = read_token(self.settings.metrics_token_path)
        return build_metrics_route(MetricsPage(token, gate.metrics, look_at_all))

    async def _authenticate(self, tx: Transaction, token: str) -> Caller:
        return await authenticate(tx, self.keys, token)

    def _send_wakes(self, wakes: Mapping[Wake, str]) -> None:
        for (kind, id), request_id in wakes.items():
            if kind == HOST_WAKE:
                self.signals.announce(id)
            else:
                self.loop.wake(kind, id, request_id)
                self.downloads.wake(kind, id, request_id)

    def _take_news(self, wakes: Iterable[Wake]) -> None:
        """Another process woke these; for which request, its own log says."""
        self._send_wakes(dict.fromkeys(wakes, ""))

    def _look_for_lost(self) -> None:
        """Another process is gone: what it was told of and had in work is everybody's."""
        self.signals.announce_all()
        self.progress.inherit()
        for loop in (self.loop, self.downloads):
            loop.look_for_lost()

    @property
    def idle(self) -> bool:
        """Whether no reconciler has anything in work or waiting for its time."""
        return self.loop.idle and self.downloads.idle

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        async with self.running():
            yield

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the reconcilers meanwhile."""
        tasks = [
            asyncio.create_task(self.loop.run(), name="reconcilers"),
            asyncio.create_task(self.downloads.run(), name="downloads"),
            asyncio.create_task(self.progress.run(), name="progress"),
            asyncio.create_task(self.consoles.watch(), name="consoles"),
        ]
        if self.db.peers is not None:
            tasks.append(asyncio.create_task(self.db.peers.run(), name="peers"))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    def _reconcilers(self) -> Sequence[Reconciler]:
        return [
            *placement_reconcilers(self.db, self.settings),
            *image_reconcilers(self.db, self.blobs),
            *network_reconcilers(self.db, self.settings),
            *block_storage_reconcilers(self.db, self.settings),
            *compute_reconcilers(self.db, self.settings),
        ]

    def list_services(self) -> Sequence[Service]:
        """Every service that is mounted."""
        return [
            identity_service(self.keys, self.passwords, self.vault),
            hosts_service(self.signals),
            placement_service(),
            image_service(self.blobs),
            image_host_service(self.blobs),
            network_service(),
            block_storage_service(),
            compute_service(),
            audit_service(StoreFiles(self.blobs)),
        ]
