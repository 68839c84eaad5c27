"""The one place where parts are chosen and joined, real or fake."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager

import structlog
from starlette.applications import Starlette

from pilvi.block_storage.api.service import build_service as block_storage_service
from pilvi.block_storage.operations.seed import seed_block_storage
from pilvi.block_storage.reconcilers import build_reconcilers as block_storage_reconcilers
from pilvi.compute.api.service import build_service as compute_service
from pilvi.compute.operations.seed import seed_compute
from pilvi.compute.reconcilers import build_reconcilers as compute_reconcilers
from pilvi.core.db import Database, Transaction
from pilvi.core.db.engine import Wake
from pilvi.core.http import Caller, Rule, Service
from pilvi.core.http.dispatch import Gate, build_app
from pilvi.core.http.policy_file import read_policy
from pilvi.core.reconcile import Loop, Reconciler
from pilvi.hosts.api.service import build_service as hosts_service
from pilvi.hosts.operations.assignments import HOST_WAKE
from pilvi.hosts.operations.signals import HostSignals
from pilvi.identity.api.service import build_service as identity_service
from pilvi.identity.operations.keys import Passwords, TokenKeys, Vault
from pilvi.identity.operations.seed import seed_identity
from pilvi.identity.operations.tokens import authenticate
from pilvi.image.api.service import build_host_service as image_host_service
from pilvi.image.api.service import build_service as image_service
from pilvi.image.reconcilers import build_download_loop
from pilvi.image.reconcilers import build_reconcilers as image_reconcilers
from pilvi.image.store.blobs import Blobs
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
        self.keys = TokenKeys(settings.api_dir / "keys")
        self.vault = Vault(settings.api_dir / "credential-keys")
        self.passwords = Passwords(careful=not settings.fake)
        self.blobs = Blobs(settings.api_dir / "images")
        self.loop = Loop(self._reconcilers())
        self.downloads = build_download_loop(db, self.blobs, settings)
        db.on_commit = self._send_wakes

    def build_app(self) -> Starlette:
        """The whole API as one ASGI application; its lifespan runs the reconcilers."""
        services = self.list_services()
        overrides = read_policy(self.settings.policy_path, list_rules(services))
        gate = Gate(self.settings, self.db, self._authenticate, overrides)
        return build_app(gate, services, lifespan=self._lifespan)

    async def _authenticate(self, tx: Transaction, token: str) -> Caller:
        return await authenticate(tx, self.keys, token)

    def _send_wakes(self, wakes: Iterable[Wake]) -> None:
        for kind, id in wakes:
            if kind == HOST_WAKE:
                self.signals.announce(id)
            else:
                self.loop.wake(kind, id)
                self.downloads.wake(kind, id)

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
        ]
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
        ]
