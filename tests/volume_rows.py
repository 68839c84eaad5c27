"""Everything of block storage that the tests of every route need: bodies, and one of each thing."""

from typing import Any

from cloud import Cloud

ROOT = "/volume/v3"
NEWEST = {"openstack-api-version": "volume 3.71"}
NOWHERE = "00000000-0000-4000-8000-000000000000"


def volume_bodies(ids: dict[str, str]) -> dict[str, Any]:
    """A body that each operation accepts, by its name."""
    connector = {"connector": {"host": "x"}}
    return {
        "upload_volume": {"image_name": "i"},
        "attach_volume": {"instance_uuid": NOWHERE, "mountpoint": "/dev/vdc"},
        "detach_volume": {},
        "force_detach_volume": {},
        "initialize_connection": connector,
        "terminate_connection": connector,
        "revert_to_snapshot": {"snapshot_id": ids["snapshot_id"]},
        "reimage_volume": {"image_id": ids["image_id"]},
        "create_snapshot": {"snapshot": {"volume_id": ids["volume_id"], "name": "s"}},
        "update_snapshot": {"snapshot": {"name": "changed"}},
        "create_snapshot_metadata": {"metadata": {"a": "changed"}},
        "replace_snapshot_metadata": {"metadata": {"a": "changed"}},
        "update_snapshot_metadata_item": {"meta": {ids["key"]: "changed"}},
        "reset_snapshot_status": {"status": "error"},
        "update_snapshot_status": {"status": "error"},
        "block_storage:create_backup": {"backup": {"volume_id": ids["volume_id"], "force": True}},
        "update_backup": {"backup": {"name": "changed"}},
        "restore_backup": {"restore": {"name": "r"}},
        "reset_backup_status": {"status": "error"},
        "import_record": {"backup-record": {"backup_service": "x", "backup_url": "y"}},
        "create_transfer": {"transfer": {"volume_id": ids["volume_id"]}},
        "accept_transfer": {"accept": {"auth_key": "x"}},
        "create_attachment": {"attachment": {"volume_uuid": ids["volume_id"]}},
        "update_attachment": {"attachment": connector},
        "update_quota_class_set": {"quota_class_set": {"volumes": 10}},
        "enable_service": {"host": "host1", "binary": "cinder-volume"},
        "disable_service": {"host": "host1", "binary": "cinder-volume"},
        "disable_service_with_reason": {"host": "host1", "disabled_reason": "x"},
        "refuse_host_change": {"host": "host1"},
        "change_cluster": {"name": "none"},
        "clean_workers": {"host": "host1"},
        "update_host": {"status": "enable"},
        "create_type_encryption": {
            "encryption": {"provider": "luks", "control_location": "front-end"}
        },
        "update_type_encryption": {"encryption": {"cipher": "aes"}},
        "set_default_type": {"default_type": {"volume_type": "__DEFAULT__"}},
        "create_qos_specs": {"qos_specs": {"name": "q"}},
        "update_qos_specs": {"qos_specs": {"a": "b"}},
        "delete_qos_keys": {"keys": ["a"]},
        "create_group_type": {"group_type": {"name": "g"}},
        "update_group_type": {"group_type": {"description": "changed"}},
        "create_group_specs": {"group_specs": {"a": "b"}},
        "update_group_spec": {ids["key"]: "changed"},
        "block_storage:create_group": {
            "group": {"group_type": ids["group_type_id"], "volume_types": ["__DEFAULT__"]}
        },
        "create_group_from_src": {"source_group_id": ids["volume_group_id"]},
        "block_storage:update_group": {"group": {"name": "changed"}},
        "block_storage:delete_group": {"delete-volumes": False},
        "reset_group_status": {"status": "error"},
        "create_group_snapshot": {"group_snapshot": {"group_id": ids["volume_group_id"]}},
        "reset_group_snapshot_status": {"status": "error"},
    }


async def fill_volumes(cloud: Cloud, ids: dict[str, str]) -> None:
    """Give project demo one of everything of block storage."""

    async def make(path: str, name: str, fields: Any, user: str = "demo") -> str:
        reply = await cloud.call("POST", ROOT + path, {name: fields}, user=user, headers=NEWEST)
        assert reply.is_success, reply.text
        await cloud.settle()
        body = reply.json()
        found: str = (body.get(name) or body["volume_type"])["id"]
        return found

    volume = {"volume_id": await make("/volumes", "volume", {"size": 1, "name": "secret-source"})}
    taken = {**volume, "name": "secret-snapshot", "metadata": {"a": "b"}}
    ids["snapshot_id"] = await make("/snapshots", "snapshot", taken)
    ids["backup_id"] = await make("/backups", "backup", {**volume, "name": "secret-backup"})
    offered = await make("/volumes", "volume", {"size": 1, "name": "secret-offer"})
    transfer = {"volume_id": offered, "name": "secret-transfer"}
    ids["transfer_id"] = await make("/volume-transfers", "transfer", transfer)
    group_type = {"name": "kind", "group_specs": {"a": "b"}, "is_public": False}
    ids["group_type_id"] = await make("/group_types", "group_type", group_type, "admin")
    shared = {"name": "shared-kind"}
    kind = await make("/group_types", "group_type", shared, "admin")
    group = {"group_type": kind, "volume_types": ["__DEFAULT__"], "name": "secret-group"}
    ids["volume_group_id"] = await make("/groups", "group", group)
    member = {"size": 1, "volume_type": "__DEFAULT__", "group_id": ids["volume_group_id"]}
    await make("/volumes", "volume", member)
    part = {"group_id": ids["volume_group_id"], "name": "secret-parts"}
    ids["group_snapshot_id"] = await make("/group_snapshots", "group_snapshot", part)
    ids["qos_id"] = await make("/qos-specs", "qos_specs", {"name": "qos", "a": "b"}, "admin")
    ids["encryption_id"] = "provider"
