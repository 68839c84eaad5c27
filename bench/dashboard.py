"""The dashboard's pages in a project of 1,000 running instances: server time and first load."""

import gzip
import re
import time
from statistics import quantiles

import httpx

from bench.figure import Figure
from pilvi.dashboard.pages import MENUS
from pilvi.testing.login import PASSWORDS
from pilvi.testing.server import CloudServer, running_server

SERVERS = 1000
BATCH = 100
HOSTS = 20
ROUNDS = 10
# Seconds for all instances to run.
LAUNCH_S = 600
_KEY = re.compile(r'name="form_key" value="([^"]+)"')


def measure(*_: object) -> list[Figure]:
    """Fill a fake cloud, then ask for every page of a tenant over and over."""
    with running_server(hosts=HOSTS) as server:
        instance = fill(server)
        with httpx.Client(base_url=server.url, timeout=60) as http:
            sign_in(http)
            paths = [one.path for menu in MENUS if not menu.for_admins for one in menu.collections]
            paths += [
                "",
                "picture",
                "instances/new",
                f"instances/{instance}",
                "instances?name=bench-9",
            ]
            times = {path: time_page(http, path) for path in paths}
            load = first_load(http)
        with httpx.Client(base_url=server.url, timeout=60) as http:
            sign_in(http, "admin")
            everything = time_page(http, "picture")
    worst = max(times, key=lambda path: p95(times[path]))
    every = [one for taken in times.values() for one in taken]
    return [
        Figure(
            f"slowest page of the dashboard, {SERVERS} instances, p95",
            p95(times[worst]),
            "ms",
            100,
            detail=f"(/{worst.partition('/')[0]}; all pages {p95(every):.1f} ms)",
        ),
        Figure(
            f"the picture of {HOSTS} hosts and {SERVERS} instances for an admin, p95",
            p95(everything),
            "ms",
            100,
            detail=f"(for the tenant {p95(times['picture']):.1f} ms)",
        ),
        Figure("first load of the dashboard, packed", load / 1000, "kB", 300),
    ]


def p95(values: list[float]) -> float:
    """The value that 95 of 100 are below."""
    return quantiles(values, n=20)[-1]


def fill(server: CloudServer) -> str:
    """Launch all instances; the id of one."""
    admin, demo = server.connect("admin", "admin"), server.connect("demo")
    limits = dict.fromkeys(("instances", "cores", "ram"), -1)
    admin.set_compute_quotas("demo", **limits)
    admin.set_network_quotas("demo", port=-1)
    network = demo.network.create_network(name="large")
    demo.network.create_subnet(network_id=network.id, ip_version=4, cidr="10.50.0.0/16")
    image = demo.image.find_image("pilvi-guest")
    for number in range(SERVERS // BATCH):
        demo.compute.create_server(
            name=f"bench-{number}",
            image_id=image.id,
            flavor_id="p1.nano",
            networks=[{"uuid": network.id}],
            min_count=BATCH,
            max_count=BATCH,
        )
    ends = time.monotonic() + LAUNCH_S
    while len(running := list(demo.compute.servers(status="ACTIVE"))) < SERVERS:
        assert time.monotonic() < ends, f"{len(running)} of {SERVERS} run"
        time.sleep(2)
    return str(running[0].id)


def sign_in(http: httpx.Client, user: str = "demo") -> None:
    """As a user with a browser."""
    found = _KEY.search(http.get("/dashboard/sign-in").text)
    assert found is not None
    form = {"form_key": found[1], "user": user, "password": PASSWORDS[user]}
    reply = http.post("/dashboard/sign-in", data=form)
    assert reply.status_code == 303, reply.text


def time_page(http: httpx.Client, path: str) -> list[float]:
    """Milliseconds until a page is there, of several times."""
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        reply = http.get(f"/dashboard/{path}".rstrip("/"))
        taken.append((time.perf_counter() - began) * 1000)
        assert reply.status_code == 200, path
    return taken


def first_load(http: httpx.Client) -> int:
    """Bytes of the overview and of all that it loads, packed."""
    page = http.get("/dashboard").text
    files = re.findall(r'(?:src|href)="(/dashboard/files/[^"]+)"', page)
    return len(page.encode()) + sum(len(gzip.compress(http.get(one).content)) for one in files)
