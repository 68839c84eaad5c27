"""`/metrics`: what it says of a cloud, and to whom."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.requests import Request

from pilvi.errors import InvalidRequest
from pilvi.metrics.page import may_read, read_token
from pilvi.testing.server import CloudServer, running_server

TOKEN = "a-token-of-the-operator"


@pytest.fixture(scope="module")
def cloud() -> Iterator[CloudServer]:
    """A fake cloud with two hosts and a running server."""
    with running_server(2) as server, server.connect() as demo:
        flavor = demo.compute.find_flavor("m1.tiny")
        image = demo.image.find_image("pilvi-guest")
        network = demo.network.find_network("private")
        made = demo.compute.create_server(
            name="secret-name",
            flavor_id=flavor.id,
            image_id=image.id,
            networks=[{"uuid": network.id}],
        )
        demo.compute.wait_for_server(made, wait=30)
        server.settle()
        yield server


def values(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Samples by name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_page_shows_requests_reconcilers_and_hosts(cloud: CloudServer) -> None:
    reply = httpx.get(f"{cloud.url}/metrics")
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = values(reply.text)

    def one(name: str, **labels: str) -> float:
        return found[name, tuple(sorted(labels.items()))]

    route = {
        "service": "compute",
        "method": "POST",
        "route": "/compute/v2.1/servers",
        "status": "2xx",
    }
    assert one("pilvi_http_request_duration_seconds_count", **route) == 1
    assert one("pilvi_host_up", host="fake1") == one("pilvi_host_up", host="fake2") == 1
    claimed = [
        one("pilvi_host_claimed", host=host, resource="memory_bytes") for host in ("fake1", "fake2")
    ]
    assert sorted(claimed) == [0, 512 << 20]
    assert one("pilvi_host_capacity", host="fake1", resource="vcpus") > 0
    running = [value for (name, _), value in found.items() if name == "pilvi_guests"]
    assert running == [1]
    assert one("pilvi_reconcile_attempts_total", kind="server") > 0
    assert one("pilvi_unsettled_objects", kind="server") == 0
    assert one("process_resident_memory_bytes") > 0
    assert any(name == "pilvi_guest_disk_bytes" for name, _ in found)


def test_the_page_shows_what_guests_use(cloud: CloudServer) -> None:
    with cloud.connect() as demo:
        [server] = demo.compute.servers()
        labels = (("project_id", demo.current_project_id), ("server_id", server.id))
    until = time.monotonic() + 20
    while True:
        found = values(httpx.get(f"{cloud.url}/metrics").text)
        # The first figures may be from before its process began.
        if ("pilvi_guest_cpu_seconds_total", labels) in found:
            break
        assert time.monotonic() < until
        time.sleep(0.2)
    assert found["pilvi_guest_cpu_seconds_total", labels] > 0
    assert found["pilvi_guest_disk_read_bytes_total", labels] == 512
    assert found["pilvi_guest_disk_written_bytes_total", labels] == 0
    assert found["pilvi_guest_network_sent_bytes_total", labels] == 0
    assert found["pilvi_guest_network_received_bytes_total", labels] == 0


def test_no_label_has_what_tenants_choose(cloud: CloudServer) -> None:
    httpx.get(f"{cloud.url}/compute/v2.1/servers/typed-by-somebody")
    httpx.get(f"{cloud.url}/typed-by-somebody")
    text = httpx.get(f"{cloud.url}/metrics").text
    for word in ("secret-name", "demo", "typed-by-somebody"):
        assert word not in text
    routes = set(re.findall(r'route="([^"]*)"', text))
    assert "/compute/v2.1/servers/{id}" in routes or any("{" in route for route in routes)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-for": "127.0.0.1"},
        {"forwarded": "for=127.0.0.1"},
        {"via": "1.1 proxy"},
        {"host": "rebound.example"},
        {"host": "rebound.example:8774"},
    ],
)
def test_what_a_proxy_or_a_page_passes_on_is_not_near(
    cloud: CloudServer, headers: dict[str, str]
) -> None:
    reply = httpx.get(f"{cloud.url}/metrics", headers=headers)
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, 404)


def test_strangers_are_told_what_they_are_told_of_any_path(cloud: CloudServer) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert httpx.request(method, f"{cloud.url}/metrics").status_code == 404
    there = httpx.get(f"{cloud.url}/metrics", headers={"host": "x"})
    elsewhere = httpx.get(f"{cloud.url}/metrixx", headers={"host": "x"})
    assert there.text.replace("metrics", "") == elsewhere.text.replace("metrixx", "")


def request_from(client: str, **headers: str) -> Request:
    """A request as the server sees it."""
    rows = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "client": (client, 1), "headers": rows, "method": "GET"}
    return Request(scope)


@pytest.mark.parametrize(
    ("client", "host", "may"),
    [
        ("127.0.0.1", "127.0.0.1:8774", True),
        ("::1", "[::1]:8774", True),
        ("127.0.0.1", "localhost", True),
        ("10.0.0.9", "127.0.0.1:8774", False),
        ("127.0.0.1", "", False),
    ],
)
def test_without_a_token_only_this_machine(client: str, host: str, may: bool) -> None:
    assert may_read(request_from(client, host=host), "") is may


def test_a_token_opens_it_to_all_who_have_it_and_to_nobody_else() -> None:
    for client in ("127.0.0.1", "10.0.0.9"):
        shown = request_from(client, host="cloud", authorization=f"Bearer {TOKEN}")
        assert may_read(shown, TOKEN)
        assert not may_read(request_from(client, host="127.0.0.1"), TOKEN)
        for wrong in ("", "Bearer", "Bearer ", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer ü"):
            headers = {"host": "127.0.0.1", "authorization": wrong}
            scope = {
                "type": "http",
                "client": (client, 1),
                "headers": [(k.encode(), v.encode("latin-1")) for k, v in headers.items()],
            }
            assert not may_read(Request(scope), TOKEN)


def test_a_token_is_read_from_its_file(tmp_path: Path) -> None:
    assert read_token(tmp_path / "none") == ""
    (tmp_path / "t").write_text(f"{TOKEN}\n")
    assert read_token(tmp_path / "t") == TOKEN
    (tmp_path / "t").write_text("short")
    with pytest.raises(InvalidRequest, match="at least 16"):
        read_token(tmp_path / "t")
    (tmp_path / "t").write_text("")
    with pytest.raises(InvalidRequest):
        read_token(tmp_path / "t")
