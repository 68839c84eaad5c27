"""What users may do, by area of the cloud."""

from pilvi.testing.simulation.network_wishes import (
    attach_interface,
    change_groups,
    change_interface,
    create_floating_ip,
    create_network,
    create_port,
    create_router,
    detach_interface,
    move_floating_ip,
)
from pilvi.testing.simulation.users import (
    User,
    Wish,
    act_on_server,
    attach_volume,
    create_backup,
    create_image,
    create_server,
    create_snapshot,
    create_volume,
    detach_volume,
    extend_volume,
    restore_backup,
    revert_volume,
    snapshot_server,
    upload_volume,
)


def _deleting(kind: str) -> Wish:
    async def delete(user: User) -> None:
        await user.delete(kind)

    return delete


AREAS: dict[str, list[Wish]] = {
    "servers": [
        create_server, create_server, act_on_server, act_on_server, act_on_server, act_on_server,
        snapshot_server, _deleting("server"), _deleting("server"),
    ],
    "volumes": [
        create_volume, create_volume, attach_volume, attach_volume, attach_volume, detach_volume,
        extend_volume, create_snapshot, create_backup, restore_backup, upload_volume, revert_volume,
        _deleting("volume"), _deleting("snapshot"), _deleting("backup"),
    ],
    "images": [create_image, _deleting("image")],
    "networks": [
        create_network, create_port, create_port, attach_interface, attach_interface,
        detach_interface, create_router, change_interface, create_floating_ip, move_floating_ip,
        change_groups, _deleting("port"), _deleting("router"), _deleting("network"),
        _deleting("floatingip"), _deleting("security_group"),
    ],
}  # fmt: skip
"""What users may do, by area: a seed has its own choice of areas."""
