"""What can be done with an instance."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from pilvi.dashboard.client import Client, Refused, at
from pilvi.dashboard.describe import Action, Done, Field, FieldKind, Form, Row
from pilvi.dashboard.pages import choices
from pilvi.dashboard.resources import Resource

RESOURCE = Resource("/compute/v2.1/servers", "servers", "server", "/detail")
_RESTING = {"ACTIVE", "SHUTOFF", "PAUSED", "SUSPENDED", "ERROR", "RESCUE", "VERIFY_RESIZE"}
_RESTING |= {"SHELVED", "SHELVED_OFFLOADED"}


def is_settled(row: Row) -> bool:
    """Whether nothing is in work. Pure."""
    return row["OS-EXT-STS:task_state"] is None and row["status"] in _RESTING


def _in(*states: str) -> Callable[[Row], bool]:
    return lambda row: row["status"] in states


async def act(client: Client, id: str, body: dict[str, Any]) -> Any:
    """Send one of the actions of compute's API."""
    return await client.post(at(RESOURCE.root, id, "action"), body)


def _plain(name: str, label: str, word: str, note: str, **more: Any) -> Action:
    """An action without fields; `word` is compute's own name for it."""

    async def send(client: Client, id: str, form: Form) -> Done:
        await act(client, id, {word: None})
        return Done(note)

    return Action(name=name, label=label, send=send, **more)


def _reboot(name: str, label: str, kind: str, explain: str = "") -> Action:
    async def send(client: Client, id: str, form: Form) -> Done:
        await act(client, id, {"reboot": {"type": kind}})
        return Done("The instance is being rebooted.")

    when = _in("ACTIVE") if kind == "SOFT" else _in("ACTIVE", "SHUTOFF", "PAUSED", "ERROR")
    return Action(name=name, label=label, send=send, when=when, explain=explain)


def _console(name: str, label: str, protocol: str, type: str) -> Action:
    async def send(client: Client, id: str, form: Form) -> Done:
        wanted = {"remote_console": {"protocol": protocol, "type": type}}
        made = await client.post(at(RESOURCE.root, id, "remote-consoles"), wanted)
        link = urlsplit(made["remote_console"]["url"])
        # The link names this server; the browser may know it by another name.
        return Done("", f"{link.path}?{link.query}", leads_out=True)

    return Action(name=name, label=label, send=send, opens_window=True, when=_in("ACTIVE"))


async def _attach_volume(client: Client, id: str, form: Form) -> Done:
    body = {"volumeAttachment": {"volumeId": form["volume"]}}
    await client.post(at(RESOURCE.root, id, "os-volume_attachments"), body)
    return Done("The volume is being attached.")


async def _detach_volume(client: Client, id: str, form: Form) -> Done:
    await client.delete(at(RESOURCE.root, id, "os-volume_attachments", form["volume"]))
    return Done("The volume is being detached.")


async def _attach_network(client: Client, id: str, form: Form) -> Done:
    body = {"interfaceAttachment": {"net_id": form["network"]}}
    await client.post(at(RESOURCE.root, id, "os-interface"), body)
    return Done("The network is being attached.")


async def _detach_network(client: Client, id: str, form: Form) -> Done:
    await client.delete(at(RESOURCE.root, id, "os-interface", form["port"]))
    return Done("The network is being detached.")


async def _edit(client: Client, id: str, form: Form) -> Done:
    fields = {"name": form["name"], "description": form["description"] or None}
    await RESOURCE.update(client, id, fields)
    return Done("The instance was changed.")


async def _resize(client: Client, id: str, form: Form) -> Done:
    await act(client, id, {"resize": {"flavorRef": form["flavor"]}})
    return Done("The instance is being resized; confirm or revert it afterwards.")


async def _rebuild(client: Client, id: str, form: Form) -> Done:
    await act(client, id, {"rebuild": {"imageRef": form["image"]}})
    return Done("The instance is being rebuilt.")


async def _snapshot(client: Client, id: str, form: Form) -> Done:
    await act(client, id, {"createImage": {"name": form["name"]}})
    return Done(f"The image {form['name']} is being made.", "images")


async def _add_floating_ip(client: Client, id: str, form: Form) -> Done:
    found = await client.get("/network/v2.0/ports", {"device_id": id})
    if not found["ports"]:
        raise Refused(409, "cannot give it a floating IP: it is on no network; attach one first")
    fields = {"floating_network_id": form["network"], "port_id": found["ports"][0]["id"]}
    made = await client.post("/network/v2.0/floatingips", {"floatingip": fields})
    return Done(f"Its floating IP is {made['floatingip']['floating_ip_address']}.")


async def _group(client: Client, id: str, form: Form) -> Done:
    word = "addSecurityGroup" if form["how"] == "add" else "removeSecurityGroup"
    await act(client, id, {word: {"name": form["group"]}})
    return Done("Its security groups were changed.")


async def _move(client: Client, id: str, form: Form) -> Done:
    await act(client, id, {"migrate": {"host": form["host"]} if form["host"] else None})
    return Done("The instance is being moved; confirm it afterwards.")


def _choose(name: str, label: str, load: Any, kind: FieldKind = FieldKind.CARDS) -> Field:
    return Field(name=name, label=label, kind=kind, choices=load)


def _kept(name: str) -> Field:
    return Field(name=name, kind=FieldKind.HIDDEN)


_WORKING = ("ACTIVE", "SHUTOFF", "PAUSED", "SUSPENDED")
_NAME = Field(name="name", label="Name")
_ABOUT = Field(name="description", label="Description", is_required=False)

ACTIONS = [
    _console("screen", "Open console", "vnc", "novnc"),
    _console("serial", "Open serial console", "serial", "serial"),
    _plain("start", "Start", "os-start", "The instance is being started.", when=_in("SHUTOFF")),
    _plain("stop", "Stop", "os-stop", "The instance is being stopped.", when=_in("ACTIVE")),
    _reboot("reboot", "Reboot", "SOFT"),
    _reboot(
        "reset",
        "Reset",
        "HARD",
        "This is the reset button: what the guest has not written to its disks is lost.",
    ),
    _plain("pause", "Pause", "pause", "The instance is being paused.", when=_in("ACTIVE")),
    _plain("unpause", "Go on", "unpause", "The instance goes on.", when=_in("PAUSED")),
    _plain("suspend", "Suspend", "suspend", "It is being suspended.", when=_in("ACTIVE")),
    _plain("resume", "Resume", "resume", "It is being resumed.", when=_in("SUSPENDED")),
    _plain("shelve", "Shelve", "shelve", "It is being shelved.", when=_in("ACTIVE", "SHUTOFF")),
    _plain(
        "unshelve",
        "Unshelve",
        "unshelve",
        "It is being taken from the shelf.",
        when=_in("SHELVED", "SHELVED_OFFLOADED"),
    ),
    Action(
        name="resize",
        label="Resize",
        send=_resize,
        fields=[_choose("flavor", "Flavor", choices.list_flavors)],
        when=_in("ACTIVE", "SHUTOFF"),
    ),
    _plain("confirm", "Confirm resize", "confirmResize", "Confirmed.", when=_in("VERIFY_RESIZE")),
    _plain("revert", "Revert resize", "revertResize", "Reverting.", when=_in("VERIFY_RESIZE")),
    Action(
        name="snapshot",
        label="Make an image",
        send=_snapshot,
        fields=[Field(name="name", label="Name of the image")],
        when=_in(*_WORKING),
    ),
    Action(
        name="attach-volume",
        label="Attach a volume",
        send=_attach_volume,
        fields=[_choose("volume", "Volume", choices.list_free_volumes)],
        when=_in(*_WORKING),
    ),
    Action(
        name="detach-volume",
        label="Detach a volume",
        send=_detach_volume,
        fields=[_kept("volume")],
        explain="Unmount it in the guest first, so that nothing unwritten is lost.",
        when=lambda row: False,
    ),
    Action(
        name="attach-network",
        label="Attach a network",
        send=_attach_network,
        fields=[_choose("network", "Network", choices.list_networks)],
        when=_in(*_WORKING),
    ),
    Action(
        name="detach-network",
        label="Detach a network",
        send=_detach_network,
        fields=[_kept("port")],
        explain="The instance loses the addresses that it has on this network.",
        when=lambda row: False,
    ),
    Action(
        name="floating-ip",
        label="Give a floating IP",
        send=_add_floating_ip,
        fields=[_choose("network", "From", choices.list_external_networks)],
        when=_in(*_WORKING),
    ),
    Action(
        name="security-group",
        label="Security groups",
        send=_group,
        fields=[
            _choose("group", "Security group", choices.list_security_groups, FieldKind.SELECT),
            Field(
                name="how",
                label="What to do",
                kind=FieldKind.CARDS,
                choices=choices.add_or_remove,
            ),
        ],
        when=_in(*_WORKING),
    ),
    Action(
        name="edit",
        label="Edit",
        send=_edit,
        fields=[_NAME, _ABOUT],
        first_values=lambda row: {
            "name": row["name"],
            "description": row.get("description") or "",
        },
    ),
    Action(
        name="rebuild",
        label="Rebuild",
        send=_rebuild,
        fields=[_choose("image", "Image", choices.list_images)],
        explain="Its disk begins anew from the image; what is on it now is lost.",
        is_dangerous=True,
        when=_in("ACTIVE", "SHUTOFF", "ERROR"),
    ),
    _plain("rescue", "Rescue", "rescue", "It boots from a rescue image.", when=_in("ACTIVE")),
    _plain("unrescue", "End rescue", "unrescue", "It boots its disk.", when=_in("RESCUE")),
    _plain("lock", "Lock", "lock", "Locked.", when=lambda row: not row["locked"]),
    _plain("unlock", "Unlock", "unlock", "Unlocked.", when=lambda row: row["locked"]),
    Action(
        name="move",
        label="Move to another host",
        send=_move,
        fields=[
            Field(
                name="host",
                label="Host",
                kind=FieldKind.SELECT,
                choices=choices.list_hosts,
                is_required=False,
                hint="Empty: the scheduler chooses.",
            )
        ],
        explain="The guest is shut down for the way and started again there.",
        # Only admins are told the host.
        when=lambda row: row["status"] in ("ACTIVE", "SHUTOFF") and "OS-EXT-SRV-ATTR:host" in row,
    ),
    RESOURCE.delete(
        "instance",
        "instances",
        "This stops the instance and deletes its own disk. Volumes that do not go with it stay.",
    ),
]
