"""Which operations have rows."""

from pathlib import Path

from conformance.openapi.__main__ import list_services
from conformance.openapi.documents import SERVICES, published
from conformance.openapi.routed import list_actions, list_routed


def test_rows_are_found_for_operations(tmp_path: Path) -> None:
    services = {service.name: service for service in list_services(tmp_path)}
    assert set(services) == set(SERVICES)
    routed = {name: list_routed(service) for name, service in services.items()}
    assert all(routed["placement"].values()) and len(routed["placement"]) == 36
    for name in ("GET /v3/volumes/{id}", "GET /v3/{project_id}/volumes/{id}"):
        assert routed["block_storage"][name]
    assert routed["identity"]["HEAD /v3/auth/tokens"]
    assert routed["network"]["GET /v2.0/networks"]


def test_the_actions_of_a_path() -> None:
    compute = published("compute")
    operation = compute.find("POST", "/v2.1/servers/x/action")
    assert operation is not None
    assert {"reboot", "resize", "os-start"} <= set(list_actions(compute, operation))


def test_rows_of_our_own_are_no_operation_of_the_documents(tmp_path: Path) -> None:
    """What Pilvi adds must never count as served: no document knows a path of it."""
    own = []
    for service in list_services(tmp_path):
        for route in service.routes:
            if "/pilvi-" in route.path and service.name in SERVICES:
                own.append(f"{service.name} {route.path}")
                document = published(service.name)
                path = service.root.removeprefix(document.prefix) + route.path
                words = [word if "{" not in word else "x" for word in path.split("/")]
                assert document.find(route.method, "/".join(words)) is None, route.path
    services = {"compute", "block_storage", "network", "image", "placement"}
    assert {one.split()[0] for one in own} == services
