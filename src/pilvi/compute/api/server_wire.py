"""Wire types of servers: the newest shape of requests."""

from typing import Annotated, Any

import msgspec

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Text = Annotated[str, msgspec.Meta(max_length=255)]
Tag = Annotated[str, msgspec.Meta(min_length=1, max_length=60, pattern="^[^,/]*$")]
MetadataKey = Annotated[
    str, msgspec.Meta(min_length=1, max_length=255, pattern="^[a-zA-Z0-9-_:. ]{1,255}$")
]
Metadata = dict[MetadataKey, Text]
Flag = bool | str
Whole = int | Annotated[str, msgspec.Meta(pattern="^-?[0-9]{1,9}$")]


class NetworkFields(msgspec.Struct, forbid_unknown_fields=True):
    """One network card."""

    uuid: str | None = None
    port: str | None = None
    fixed_ip: str | None = None
    tag: Tag | None = None


class GroupFields(msgspec.Struct, forbid_unknown_fields=True):
    """A security group by name or id."""

    name: Name


class BlockDevice(msgspec.Struct, forbid_unknown_fields=True):
    """One disk of a new server."""

    source_type: str | None = None
    destination_type: str | None = None
    uuid: str | None = None
    image_id: str | None = None
    volume_id: str | None = None
    snapshot_id: str | None = None
    boot_index: Whole | None = None
    volume_size: Whole | None = None
    volume_type: str | None = None
    delete_on_termination: Flag = False
    device_name: str | None = None
    device_type: str | None = None
    disk_bus: str | None = None
    guest_format: str | None = None
    no_device: Any = None
    tag: Tag | None = None


class ServerFields(msgspec.Struct, forbid_unknown_fields=True):
    """A new server."""

    name: Name
    flavorRef: str | int
    networks: list[NetworkFields] | str
    imageRef: str | None = None
    key_name: str | None = None
    user_data: str | None = None
    metadata: Metadata = {}
    config_drive: Flag | None = None
    availability_zone: str | None = None
    host: str | None = None
    hypervisor_hostname: str | None = None
    security_groups: list[GroupFields] = []
    block_device_mapping_v2: list[BlockDevice] = []
    block_device_mapping: list[Any] = []
    min_count: Whole = 1
    max_count: Whole | None = None
    return_reservation_id: Flag = False
    description: Text | None = None
    hostname: str | None = None
    tags: list[Tag] = []
    adminPass: str | None = None
    accessIPv4: str = ""
    accessIPv6: str = ""
    disk_config: str | None = msgspec.field(name="OS-DCF:diskConfig", default=None)
    trusted_image_certificates: list[str] | None = None


class ServerCreate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /servers."""

    server: ServerFields
    hints: dict[str, Any] = msgspec.field(name="os:scheduler_hints", default_factory=dict)
    old_hints: dict[str, Any] = msgspec.field(
        name="OS-SCH-HNT:scheduler_hints", default_factory=dict
    )


class ServerChange(msgspec.Struct, forbid_unknown_fields=True):
    """What can be changed of a server."""

    name: Name | msgspec.UnsetType = msgspec.UNSET
    description: Text | None | msgspec.UnsetType = msgspec.UNSET
    hostname: str | msgspec.UnsetType = msgspec.UNSET
    accessIPv4: str | None | msgspec.UnsetType = msgspec.UNSET
    accessIPv6: str | None | msgspec.UnsetType = msgspec.UNSET
    pinned_availability_zone: str | None | msgspec.UnsetType = msgspec.UNSET
    disk_config: str | msgspec.UnsetType = msgspec.field(
        name="OS-DCF:diskConfig", default=msgspec.UNSET
    )


class ServerUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT /servers/{id}."""

    server: ServerChange
