"""One small scenario for each operation: what is there, what is asked for, and how that ends.

`goal` names the end by thing: statuses, or a condition of the scenario's own. The matrix plays
each with a fault at each of its steps.
"""

from collections.abc import Awaitable

from pilvi.testing.simulation.operator_scenarios import OPERATOR_SCENARIOS
from pilvi.testing.simulation.outsider_scenarios import OUTSIDER_SCENARIOS
from pilvi.testing.simulation.scenario import Act, Scenario, after
from pilvi.testing.simulation.stage import NETWORK, SERVERS, Stage


async def _nothing(stage: Stage) -> None:
    """Nothing is there before."""


async def _server(stage: Stage) -> None:
    await stage.server()


async def _volume(stage: Stage) -> None:
    await stage.volume()


async def _both(stage: Stage) -> None:
    await stage.server()
    await stage.volume()


async def _attached(stage: Stage) -> None:
    await _both(stage)
    await stage.attach()
    await stage.wait("volume", "volume", "in-use")


def _act(action: str, value: object = None) -> Act:
    return lambda stage: stage.act("server", action, value)


def _is(kind: str, *statuses: str) -> Act:
    return lambda stage: stage.wait(kind, kind, *statuses)


def _life(name: str, action: Act, end: str, *before: Act) -> Scenario:
    return Scenario(name, after(_server, *before), action, {("server", "server"): (end,)})


def _from_volume(stage: Stage) -> Awaitable[None]:
    mapping = {
        "boot_index": 0,
        "uuid": stage.ground.image_id,
        "source_type": "image",
        "destination_type": "volume",
        "volume_size": 1,
        "delete_on_termination": True,
    }
    return stage.ask_server(imageRef=None, block_device_mapping_v2=[mapping])


async def _rebuild(stage: Stage) -> None:
    await stage.act("server", "rebuild", {"imageRef": stage.ground.image_id})


async def _resize(stage: Stage) -> None:
    await stage.act("server", "resize", {"flavorRef": stage.ground.flavors[1]})


async def _snapshot(stage: Stage) -> None:
    path = f"{SERVERS}/{stage.ids['server']}/action"
    stage.promises.names["shot"] = "image"
    reply = await stage.call("POST", path, {"createImage": {"name": "shot"}})
    if reply.is_success:
        stage.keep("image", "image", reply.json()["image_id"])


async def _count(stage: Stage) -> None:
    """Have what routers carry counted."""
    label = {"metering_label": {"name": "counted", "shared": True}}
    reply = await stage.ask_as_admin("POST", f"{NETWORK}/metering/metering-labels", label)
    rule = {
        "metering_label_id": reply.json()["metering_label"]["id"],
        "direction": "ingress",
        "remote_ip_prefix": "0.0.0.0/0",
    }
    rules = f"{NETWORK}/metering/metering-label-rules"
    await stage.ask_as_admin("POST", rules, {"metering_label_rule": rule})


_STOPPED = (_act("os-stop"), _is("server", "SHUTOFF"))
_PAUSED = (_act("pause"), _is("server", "PAUSED"))
_SUSPENDED = (_act("suspend"), _is("server", "SUSPENDED"))
_RESCUED = (_act("rescue"), _is("server", "RESCUE"))
_SHELVED = (_act("shelve"), _is("server", "SHELVED_OFFLOADED"))
_RESIZED = (_resize, _is("server", "VERIFY_RESIZE"))
_HARD, _SOFT = {"type": "HARD"}, {"type": "SOFT"}
_SERVER, _VOLUME = ("server", "server"), ("volume", "volume")
_UP = {_SERVER: ("ACTIVE",)}


async def _migrate(stage: Stage) -> None:
    await stage.migrate()


async def _turn_off(stage: Stage) -> None:
    for host in stage.world.hosts.values():
        if stage.ids["server"] in host.hardware.drivers.vms.vms:
            host.hardware.drivers.vms.power_off(stage.ids["server"])


async def _snapshot_and_delete(stage: Stage) -> None:
    await _snapshot(stage)
    await stage.delete("server", "server")


async def _add_port(stage: Stage) -> None:
    await stage.make("port", "port", {"network_id": stage.ground.network_id})


async def _plug(stage: Stage) -> None:
    path = f"{SERVERS}/{stage.ids['server']}/os-interface"
    await stage.call("POST", path, {"interfaceAttachment": {"port_id": stage.ids["port"]}})


async def _unplug(stage: Stage) -> None:
    await stage.call("DELETE", f"{SERVERS}/{stage.ids['server']}/os-interface/{stage.ids['port']}")


async def _private(stage: Stage) -> None:
    await stage.make("network", "network", {})
    subnet = {"network_id": stage.ids["network"], "ip_version": 4, "cidr": "10.77.0.0/24"}
    await stage.make("subnet", "subnet", subnet)
    gateway = {"network_id": stage.ground.external_id}
    await stage.make("router", "router", {"external_gateway_info": gateway})


async def _on_private(stage: Stage) -> None:
    await _private(stage)
    await stage.make("port", "port", {"network_id": stage.ids["network"]})
    await stage.server(networks=[{"port": stage.ids["port"]}])


async def _on_private6(stage: Stage) -> None:
    await _on_private(stage)
    modes = {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}
    subnet = {"network_id": stage.ids["network"], "ip_version": 6, "cidr": "fd77::/64", **modes}
    await stage.make("subnet", "subnet", subnet)


async def _delete_network(stage: Stage) -> None:
    """With the server that was the last on it."""
    await stage.delete("server", "server")
    await stage.wait("server", "server", "gone")
    await stage.delete("port", "port")
    await stage.delete("network", "network")


async def _delete_router(stage: Stage) -> None:
    await _part(stage)
    await stage.delete("router", "router")


async def _join(stage: Stage) -> None:
    path = f"{NETWORK}/routers/{stage.ids['router']}/add_router_interface"
    await stage.call("PUT", path, {"subnet_id": stage.ids["subnet"]})


async def _part(stage: Stage) -> None:
    path = f"{NETWORK}/routers/{stage.ids['router']}/remove_router_interface"
    await stage.call("PUT", path, {"subnet_id": stage.ids["subnet"]})


async def _float(stage: Stage) -> None:
    if "floatingip" not in stage.ids:
        body = {"floatingip": {"floating_network_id": stage.ground.external_id}}
        reply = await stage.call("POST", f"{NETWORK}/floatingips", body)
        stage.keep("floatingip", "floatingip", reply.json()["floatingip"]["id"])
    await _lead(stage, stage.ids["port"])


async def _sink(stage: Stage) -> None:
    await _lead(stage, None)


async def _lead(stage: Stage, port_id: str | None) -> None:
    path = f"{NETWORK}/floatingips/{stage.ids['floatingip']}"
    await stage.call("PUT", path, {"floatingip": {"port_id": port_id}})


async def _group(stage: Stage) -> None:
    await stage.make("security_group", "group", {})
    rule = {
        "security_group_id": stage.ids["group"],
        "direction": "ingress",
        "protocol": "tcp",
        "remote_group_id": stage.ids["group"],
    }
    await stage.call("POST", f"{NETWORK}/security-group-rules", {"security_group_rule": rule})


async def _guard(stage: Stage) -> None:
    path = f"{NETWORK}/ports/{stage.ids['port']}"
    await stage.call("PUT", path, {"port": {"security_groups": [stage.ids["group"]]}})


async def _unguard(stage: Stage) -> None:
    path = f"{NETWORK}/ports/{stage.ids['port']}"
    await stage.call("PUT", path, {"port": {"security_groups": []}})


async def _detach(stage: Stage) -> None:
    path = f"{SERVERS}/{stage.ids['server']}/os-volume_attachments/{stage.ids['volume']}"
    await stage.call("DELETE", path)


async def _extend(stage: Stage) -> None:
    await stage.act_on_volume("volume", "os-extend", {"new_size": 2})


async def _is_grown(stage: Stage) -> str:
    found = await stage.show("volume", "volume")
    return "" if found["size"] == 2 else f"the volume has {found['size']} GiB and not 2"


async def _take_snapshot(stage: Stage) -> None:
    await stage.make("snapshot", "snapshot", {"volume_id": stage.ids["volume"]})


async def _take_backup(stage: Stage) -> None:
    await stage.make("backup", "backup", {"volume_id": stage.ids["volume"]})


async def _restore(stage: Stage) -> None:
    path = f"/volume/v3/backups/{stage.ids['backup']}/restore"
    await stage.call("POST", path, {"restore": {"volume_id": stage.ids["volume"]}})


async def _revert(stage: Stage) -> None:
    await stage.act_on_volume("volume", "revert", {"snapshot_id": stage.ids["snapshot"]})


async def _to_image(stage: Stage) -> None:
    wish = {"image_name": "out", "disk_format": "raw", "container_format": "bare"}
    stage.promises.names["out"] = "image"
    reply = await stage.act_on_volume("volume", "os-volume_upload_image", wish)
    if reply.is_success:
        stage.keep("image", "image", reply.json()["os-volume_upload_image"]["image_id"])


async def _add_image(stage: Stage) -> None:
    await stage.make("image", "image", {"disk_format": "qcow2", "container_format": "bare"})


def _deletes(kind: str) -> Act:
    return lambda stage: stage.delete(kind, kind)


def _makes_volume(**keys: str) -> Act:
    async def make(stage: Stage) -> None:
        fields = {name: stage.ids[key] for name, key in keys.items()}
        await stage.make("volume", "copy", {"size": 1, **fields})

    return make


async def _volume_of_image(stage: Stage) -> None:
    await stage.make("volume", "volume", {"size": 1, "imageRef": stage.ground.image_id})


async def _new_volume(stage: Stage) -> None:
    await stage.make("volume", "volume", {"size": 1})


_MIGRATED = (_migrate, _is("server", "VERIFY_RESIZE"))
_IN_USE = {_VOLUME: ("in-use",), _SERVER: ("ACTIVE",)}
_FREE = {_VOLUME: ("available",)}
_GONE = ("gone",)
_HAS_SNAPSHOT = after(_volume, _take_snapshot, _is("snapshot", "available"))
_HAS_BACKUP = after(_volume, _take_backup, _is("backup", "available"))
_PRIVATE_UP = after(_on_private, _join)

SCENARIOS = [
    Scenario("create a server", _nothing, lambda stage: stage.ask_server(), _UP),
    Scenario("create a server with a config drive", _nothing,
             lambda stage: stage.ask_server(config_drive=True), _UP),
    Scenario("create a server from a volume", _nothing, _from_volume, _UP),
    Scenario("delete a server", _server, _deletes("server"), {_SERVER: _GONE}),
    Scenario("delete a server with a volume", _attached, _deletes("server"),
             {_SERVER: _GONE, _VOLUME: ("available",)}),
    _life("stop a server", _act("os-stop"), "SHUTOFF"),
    _life("start a server", _act("os-start"), "ACTIVE", *_STOPPED),
    _life("reboot a server", _act("reboot", _SOFT), "ACTIVE"),
    _life("reboot a server hard", _act("reboot", _HARD), "ACTIVE"),
    _life("pause a server", _act("pause"), "PAUSED"),
    _life("unpause a server", _act("unpause"), "ACTIVE", *_PAUSED),
    _life("suspend a server", _act("suspend"), "SUSPENDED"),
    _life("resume a server", _act("resume"), "ACTIVE", *_SUSPENDED),
    _life("rebuild a server", _rebuild, "ACTIVE"),
    Scenario("rebuild a server from a volume", after(_from_volume, _is("server", "ACTIVE")),
             _rebuild, _UP),
    _life("rescue a server", _act("rescue"), "RESCUE"),
    _life("unrescue a server", _act("unrescue"), "ACTIVE", *_RESCUED),
    _life("shelve a server", _act("shelve"), "SHELVED_OFFLOADED"),
    _life("unshelve a server", _act("unshelve"), "ACTIVE", *_SHELVED),
    _life("resize a server", _resize, "VERIFY_RESIZE"),
    _life("confirm a resize", _act("confirmResize"), "ACTIVE", *_RESIZED),
    _life("revert a resize", _act("revertResize"), "ACTIVE", *_RESIZED),
    _life("migrate a server", _migrate, "VERIFY_RESIZE"),
    _life("confirm a migration", _act("confirmResize"), "ACTIVE", *_MIGRATED),
    _life("revert a migration", _act("revertResize"), "ACTIVE", *_MIGRATED),
    _life("a guest that turns itself off", _turn_off, "SHUTOFF"),
    Scenario("delete a server that is copied", _server, _snapshot_and_delete, {_SERVER: _GONE}),
    Scenario("snapshot a server", _server, _snapshot, _UP | {("image", "image"): ("active",)}),
    Scenario("plug in a port", after(_server, _add_port), _plug,
             _UP | {("port", "port"): ("ACTIVE",)}),
    Scenario("unplug a port", after(_server, _add_port, _plug, _is("port", "ACTIVE")), _unplug,
             _UP),
    Scenario("attach a volume", _both, after(lambda stage: stage.attach()), _IN_USE),
    Scenario("detach a volume", _attached, _detach, _UP | _FREE),
    Scenario("extend an attached volume", _attached, _extend, _IN_USE, _is_grown),
    Scenario("create a volume", _nothing, _new_volume, _FREE, subject=_VOLUME),
    Scenario("create a volume from an image", _nothing, _volume_of_image, _FREE, subject=_VOLUME),
    Scenario("clone a volume", _volume, _makes_volume(source_volid="volume"),
             _FREE | {("volume", "copy"): ("available",)}, subject=("volume", "copy")),
    Scenario("extend a volume", _volume, _extend, _FREE, _is_grown, subject=_VOLUME),
    Scenario("delete a volume", _volume, _deletes("volume"), {_VOLUME: _GONE}, subject=_VOLUME),
    Scenario("upload a volume as an image", _volume, _to_image,
             _FREE | {("image", "image"): ("active",)}, subject=("image", "image")),
    Scenario("create a snapshot", _volume, _take_snapshot,
             _FREE | {("snapshot", "snapshot"): ("available",)}, subject=("snapshot", "snapshot")),
    Scenario("create a volume from a snapshot", _HAS_SNAPSHOT,
             _makes_volume(snapshot_id="snapshot"), {("volume", "copy"): ("available",)},
             subject=("volume", "copy")),
    Scenario("revert a volume", _HAS_SNAPSHOT, _revert, _FREE, subject=("snapshot", "snapshot")),
    Scenario("delete a snapshot", _HAS_SNAPSHOT, _deletes("snapshot"),
             {("snapshot", "snapshot"): _GONE}, subject=("snapshot", "snapshot")),
    Scenario("create a backup", _volume, _take_backup,
             _FREE | {("backup", "backup"): ("available",)}, subject=("backup", "backup")),
    Scenario("restore a backup", _HAS_BACKUP, _restore, _FREE, subject=_VOLUME),
    Scenario("delete a backup", _HAS_BACKUP, _deletes("backup"),
             {("backup", "backup"): _GONE}, subject=("backup", "backup")),
    Scenario("upload an image", _add_image, lambda stage: stage.upload(),
             {("image", "image"): ("active",)}, subject=("image", "image")),
    Scenario("delete an image", after(_add_image, lambda stage: stage.upload()),
             _deletes("image"), {("image", "image"): _GONE}, subject=("image", "image")),
    Scenario("create a server on a network of its own", _private,
             after(lambda stage: stage.ask_server(networks=[{"uuid": stage.ids["network"]}])),
             _UP),
    Scenario("plug a router in", _on_private, _join, _UP, subject=("port", "port")),
    Scenario("unplug a router", _PRIVATE_UP, _part, _UP, subject=("router", "router")),
    Scenario("plug a router into IPv6", _on_private6, _join, _UP, subject=("port", "port")),
    Scenario("unplug a router from IPv6", after(_on_private6, _join), _part, _UP,
             subject=("router", "router")),
    Scenario("count what routers carry", _PRIVATE_UP, _count, _UP),
    Scenario("delete a router", _PRIVATE_UP, _delete_router, {("router", "router"): _GONE},
             subject=("router", "router")),
    Scenario("delete a network", _on_private, _delete_network,
             {_SERVER: _GONE, ("network", "network"): _GONE}),
    Scenario("associate a floating IP", _PRIVATE_UP, _float,
             {("floatingip", "floatingip"): ("ACTIVE",)}, subject=("floatingip", "floatingip")),
    Scenario("disassociate a floating IP", after(_PRIVATE_UP, _float), _sink,
             {("floatingip", "floatingip"): ("DOWN",)}, subject=("floatingip", "floatingip")),
    Scenario("change security groups", after(_on_private, _group), _guard, _UP),
    Scenario("drop security groups", after(_on_private, _group, _guard), _unguard, _UP),
    *OPERATOR_SCENARIOS,
    *OUTSIDER_SCENARIOS,
]  # fmt: skip
"""Every operation that converges."""
