"""Actions that change a server's life: suspended, rescued, rebuilt, resized, shelved."""

import secrets
from typing import Annotated, Any

import msgspec

from pilvi.compute.api.faults import gone
from pilvi.compute.api.links import actor
from pilvi.compute.api.server_wire import Flag, Metadata, Name, Text, Whole
from pilvi.compute.api.server_wish import is_set, read_address, read_disk_config
from pilvi.compute.api.servers import PASSWORD_BYTES, get_called, render_whole
from pilvi.compute.model.allowed import Action, require
from pilvi.compute.model.server_name import check_hostname
from pilvi.compute.operations import resize as resizing
from pilvi.compute.operations import server_life as operations
from pilvi.compute.operations.aggregates import check_zone_exists
from pilvi.compute.operations.server_life import RebuildWish
from pilvi.compute.operations.servers import change_desired, delete_server
from pilvi.compute.operations.snapshots import BackupWish, create_backup
from pilvi.core.http import Call, Reply
from pilvi.errors import Forbidden, InvalidRequest, Unsupported


class Rescue(msgspec.Struct, forbid_unknown_fields=True):
    """Body below `rescue`."""

    adminPass: str | None = None
    rescue_image_ref: str | None = None


class Rebuild(msgspec.Struct, forbid_unknown_fields=True):
    """Body below `rebuild`."""

    imageRef: str
    name: Name | None = None
    adminPass: str | None = None
    metadata: Metadata | None = None
    preserve_ephemeral: Flag = False
    accessIPv4: str | None = None
    accessIPv6: str | None = None
    disk_config: str | None = msgspec.field(name="OS-DCF:diskConfig", default=None)
    description: Text | None | msgspec.UnsetType = msgspec.UNSET
    key_name: str | None | msgspec.UnsetType = msgspec.UNSET
    user_data: str | None | msgspec.UnsetType = msgspec.UNSET
    hostname: str | msgspec.UnsetType = msgspec.UNSET
    trusted_image_certificates: list[str] | None = None


class Resize(msgspec.Struct, forbid_unknown_fields=True):
    """Body below `resize`."""

    flavorRef: str | int
    disk_config: str | None = msgspec.field(name="OS-DCF:diskConfig", default=None)


class Migrate(msgspec.Struct, forbid_unknown_fields=True):
    """Body below `migrate`."""

    host: Name | None = None


class Unshelve(msgspec.Struct, forbid_unknown_fields=True):
    """Body below `unshelve`."""

    availability_zone: str | None | msgspec.UnsetType = msgspec.UNSET
    host: Name | msgspec.UnsetType = msgspec.UNSET


class CreateBackup(msgspec.Struct, forbid_unknown_fields=True):
    """Body below `createBackup`."""

    name: Name
    backup_type: Annotated[str, msgspec.Meta(max_length=255)]
    rotation: Whole
    metadata: Metadata = {}


class ChangePassword(msgspec.Struct, forbid_unknown_fields=True):
    """Body below `changePassword`."""

    adminPass: str


def choose_password(given: str | None) -> str:
    """The password that was given, or a new one."""
    return secrets.token_urlsafe(PASSWORD_BYTES) if given is None else given


async def suspend_server(call: Call[None]) -> None:
    """Keep a running guest's memory on its host's disk."""
    await operations.suspend_server(call.tx, await get_called(call), actor(call))


async def resume_server(call: Call[None]) -> None:
    """Let a suspended guest go on."""
    await operations.resume_server(call.tx, await get_called(call), actor(call))


async def rescue_server(call: Call[Rescue | None]) -> dict[str, Any]:
    """Boot a server from a rescue image, with its own disk beside that."""
    fields, server = call.payload or Rescue(), await get_called(call)
    if server.root_volume is not None and "rescue-volume-backed" not in call.flags:
        raise InvalidRequest("cannot rescue a server that boots from a volume before version 2.87")
    password = choose_password(fields.adminPass)
    image_id = fields.rescue_image_ref
    await operations.rescue_server(call.tx, server, image_id, password, actor(call))
    return {"adminPass": password}


async def unrescue_server(call: Call[None]) -> None:
    """Boot a server from its own disk again."""
    await operations.unrescue_server(call.tx, await get_called(call), actor(call))


async def rebuild_server(call: Call[Rebuild]) -> Reply:
    """Give a server fresh disks of an image."""
    fields, server = call.payload, await get_called(call)
    if fields.trusted_image_certificates:
        raise Unsupported("cannot check trusted_image_certificates: leave it out")
    if fields.preserve_ephemeral in (True, "True", "true", "1"):
        raise InvalidRequest("cannot preserve the ephemeral disk: a rebuild makes all disks anew")
    password = choose_password(fields.adminPass)
    wish = RebuildWish(
        image_id=fields.imageRef.rstrip("/").rpartition("/")[2],
        admin_password=password,
        may_reimage="rebuild-volume-backed" in call.flags,
        metadata=fields.metadata,
        key_name=fields.key_name if isinstance(fields.key_name, str) else None,
        changes_key=is_set(fields.key_name),
        user_data=fields.user_data if isinstance(fields.user_data, str) else None,
        changes_user_data=is_set(fields.user_data),
        changes=_read_changes(call, fields),
    )
    server = await operations.rebuild_server(call.tx, server, wish, actor(call))
    body = await render_whole(call, server)
    body["server"].pop("OS-EXT-SRV-ATTR:user_data", None)
    body["server"] |= {"adminPass": password, "user_data": server.user_data}
    return Reply(body, headers={"location": f"{call.service_url}/servers/{server.id}"})


def _read_changes(call: Call[Rebuild], fields: Rebuild) -> dict[str, Any]:
    changes = dict[str, Any]()
    if fields.name is not None:
        changes["name"] = fields.name.strip()
        if not changes["name"]:
            raise InvalidRequest("cannot give a server a blank name")
    if is_set(fields.description):
        changes["description"] = fields.description
    if is_set(fields.hostname):
        allows_domain = "domain-hostname" in call.flags
        changes["hostname"] = check_hostname(str(fields.hostname), allows_domain=allows_domain)
    for version, value in ((4, fields.accessIPv4), (6, fields.accessIPv6)):
        if value is not None:
            changes[f"access_ipv{version}"] = read_address(value, version)
    if fields.disk_config is not None:
        changes["disk_config"] = read_disk_config(fields.disk_config)
    return changes


async def resize_server(call: Call[Resize]) -> None:
    """Give a server another flavor, to be confirmed or reverted."""
    fields, server = call.payload, await get_called(call)
    disk_config = None if fields.disk_config is None else read_disk_config(fields.disk_config)
    flavor_id = str(fields.flavorRef).rstrip("/").rpartition("/")[2]
    await resizing.resize_server(call.tx, server, flavor_id, actor(call), disk_config)


async def confirm_resize(call: Call[None]) -> None:
    """Say that a resized server is right as it is."""
    await resizing.confirm_resize(call.tx, await get_called(call), actor(call))


async def revert_resize(call: Call[None]) -> None:
    """Say that a resized server is to be what it was."""
    await resizing.revert_resize(call.tx, await get_called(call), actor(call))


async def migrate_server(call: Call[Migrate | None]) -> None:
    """Give a server another host, to be confirmed or reverted."""
    host = call.payload.host if call.payload else None
    await resizing.migrate_server(call.tx, await get_called(call), host, actor(call))


async def shelve_server(call: Call[None]) -> None:
    """Keep a server's disk as an image and give its host back."""
    await operations.shelve_server(call.tx, await get_called(call), actor(call))


async def offload_server(call: Call[None]) -> None:
    """Give a shelved server's host back."""
    await operations.offload_server(call.tx, await get_called(call), actor(call))


async def unshelve_server(call: Call[Unshelve | None]) -> None:
    """Boot a shelved server again."""
    fields = call.payload or Unshelve()
    zone = fields.availability_zone
    if is_set(zone) and "unshelve-zone" not in call.flags:
        # Before 2.77 Nova takes any body and reads nothing of it.
        zone = msgspec.UNSET
    if (zone is None or is_set(fields.host)) and "unshelve-host" not in call.flags:
        raise InvalidRequest("cannot choose a host, or no zone, before version 2.91")
    if is_set(fields.host) and not call.caller.is_admin:
        raise Forbidden("cannot choose the host of a server: that is for admins")
    if isinstance(zone, str):
        await check_zone_exists(call.tx, zone)
    await operations.unshelve_server(
        call.tx,
        await get_called(call),
        actor(call),
        zone=zone if isinstance(zone, str) else None,
        changes_zone=is_set(zone),
        host=fields.host if isinstance(fields.host, str) else None,
    )


async def create_server_backup(call: Call[CreateBackup]) -> Reply:
    """Begin to make a backup of a server's disk, and rotate the series."""
    fields, rotation = call.payload, int(call.payload.rotation)
    if rotation < 0:
        raise InvalidRequest("cannot use rotation: it is 0 or more")
    wish = BackupWish(
        name=fields.name,
        backup_type=fields.backup_type,
        rotation=rotation,
        metadata=dict(fields.metadata),
    )
    id = await create_backup(call.tx, await get_called(call), wish, actor(call))
    if id is None:
        return Reply()
    if "image-id-in-body" in call.flags:
        return Reply({"image_id": id})
    return Reply(headers={"location": f"{call.base_url}/image/v2/images/{id}"})


async def change_password(call: Call[ChangePassword]) -> None:
    """Refuse: nothing here puts a password into a guest that runs."""
    require(Action.CHANGE_PASSWORD, await get_called(call), is_admin=call.caller.is_admin)
    raise Unsupported(
        "cannot change the password of a running guest; use a key pair, or rebuild the server "
        "with a config drive and adminPass"
    )


async def force_delete_server(call: Call[None]) -> None:
    """Delete a server. No deletion waits here, so there is nothing to force."""
    await delete_server(call.tx, await get_called(call), actor(call))


async def restore_server(call: Call[None]) -> None:
    """Refuse: no server is kept after its deletion."""
    operations.require_deleted(await get_called(call), actor(call))


async def inject_network_info(call: Call[None]) -> None:
    """Tell the host once more what a guest can learn about its networks."""
    await change_desired(call.tx, await get_called(call))


async def reset_network(call: Call[None]) -> Reply:
    """Answer as Nova does since its last driver that could do this went."""
    await get_called(call)
    return gone("cannot reset the network of a server: newer clouds no longer have this action")
