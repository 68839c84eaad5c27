"""From the body of POST /servers to a wish: what is not served is refused here. Pure."""

import ipaddress
import re
from typing import Any

import msgspec

from pilvi.compute.api.links import parse_flag
from pilvi.compute.api.server_devices import read_devices
from pilvi.compute.api.server_wire import ServerCreate, ServerFields
from pilvi.compute.model.server_name import check_hostname
from pilvi.compute.operations.server_create import ServerWish
from pilvi.errors import Forbidden, InvalidRequest, Unsupported
from pilvi.network.model import NetworkRequest

# Network cards of one server. Lower: appliances are refused; higher: addresses run out quickly.
NETWORKS_MAX = 16
HINTS = ("same_host", "different_host", "group")
_UUID = re.compile("^[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}$")


def read_wish(body: ServerCreate, *, is_admin: bool, allows_domain: bool) -> ServerWish:
    """What the caller wants. Raises `InvalidRequest`, `Unsupported`, `Forbidden`."""
    fields = body.server
    _refuse_unserved(body)
    if (fields.host or fields.hypervisor_hostname) and not is_admin:
        raise Forbidden("cannot choose the host of a server: that is for admins")
    if not fields.name.strip():
        raise InvalidRequest("cannot create a server with a blank name")
    volumes, ephemeral_gib, image_id = read_devices(fields)
    least = int(fields.min_count)
    most = least if fields.max_count is None else int(fields.max_count)
    return ServerWish(
        name=fields.name.strip(),
        image_id=image_id,
        flavor_id=_last_part(str(fields.flavorRef)),
        description=fields.description,
        hostname=_read_hostname(fields.hostname, allows_domain=allows_domain),
        key_name=fields.key_name,
        user_data=fields.user_data or None,
        # A password that was given reaches the guest on its config drive.
        config_drive=_read_flag(
            "config_drive",
            fields.adminPass is not None if fields.config_drive is None else fields.config_drive,
        ),
        admin_password=fields.adminPass,
        hints=_read_hints(body),
        disk_config=read_disk_config(fields.disk_config or "MANUAL"),
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
    if fields.block_device_mapping:
        raise Unsupported("cannot use the old block_device_mapping; use block_device_mapping_v2")
    if fields.trusted_image_certificates:
        raise Unsupported("cannot check trusted_image_certificates: leave it out")


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
        address = None if "%" in text else ipaddress.ip_address(text)
    except ValueError:
        address = None
    if address is None or address.version != version:
        raise InvalidRequest(f"cannot read accessIPv{version}: '{text[:80]}' is no such address")
    return str(address)


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


def _read_hints(body: ServerCreate) -> dict[str, Any]:
    """Scheduler hints: those that are served, which hold ids. Raises `InvalidRequest`."""
    hints = {**body.old_hints, **body.hints}
    for name, value in hints.items():
        if name not in HINTS:
            raise InvalidRequest(
                f"cannot follow the scheduler hint '{name[:80]}': served are {', '.join(HINTS)}"
            )
        for id in value if isinstance(value, list) else [value]:
            if not isinstance(id, str) or not _UUID.fullmatch(id):
                raise InvalidRequest(f"cannot read the scheduler hint '{name}': it holds ids")
    return hints


def read_disk_config(text: str) -> str:
    """`AUTO` or `MANUAL`. Raises `InvalidRequest`."""
    if text not in ("AUTO", "MANUAL"):
        raise InvalidRequest("cannot use this OS-DCF:diskConfig: it is AUTO or MANUAL")
    return text


def is_set(value: Any) -> bool:
    """Whether a field of a change was given. Pure."""
    return value is not msgspec.UNSET
