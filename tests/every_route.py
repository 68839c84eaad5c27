"""Every row of every service as a request: real ids in its path, a body that it accepts."""

import copy
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx

from cloud import Cloud, running_cloud
from compute.servers import ComputeCloud
from compute_world import compute_admin_bodies, fill_compute
from conformance.openapi.transport import show
from fake_host import running_agent
from identity_world import fill_identity, identity_bodies
from image_files import OCTETS, PATCH, add_user, create_active, make_qcow2
from image_world import fill_images, image_bodies
from network.neutron import Neutron
from network_world import fill_network, network_bodies
from pilvi.block_storage.operations.seed import seed_block_storage
from pilvi.compute.operations.seed import seed_compute
from pilvi.core.http import Check, Route, Service
from pilvi.network.operations.seed import seed_network
from quick_call import quick_call
from volume_rows import fill_volumes, volume_bodies

TAGGABLE = (
    *("networks", "subnets", "ports", "routers", "floatingips", "security-groups"),
    *("security-group-rules", "subnetpools", "policies", "address-groups"),
    "network_segment_ranges",
)
NOWHERE = "00000000-0000-4000-8000-000000000000"
PROVIDER = "00000000-0000-4000-8000-00000000a001"
CONSUMER = "00000000-0000-4000-8000-00000000a002"
STRANGER, READER = "stranger", "reader"


@dataclass(frozen=True)
class Request:
    """One row of a surface, made concrete."""

    service: Service
    route: Route
    path: str
    body: Any = None
    content_type: str | None = None

    @property
    def name(self) -> str:
        """The operation as a failing test shall call it."""
        action = f" {self.route.action}" if self.route.action else ""
        return f"{self.service.name}: {self.route.method} {self.route.path}{action}"

    @property
    def check(self) -> Check:
        """The default of the row's rule."""
        return next(r.default for r in self.service.rules if r.name == self.route.policy)

    @property
    def names_a_thing(self) -> bool:
        """Whether the path leads to something that somebody owns."""
        return "{" in self.route.path


@dataclass
class World:
    """A cloud in which one project has one of everything, and a stranger has a project too."""

    cloud: Cloud
    compute: ComputeCloud
    ids: dict[str, str] = field(default_factory=dict)
    """What the first project has, by the name of the path's parameter."""
    identity: dict[str, str] = field(default_factory=dict)
    """The same for identity alone, which calls other things by the same names."""

    def requests(self, things: dict[str, str] | None = None) -> Iterator[Request]:
        """Every row of every service that tokens open."""
        for service in self.cloud.plane.list_services():
            if not service.root.startswith("/host"):
                for route in service.routes:
                    own = self.identity if service.name == "identity" else {}
                    yield from self._requests(service, route, {**self.ids, **own, **(things or {})})

    def _requests(self, service: Service, route: Route, ids: dict[str, str]) -> Iterator[Request]:
        kinds = TAGGABLE if "{collection}" in route.path else ("",)
        for kind in kinds:
            values = dict(ids, collection=kind)
            if kind:
                values["id"] = tagged_id(ids, kind)
            if service.name == "compute" and "os-keypairs" in route.path:
                values["name"] = ids["keypair"]
            if service.name == "placement":
                values["name"] = ids["word"]
            body, content_type = body_of(service, route, values)
            path = route.path.replace(":path}", "}").format_map(values)
            yield Request(service, route, service.root + path, body, content_type)

    async def send(
        self, request: Request, token: str | None, *, path: str | None = None, body: Any = ...
    ) -> httpx.Response:
        """Send a request at its service's newest version (or the last one that has its row)."""
        headers = {} if token is None else {"x-auth-token": token}
        if (versions := request.service.versions) is not None:
            number = min(request.route.until or versions.maximum, versions.maximum)
            text = f"{versions.service} {number[0]}.{number[1]}"
            headers["openstack-api-version"] = text
        sent = request.body if body is ... else body
        if request.content_type is not None:
            headers["content-type"] = request.content_type
        if sent is None:
            content = b""
        else:
            headers.setdefault("content-type", "application/json")
            content = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
        method, target = request.route.method, path or request.path
        reply = await quick_call(self.cloud.app, method, target, headers, content)
        show(method, unquote(target.partition("?")[0]), reply, content)
        return reply


def _bodies(ids: dict[str, str]) -> dict[str, Any]:
    """A body that each operation accepts, by its name or `service:operation`."""
    return {
        **image_bodies(ids),
        **_network_bodies(ids),
        **_router_and_group_bodies(ids),
        **network_bodies(ids),
        **_volume_bodies(ids),
        **_compute_bodies(ids),
        **compute_admin_bodies(ids),
        **_placement_bodies(ids),
    }


def _placement_bodies(ids: dict[str, str]) -> dict[str, Any]:
    """Of the operations of placement."""
    at = {"resource_provider_generation": 9999}
    claim = {
        "allocations": {ids["provider_id"]: {"resources": {"VCPU": 1}}},
        "project_id": ids["project_id"],
        "user_id": ids["user_id"],
        "consumer_generation": 1,
        "consumer_type": "TASK",
    }
    inventories = {**at, "inventories": {"VCPU": {"total": 9}}}
    return {
        "create_resource_provider": {"name": "p", "uuid": NOWHERE},
        "update_resource_provider": {"name": "changed"},
        "create_provider_inventory": {"resource_class": "VGPU", "total": 9},
        "replace_provider_inventories": inventories,
        "update_provider_inventory": {**at, "total": 9, "allocation_ratio": 2.0},
        "replace_provider_traits": {**at, "traits": ["COMPUTE_NODE"]},
        "replace_provider_aggregates": {**at, "aggregates": [NOWHERE]},
        "create_resource_class": {"name": "CUSTOM_TIN"},
        "rename_resource_class": {"name": "CUSTOM_TIN"},
        "replace_allocations": claim,
        "manage_allocations": {ids["consumer_id"]: claim},
        "reshape": {"inventories": {ids["provider_id"]: inventories}, "allocations": {}},
    }


def _network_bodies(ids: dict[str, str]) -> dict[str, Any]:
    """Of networks, subnets and ports."""
    return {
        "create_network": {"network": {"name": "n", "mtu": 1400}},
        "update_network": {"network": {"name": "changed"}},
        "create_subnet": {
            "subnet": {
                "network_id": ids["network_id"],
                "cidr": "10.7.0.0/24",
                "ip_version": 4,
                "dns_nameservers": ["9.9.9.9"],
                "allocation_pools": [{"start": "10.7.0.9", "end": "10.7.0.99"}],
                "host_routes": [{"destination": "10.8.0.0/24", "nexthop": "10.7.0.3"}],
            }
        },
        "update_subnet": {"subnet": {"name": "changed"}},
        "create_port": {
            "port": {
                "network_id": ids["network_id"],
                "fixed_ips": [{"ip_address": "10.1.1.77"}],
                "security_groups": [ids["security_group_id"]],
                "allowed_address_pairs": [{"ip_address": "10.1.1.78"}],
                "device_id": "x",
            }
        },
        "update_port": {"port": {"name": "changed"}},
    }


def _router_and_group_bodies(ids: dict[str, str]) -> dict[str, Any]:
    """Of the other operations of the network service."""
    rule = {"security_group_id": ids["security_group_id"], "direction": "ingress"}
    route = {"routes": [{"destination": "10.99.0.0/16", "nexthop": "10.1.1.9"}]}
    return {
        "create_router": {"router": {"name": "r", **route} | {"routes": []}},
        "update_router": {"router": {"name": "changed"}},
        "add_router_interface": {"subnet_id": ids["subnet_id"]},
        "remove_router_interface": {"subnet_id": ids["subnet_id"]},
        "add_extraroutes": {"router": route},
        "remove_extraroutes": {"router": route},
        "create_floatingip": {"floatingip": {"floating_network_id": ids["external_id"]}},
        "update_floatingip": {"floatingip": {"port_id": ids["port_id"]}},
        "create_security_group": {"security_group": {"name": "g"}},
        "update_security_group": {"security_group": {"name": "changed"}},
        "create_security_group_rule": {
            "security_group_rule": {
                **rule,
                "protocol": "tcp",
                "port_range_min": 1,
                "port_range_max": 2,
                "remote_ip_prefix": "10.0.0.0/8",
            }
        },
        "update_quota": {"quota": {"port": 7}},
        "network:replace_tags": {"tags": ["changed"]},
        "add_tags": {"tags": ["changed"]},
    }


def _volume_bodies(ids: dict[str, str]) -> dict[str, Any]:
    """Of the operations of block storage."""
    return {
        "create_volume": {"volume": {"size": 1, "name": "v", "metadata": {"a": "b"}}},
        "update_volume": {"volume": {"name": "changed"}},
        "create_volume_metadata": {"metadata": {"a": "changed"}},
        "replace_volume_metadata": {"metadata": {"a": "changed"}},
        "update_volume_metadata_item": {"meta": {ids["key"]: "changed"}},
        "extend_volume": {"new_size": 2},
        "set_bootable": {"bootable": True},
        "set_read_only": {"readonly": True},
        "retype_volume": {"new_type": "x"},
        "reset_status": {"status": "error"},
        "set_image_metadata": {"metadata": {"a": "changed"}},
        "unset_image_metadata": {"key": "a"},
        "create_volume_type": {"volume_type": {"name": "t", "extra_specs": {"a": "b"}}},
        "update_volume_type": {"volume_type": {"description": "changed"}},
        "block_storage:create_extra_specs": {"extra_specs": {"a": "b"}},
        "compute:create_extra_specs": {"extra_specs": {"a": "b"}},
        "update_extra_spec": {ids["key"]: "changed"},
        "add_project_access": {"project": ids["stranger_project_id"]},
        "remove_project_access": {"project": ids["stranger_project_id"]},
        "update_quota_set": {"quota_set": {"volumes": 3}},
        **volume_bodies(ids),
    }


def _compute_bodies(ids: dict[str, str]) -> dict[str, Any]:
    """Of the operations of compute."""
    flavor = {"name": "f", "ram": 64, "vcpus": 1, "disk": 0}
    server = {"name": "s", "imageRef": ids["image_id"], "flavorRef": "p1.nano"}
    return {
        "create_flavor": {"flavor": {**flavor, "OS-FLV-EXT-DATA:ephemeral": 0, "swap": 0}},
        "update_flavor": {"flavor": {"description": "changed"}},
        "add_tenant_access": {"tenant": ids["stranger_project_id"]},
        "remove_tenant_access": {"tenant": ids["stranger_project_id"]},
        "create_keypair": {"keypair": {**_key(), "name": "k2", "type": "ssh"}},
        "create_server": {
            "server": {
                **server,
                "networks": [{"uuid": ids["network_id"]}],
                "metadata": {"a": "b"},
                "security_groups": [{"name": "default"}],
                "user_data": "eA==",
                "tags": ["t"],
                "block_device_mapping_v2": [],
                "min_count": 1,
            },
            "os:scheduler_hints": {},
        },
        "update_server": {"server": {"name": "changed"}},
        "update_metadata": {"metadata": {"a": "changed"}},
        "replace_metadata": {"metadata": {"a": "changed"}},
        "update_metadata_item": {"meta": {ids["key"]: "changed"}},
        "compute:replace_tags": {"tags": ["changed"]},
        "create_volume_attachment": {"volumeAttachment": {"volumeId": ids["volume_id"]}},
        "update_volume_attachment": {
            "volumeAttachment": {"volumeId": ids["volume_id"], "delete_on_termination": True}
        },
        "create_interface": {"interfaceAttachment": {"port_id": ids["port_id"]}},
        "reboot_server": {"type": "HARD"},
        "create_server_image": {"name": "shot", "metadata": {"a": "b"}},
        "get_console_output": {"length": 5},
        "lock_server": {"locked_reason": "x"},
        "add_security_group": {"name": "default"},
        "remove_security_group": {"name": "default"},
        "reset_server_state": {"state": "error"},
        "rescue_server": {"adminPass": "x", "rescue_image_ref": ids["image_id"]},
        "rebuild_server": {
            "imageRef": ids["image_id"],
            "name": "again",
            "metadata": {"a": "b"},
            "OS-DCF:diskConfig": "AUTO",
            "user_data": "eA==",
        },
        "resize_server": {"flavorRef": "p1.nano.eph"},
        "migrate_server": {"host": "host1"},
        "unshelve_server": {"availability_zone": "nova"},
        "create_server_backup": {"name": "b", "backup_type": "daily", "rotation": 1},
        "change_password": {"adminPass": "x"},
        "create_server_events": {
            "events": [{"name": "network-changed", "server_uuid": ids["server_id"]}]
        },
        "update_service": {"status": "disabled"},
        "update_quotas": {"quota_set": {"cores": 3}},
        **_old_compute_bodies(ids),
    }


def _old_compute_bodies(ids: dict[str, str]) -> dict[str, Any]:
    """Of other services' operations under compute's old names."""
    group = {"security_group": {"name": "changed", "description": "changed"}}
    rule = {"parent_group_id": ids["security_group_id"], "ip_protocol": "tcp"}
    ports = {"from_port": 22, "to_port": 22}
    return {
        "evacuate": {"host": "host1"},
        "add_fixed_ip": {"networkId": ids["network_id"]},
        "remove_fixed_ip": {"address": "10.0.0.77"},
        "create_image_metadata": {"metadata": {"a": "changed"}},
        "replace_image_metadata": {"metadata": {"a": "changed"}},
        "update_image_metadata_item": {"meta": {ids["key"]: "changed"}},
        "compute:create_security_group": group,
        "compute:create_volume": {"volume": {"size": 1}},
        "compute:create_snapshot": {"snapshot": {"volume_id": ids["volume_id"]}},
        "create_floating_ip": {},
        "add_floating_ip": {"address": "203.0.113.9"},
        "remove_floating_ip": {"address": "203.0.113.9"},
        "compute:update_security_group": group,
        "compute:create_security_group_rule": {"security_group_rule": {**rule, **ports}},
    }


def body_of(service: Service, route: Route, ids: dict[str, str]) -> tuple[Any, str | None]:
    """A body that a row accepts, and its content type where it is not JSON."""
    known = identity_bodies(ids) if service.name == "identity" else _bodies(ids)
    body = known.get(f"{service.name}:{route.name}", known.get(route.name))
    if route.action:
        return {route.action: copy.deepcopy(body) if route.body is not None else None}, None
    if route.name in ("upload_image", "stage_image"):
        return b"changed", OCTETS["content-type"]
    if route.body is None:
        return None, None
    assert body is not None, f"tests/every_route.py knows no body for {service.name}:{route.name}"
    kind = PATCH["content-type"] if route.name == "update_image" else None
    return copy.deepcopy(body), kind


@asynccontextmanager
async def running_world(directory: Path) -> AsyncIterator[World]:
    """A cloud with one host, in which project demo has one of everything."""
    # The host only reports news, and must not look dead in a test that takes its time.
    async with running_cloud(directory, host_lease_s=3600, console_token_s=24 * 3600) as cloud:
        ids = cloud.project_ids
        async with cloud.db.write() as tx:
            await seed_network(tx, cloud.settings, ids["admin"], ids["demo"])
            await seed_block_storage(tx)
            await seed_compute(tx)
        async with running_agent(cloud) as agent:
            image = await create_active(
                cloud, make_qcow2(), disk_format="qcow2", name="secret-image"
            )
            world = World(cloud, ComputeCloud(cloud, agent, image["id"]))
            world.ids["image_id"] = image["id"]
            await add_user(cloud, STRANGER, "strangers")
            await add_user(cloud, READER, "demo", role="reader")
            await _fill(world)
            await fill_network(cloud, world.ids)
            await _tag(world)
            await fill_compute(world.compute, world.ids)
            await fill_volumes(cloud, world.ids)
            await fill_images(cloud, world.ids)
            world.identity |= await fill_identity(cloud, world.ids)
            yield world


async def _fill(world: World) -> None:
    """Give project demo one of everything."""
    cloud, ids, neutron = world.cloud, world.ids, Neutron(world.cloud)
    ids["project_id"] = cloud.project_ids["demo"]
    ids["stranger_project_id"] = cloud.project_ids["strangers"]
    network, subnet = await neutron.make_network("10.1.1.0/24", name="secret-network")
    external = await neutron.get("/networks?router:external=true")
    ids["external_id"] = external["networks"][0]["id"]
    ids |= {"network_id": network["id"], "subnet_id": subnet["id"], "network": "secret-network"}
    group = await neutron.make("security_groups".replace("_", "-"), name="secret-group")
    ids["security_group_id"] = group["id"]
    ids["rule_id"] = group["security_group_rules"][0]["id"]
    gateway = {"network_id": ids["external_id"]}
    router = await neutron.make("routers", name="secret-router", external_gateway_info=gateway)
    ids["router_id"] = router["id"]
    assert (await neutron.interface("add", router["id"], subnet_id=subnet["id"])).is_success
    port = await neutron.make("ports", network_id=network["id"], name="secret-port")
    ids["port_id"] = port["id"]
    floating = await neutron.make("floatingips", floating_network_id=ids["external_id"])
    ids["floatingip_id"] = floating["id"]
    begun = await cloud.call("POST", "/audit/v1/audits", user="admin")
    ids["audit_id"] = str(begun.json()["audit"]["id"])
    ids |= {"tag": "a-tag", "tag_value": "a-tag", "key": "a", "keypair": "secret-key"}
    made = await world.compute.call("POST", "/os-keypairs", {"keypair": _key()})
    assert made.is_success, made.text
    # No live migration is ever under way.
    ids["migration_id"] = NOWHERE
    ids["server_id"] = await world.compute.active(
        name="secret-server",
        metadata={"a": "b"},
        tags=["a-tag"],
        networks=[{"port": ids["port_id"]}],
        security_groups=None,
    )
    ids["volume_id"] = await world.compute.create_volume()
    await _attach(world)
    await _name_the_rest(world)
    await _fill_placement(world)


def tagged_id(ids: dict[str, str], collection: str) -> str:
    """The first project's thing of a collection that has tags."""
    odd = {"policies": "policy_id", "security-group-rules": "rule_id"}
    return ids[odd.get(collection, collection.replace("-", "_").removesuffix("s") + "_id")]


async def _tag(world: World) -> None:
    """Give one thing of every collection a tag."""
    for collection in TAGGABLE:
        path = f"/network/v2.0/{collection}/{tagged_id(world.ids, collection)}/tags/a-tag"
        reply = await world.cloud.call("PUT", path, user="admin")
        assert reply.status_code == 201, reply.text


def _key() -> dict[str, str]:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJqYyJw0Zs6lYd3pQnHjhpHfXq1Yk8bZl0Q0cJgPnA2v x"
    return {"name": "secret-key", "public_key": key}


async def _attach(world: World) -> None:
    """Attach the volume to the server."""
    ids, compute = world.ids, world.compute
    path = f"/servers/{ids['server_id']}/os-volume_attachments"
    body = {"volumeAttachment": {"volumeId": ids["volume_id"]}}
    reply = await compute.call("POST", path, body)
    assert reply.is_success, reply.text
    await compute.volume_is(ids["volume_id"], "in-use")
    latest = {"openstack-api-version": "volume 3.71"}
    found = await world.cloud.call("GET", "/volume/v3/attachments", headers=latest)
    ids["attachment_id"] = found.json()["attachments"][0]["id"]
    meta = {"metadata": {"a": "b"}}
    reply = await world.cloud.call("POST", f"/volume/v3/volumes/{ids['volume_id']}/metadata", meta)
    assert reply.is_success, reply.text


async def _name_the_rest(world: World) -> None:
    """Ids that nobody has to make."""
    cloud, ids = world.cloud, world.ids
    actions = f"/servers/{ids['server_id']}/os-instance-actions"
    found = (await world.compute.call("GET", actions)).json()
    ids["request_id"] = found["instanceActions"][0]["request_id"]
    private = {"name": "private", "ram": 64, "vcpus": 1, "disk": 0}
    private["os-flavor-access:is_public"] = False
    reply = await world.compute.call("POST", "/flavors", {"flavor": private}, user="admin")
    ids["flavor_id"] = reply.json()["flavor"]["id"]
    typed = {"name": "private", "os-volume-type-access:is_public": False}
    path = "/volume/v3/types"
    reply = await cloud.call("POST", path, {"volume_type": typed}, user="admin")
    ids["type_id"] = reply.json()["volume_type"]["id"]
    users = (await cloud.call("GET", "/identity/v3/users?name=demo", user="admin")).json()
    roles = (await cloud.call("GET", "/identity/v3/roles?name=member", user="admin")).json()
    ids |= {"user_id": users["users"][0]["id"], "role_id": roles["roles"][0]["id"]}
    ids |= {"member_id": ids["stranger_project_id"]}
    ids |= {"resource_class": "VCPU", "domain_id": "default", "region_id": "RegionOne"}
    ids |= {"alias": "router", "name": "VCPU", "agent_id": NOWHERE, "message_id": NOWHERE}
    ids |= {"host": "host1", "action": "disable", "task_id": NOWHERE, "id": NOWHERE}


async def _fill_placement(world: World) -> None:
    """A provider of the admin's own, of which project demo holds some."""
    ids = world.ids
    ids |= {"word": "CUSTOM_GOLD", "provider_id": PROVIDER, "consumer_id": CONSUMER}
    bodies = _placement_bodies(ids)
    first = {"resource_provider_generation": 0, "inventories": {"VCPU": {"total": 9}}}
    held = {**bodies["replace_allocations"], "consumer_generation": None}
    for method, path, body in (
        ("PUT", "/resource_classes/CUSTOM_GOLD", None),
        ("PUT", "/traits/CUSTOM_GOLD", None),
        ("POST", "/resource_providers", {"name": "secret-provider", "uuid": PROVIDER}),
        ("PUT", f"/resource_providers/{PROVIDER}/inventories", first),
        ("PUT", f"/allocations/{CONSUMER}", held),
    ):
        newest = {"openstack-api-version": "placement 1.39"}
        reply = await world.cloud.call(
            method, "/placement" + path, body, user="admin", headers=newest
        )
        assert reply.is_success, reply.text
