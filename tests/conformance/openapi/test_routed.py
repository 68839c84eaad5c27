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
