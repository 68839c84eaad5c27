"""From the body of POST /servers to a wish: what is not served is refused here. Pure."""

import ipaddress
from typing import Any

import msgspec

from pilvi.compute.api.links import parse_flag
from pilvi.compute.api.server_wire import BlockDevice, ServerCreate, ServerFields
from pilvi.compute.model.server_name import check_hostname
from pilvi.compute.operations.server_create import ServerWish, VolumeWish
from pilvi.errors import Forbidden, InvalidRequest, Unsupported
from pilvi.network.model import NetworkRequest

# Network cards of one server. Lower: appliances are refused; higher: addresses run out quickly.
NETWORKS_MAX = 16


def read_wish(body: ServerCreate, *, is_admin: bool, allows_domain: bool) -> ServerWish:
    """What the caller wants. Raises `InvalidRequest`, `Unsupported`, `Forbidden`."""
    fields = body.server
    _refuse_unserved(body)
    if (fields.host or fields.hypervisor_hostname) and not is_admin:
        raise Forbidden("cannot choose the host of a server: that is for admins")
    if not fields.name.strip():
        raise InvalidRequest("cannot create a server with a blank name")
    if not fields.imageRef:
        raise Unsupported(
            "cannot create a server without an image: booting from a volume is not supported; "
            "give imageRef"
        )
    volumes, ephemeral_gib = _read_devices(fields)
    least = int(fields.min_count)
    most = least if fields.max_count is None else int(fields.max_count)
    return ServerWish(
        name=fields.name.strip(),
        image_id=_last_part(fields.imageRef),
        flavor_id=_last_part(str(fields.flavorRef)),
        description=fields.description,
        hostname=_read_hostname(fields.hostname, allows_domain=allows_domain),
        key_name=fields.key_name,
        user_data=fields.user_data or None,
        config_drive=_read_flag("config_drive", fields.config_drive),
        availability_zone=fields.availability_zone,
        host=fields.host or fields.hypervisor_hostname,
        requests=_read_networks(fields),
        security_groups=list(dict.fromkeys(group.name for group in fields.security_groups)),
        metadata=fields.metadata,
        tags=list(fields.tags),
        access_ipv4=read_address(fields.accessIPv4, 4),
        access_ipv6=read_address(fields.accessIPv6, 6),
        volumes=volumes,
        ephemeral_gib=ephemeral_gib,
        min_count=least,
        max_count=most,
    )


def _refuse_unserved(body: ServerCreate) -> None:
    fields = body.server
    if body.hints or body.old_hints:
        names = ", ".join(sorted({*body.hints, *body.old_hints})[:5])[:200]
        raise InvalidRequest(f"cannot follow scheduler hints ({names}): none are known; leave out")
    if fields.adminPass is not None:
        raise Unsupported("cannot set adminPass: no password is put into guests; use a key pair")
    if fields.block_device_mapping:
        raise Unsupported("cannot use block_device_mapping: use block_device_mapping_v2")
    if fields.trusted_image_certificates:
        raise Unsupported("cannot check trusted_image_certificates: leave it out")
    if fields.disk_config == "AUTO":
        raise Unsupported("cannot use OS-DCF:diskConfig AUTO: the guest grows its own partition")
    if fields.disk_config not in (None, "MANUAL"):
        raise InvalidRequest("cannot use this OS-DCF:diskConfig: it is AUTO or MANUAL")


def _last_part(reference: str) -> str:
    """The id of a reference that is an id or a URL."""
    return reference.rstrip("/").rpartition("/")[2]


def _read_hostname(hostname: str | None, *, allows_domain: bool) -> str | None:
    return None if hostname is None else check_hostname(hostname, allows_domain=allows_domain)


def _read_flag(name: str, value: bool | str | None) -> bool:
    if isinstance(value, str):
        return parse_flag(name, value) if value else False
    return bool(value)


def read_address(text: str | None, version: int) -> str:
    """An access address or nothing. Raises `InvalidRequest`."""
    if not text:
        return ""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        address = None
    if address is None or address.version != version:
        raise InvalidRequest(f"cannot read accessIPv{version}: '{text[:80]}' is no such address")
    return text


def _read_networks(fields: ServerFields) -> list[NetworkRequest] | None:
    """The network cards asked for; None is the project's own network."""
    networks = fields.networks
    if isinstance(networks, str):
        if networks not in ("auto", "none"):
            raise InvalidRequest("cannot read networks: it is 'auto', 'none' or a list")
        return [] if networks == "none" else None
    if len(networks) > NETWORKS_MAX:
        raise InvalidRequest(f"cannot give a server more than {NETWORKS_MAX} network cards")
    for one in networks:
        if not (one.uuid or one.port):
            raise InvalidRequest("cannot read networks: each has a uuid or a port")
        if one.port and one.fixed_ip:
            raise InvalidRequest("cannot choose the address of a port that is there: drop fixed_ip")
    requests = [NetworkRequest(one.uuid, one.port, one.fixed_ip, one.tag) for one in networks]
    return requests or None


def _read_devices(fields: ServerFields) -> tuple[list[VolumeWish], int | None]:
    """Volumes to attach, and the size of the blank local disk that is asked for."""
    volumes: list[VolumeWish] = []
    blanks: list[BlockDevice] = []
    for device in fields.block_device_mapping_v2:
        kind = (device.source_type, device.destination_type or _destination(device))
        boots = device.boot_index is not None and int(device.boot_index) == 0
        match kind:
            case ("image", "local") if boots:
                _check_image(fields, device)
            case ("blank", "local") if not boots:
                blanks.append(device)
            case ("volume", "volume") if not boots:
                volumes.append(_read_volume(device))
            case _:
                raise Unsupported(
                    "cannot make this disk: served are source image to destination local with "
                    "boot_index 0, blank to local, and volume to volume that does not boot; "
                    "booting from a volume is not supported"
                )
    if len(blanks) > 1 or any(one.guest_format == "swap" for one in blanks):
        raise Unsupported("cannot make more than one blank local disk, nor swap")
    if not blanks or blanks[0].volume_size is None:
        return volumes, None
    return volumes, int(blanks[0].volume_size)


def _destination(device: BlockDevice) -> str:
    return "volume" if device.source_type == "volume" else "local"


def _check_image(fields: ServerFields, device: BlockDevice) -> None:
    named = device.uuid or device.image_id
    if named and fields.imageRef and _last_part(fields.imageRef) != named:
        raise InvalidRequest(
            "cannot boot from two images: imageRef and block_device_mapping_v2 name different ones"
        )


def _read_volume(device: BlockDevice) -> VolumeWish:
    volume_id = device.uuid or device.volume_id
    if not volume_id:
        raise InvalidRequest("cannot attach a volume without its uuid")
    return VolumeWish(
        volume_id=volume_id,
        device=device.device_name,
        tag=device.tag,
        delete_on_termination=_read_flag("delete_on_termination", device.delete_on_termination),
    )


def is_set(value: Any) -> bool:
    """Whether a field of a change was given. Pure."""
    return value is not msgspec.UNSET
