"""A cloud with contents behind a port, and Debian's Chromium to look at it with."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from pilvi.testing.login import PASSWORDS
from pilvi.testing.server import CloudServer, running_server

CHROMIUM = "/usr/bin/chromium"
WIDTHS = {"wide": (1280, 800), "narrow": (390, 844)}
# Milliseconds that anything on a page may take. Lower: a busy machine fails tests.
PATIENCE_MS = 20_000
# A function of how many colours are on the page's canvas.
COUNT_COLOURS = """() => {
    const canvas = document.querySelector('canvas');
    const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    const seen = new Set();
    for (let i = 0; i < data.length; i += 4) seen.add(`${data[i]},${data[i+1]},${data[i+2]}`);
    return seen.size;
}"""


@dataclass
class Filled:
    """A running cloud, and paths of what is in it."""

    server: CloudServer
    tenant: list[str] = field(default_factory=list)
    """Pages of the user demo, below `/dashboard/`."""
    admin: list[str] = field(default_factory=list)
    """Pages of the user admin."""
    ids: dict[str, str] = field(default_factory=dict)


def fill(server: CloudServer) -> Filled:
    """One thing of each kind, and the pages that show them."""
    filled, cloud = Filled(server), server.connect("demo")
    image = cloud.image.find_image("pilvi-guest")
    network = cloud.network.find_network("private")
    outside = cloud.network.find_network("public")
    for name in ("web-1", "web-2", "database"):
        made = cloud.compute.create_server(
            name=name, image_id=image.id, flavor_id="p1.nano", networks=[{"uuid": network.id}]
        )
        cloud.compute.wait_for_server(made, interval=0.1, wait=20)
    volume = cloud.block_storage.create_volume(name="data", size=10)
    cloud.block_storage.wait_for_status(volume, "available", interval=0.1, wait=20)
    snapshot = cloud.block_storage.create_snapshot(volume_id=volume.id, name="before")
    cloud.block_storage.wait_for_status(snapshot, "available", interval=0.1, wait=20)
    backup = cloud.block_storage.create_backup(volume_id=volume.id, name="weekly")
    cloud.block_storage.wait_for_status(backup, "available", interval=0.1, wait=20)
    cloud.compute.create_volume_attachment(made, volume_id=volume.id)
    address = cloud.network.create_ip(floating_network_id=outside.id)
    router = next(iter(cloud.network.routers()))
    group = next(iter(cloud.network.security_groups()))
    port = next(iter(cloud.network.ports(device_id=made.id)))
    subnet = network.subnet_ids[0]
    filled.ids = {"instance": made.id, "volume": volume.id, "image": image.id}
    at = f"instances/{made.id}"
    filled.tenant = [
        *(
            "",
            "picture",
            "picture?as=text",
            "project",
            "instances",
            "instances/new",
            at,
            f"{at}/delete",
            f"{at}/resize",
        ),
        *("images", "images/new", f"images/{image.id}", "flavors", "flavors/1", "key-pairs"),
        *("key-pairs/new", "volumes", "volumes/new", f"volumes/{volume.id}", "snapshots"),
        *(f"snapshots/{snapshot.id}", "backups", f"backups/{backup.id}", "networks"),
        *("networks/new", f"networks/{network.id}", "subnets", f"subnets/{subnet}", "routers"),
        *(f"routers/{router.id}", "ports", f"ports/{port.id}", "floating-ips"),
        *(f"floating-ips/{address.id}", "security-groups", f"security-groups/{group.id}"),
        *(f"security-groups/{group.id}/add-rule", "credentials", "credentials/new", "nothing"),
    ]
    host = next(iter(server.connect("admin", "admin").compute.hypervisors()))
    demo = cloud.current_project_id
    filled.admin = [
        "picture",
        *("hosts", f"hosts/{host.id}", "aggregates", "aggregates/new", "projects"),
        *(f"projects/{demo}", "users", "users/new", "quotas", f"quotas/{demo}"),
        *(f"quotas/{demo}/edit", "services", "volumes"),
    ]
    return filled


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where pictures are kept."""
    return Path(os.environ.get("PILVI_SCREENSHOTS") or tmp_path)


@pytest.fixture(scope="package")
def filled() -> Iterator[Filled]:
    """A cloud with two fake hosts and one thing of each kind."""
    with running_server(hosts=2) as server:
        yield fill(server)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    if not Path(CHROMIUM).exists():
        pytest.skip("Debian's chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            # Root has no sandbox; what is looked at is our own.
            args=["--no-sandbox"] if os.geteuid() == 0 else [],
        )
        yield browser
        browser.close()


Open = Callable[..., Page]


@contextmanager
def opened_pages(chromium: Browser, url: str, passwords: Mapping[str, str]) -> Iterator[Open]:
    """Opens pages of one cloud, signed in where a user is named; complaints fail the test.

    Those of the windows that pages open are heard as well.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def hear(page: Page) -> None:
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on("console", lambda said: _hear(complaints, page.url, said.type, said.text))
        page.on("popup", hear)

    def open_one(user: str = "", width: str = "wide", **options: Any) -> Page:
        x, y = WIDTHS[width]
        context = chromium.new_context(viewport={"width": x, "height": y}, base_url=url, **options)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        hear(page)
        if user:
            sign_in(page, user, passwords[user])
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def open_page(filled: Filled, chromium: Browser) -> Iterator[Open]:
    """Opens a browser's page at the filled cloud."""
    with opened_pages(chromium, filled.server.url, PASSWORDS) as open_one:
        yield open_one


def _hear(complaints: list[str], url: str, kind: str, text: str) -> None:
    # The browser logs every 4xx that a test asks for.
    if kind in ("error", "warning") and "status of 4" not in text:
        complaints.append(f"{url}: {text}")


def sign_in(page: Page, user: str, password: str) -> None:
    """As a person does, from the root of the server."""
    page.goto("/")
    page.fill("#user", user)
    page.fill("#password", password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/dashboard")
