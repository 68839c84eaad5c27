"""Operations that the documents have and OpenStack itself refuses, each with the reason.

A machine writes the documents: of every collection it writes all five operations, also where
OpenStack has no code for them. They count neither as served nor as missing; what a cloud has to
do is to refuse them (a 4xx).
"""

from collections.abc import Mapping

from conformance.openapi.not_openstack_either import OTHER_SERVICES

_NO_METHOD = "Neutron's plugin has no such method"
_PECAN = "Neutron's controller of this path knows only {}; the rest is answered with 405"


def _all(path: str, *methods: str) -> tuple[str, ...]:
    return tuple(f"{method} /v2.0/{path}" for method in methods)


_ITEM = ("GET", "PUT", "DELETE")

_NETWORK: Mapping[tuple[str, ...], str] = {
    _all("agents", "POST"): "create_agent of Neutron's agent extension raises BadRequest",
    _all("agents/{agent_id}/dhcp-networks/{id}", "GET", "PUT"): _PECAN.format(
        "index, create and delete"
    ),
    _all("agents/{agent_id}/l3-routers/{id}", "GET"): _PECAN.format(
        "index, create, update and delete"
    ),
    _all("networks/{network_id}/dhcp-agents", "POST"): _PECAN.format("index"),
    _all("networks/{network_id}/dhcp-agents/{id}", *_ITEM): _PECAN.format("index"),
    _all("routers/{router_id}/l3-agents", "POST"): _PECAN.format("index"),
    _all("routers/{router_id}/l3-agents/{id}", *_ITEM): _PECAN.format("index"),
    (
        *_all("auto-allocated-topology", "GET", "POST"),
        *_all("auto-allocated-topology/{id}", "PUT"),
    ): f"{_NO_METHOD}: a topology is asked for by its project and deleted, no more",
    _all("default-security-group-rules/{id}", "PUT"): f"{_NO_METHOD}: rules are not changed",
    _all("security-group-rules/{id}", "PUT"): f"{_NO_METHOD}: rules are not changed",
    (
        *_all("flavors/{flavor_id}/next_providers", "GET", "POST"),
        *_all("flavors/{flavor_id}/next_providers/{id}", *_ITEM),
    ): f"{_NO_METHOD}: get_flavor_next_provider is for the router plugin's own use",
    (
        *_all("flavors/{flavor_id}/service_profiles", "GET"),
        *_all("flavors/{flavor_id}/service_profiles/{id}", "PUT"),
    ): f"{_NO_METHOD}: profiles are bound and unbound, and shown in their flavor",
    (
        *_all("floatingip-pools", "POST"),
        *_all("floatingip-pools/{id}", *_ITEM),
    ): f"{_NO_METHOD}: pools are computed, and only listed",
    (
        *_all("log/loggable-resources", "POST"),
        *_all("log/loggable-resources/{id}", *_ITEM),
    ): f"{_NO_METHOD}: what can be logged is only listed",
    (
        *_all("network-ip-availabilities", "POST"),
        *_all("network-ip-availabilities/{id}", "PUT", "DELETE"),
    ): f"{_NO_METHOD}: it is counted, and only read",
    (
        *_all("qos/rule-types", "POST"),
        *_all("qos/rule-types/{id}", "PUT", "DELETE"),
    ): f"{_NO_METHOD}: what rules there can be is only read",
    tuple(
        name
        for kind in ("bandwidth-limit", "dscp-marking", "minimum-bandwidth", "minimum-packet-rate")
        for name in _all(f"qos/alias-{kind}-rules", "POST")
    ): f"{_NO_METHOD}: by its own id a rule is shown, changed and deleted, no more",
    (
        *_all("service-providers", "POST"),
        *_all("service-providers/{id}", *_ITEM),
    ): f"{_NO_METHOD}: providers come from the configuration, and are only listed",
    _all("local_ips/{local_ip_id}/port_associations/{id}", "PUT"): (
        f"{_NO_METHOD}: associations are not changed"
    ),
}

NOT_OPENSTACK: Mapping[str, Mapping[str, str]] = {
    "network": {name: why for names, why in _NETWORK.items() for name in names},
    **OTHER_SERVICES,
}
"""By service and by the operation's name: why OpenStack refuses it. Network's source is Neutron
2026.2: neutron/extensions, neutron/db, neutron/services and neutron/pecan_wsgi."""
