"""`volume …`, `volume snapshot …`, `volume type list`."""

from argparse import Namespace
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from pilvi.client.columns import Column, dicts
from pilvi.client.command import Argument, Command, Record, Table, Thing, flag, many, option
from pilvi.client.finding import IMAGE, PROJECT, SERVER, SNAPSHOT, VOLUME, VOLUME_TYPE
from pilvi.client.rows import delete_row, for_each, list_row, properties
from pilvi.client.session import Session
from pilvi.client.waiting import wait_status
from pilvi.errors import InvalidRequest, PilviError


def _is_bootable(volume: Mapping[str, Any]) -> bool:
    return str(volume.get("bootable")).lower() == "true"


def _columns(names: Mapping[str, str]) -> tuple[list[Column], list[Column]]:
    def words(attachments: Any) -> str:
        return "".join(
            f"Attached to {names.get(one['server_id'], one['server_id'])} on {one['device']} "
            for one in attachments
        )

    attached = Column("Attached to", lambda volume: volume.get("attachments") or [], words)
    short = [
        Column("ID", "id"),
        Column("Name", "name"),
        Column("Status", "status"),
        Column("Size", "size"),
    ]
    more = [Column("Type", "volume_type"), Column("Bootable", _is_bootable)]
    return [*short, attached], [*short, *more, attached, dicts("Properties", "metadata")]


_FIELDS = (
    "attachments",
    "availability_zone",
    "backup_id",
    "cluster_name",
    "consistencygroup_id",
    "consumes_quota",
    "created_at",
    "description",
    "encrypted",
    "encryption_key_id",
    "group_id",
    "id",
    "multiattach",
    "name",
    "os-vol-host-attr:host",
    "os-vol-mig-status-attr:migstat",
    "os-vol-mig-status-attr:name_id",
    "os-vol-tenant-attr:tenant_id",
    "provider_id",
    "replication_status",
    "service_uuid",
    "shared_targets",
    "size",
    "snapshot_id",
    "source_volid",
    "status",
    "updated_at",
    "user_id",
    "volume_image_metadata",
    "volume_type_id",
)
_ONLY_IF_THERE = ("consistencygroup_id", "encryption_key_id", "volume_image_metadata")
SHOW = sorted(
    (
        *map(Column, _FIELDS),
        Column("bootable", _is_bootable),
        dicts("properties", "metadata"),
        Column("type", "volume_type"),
    ),
    key=lambda column: column.name,
)
SNAPSHOTS = (
    Column("ID", "id"),
    Column("Name", "name"),
    Column("Description", "description"),
    Column("Status", "status"),
    Column("Size", "size"),
)
SHOW_SNAPSHOT = (
    *map(Column, ("created_at", "description", "id", "name")),
    dicts("properties", "metadata"),
    *map(Column, ("size", "status", "volume_id")),
)
TYPES = (Column("ID", "id"), Column("Name", "name"), Column("Is Public", "is_public"))


def record(volume: Thing) -> Record:
    """One volume."""
    columns = [
        column
        for column in SHOW
        if column.name not in _ONLY_IF_THERE or volume.get(column.name) is not None
    ]
    return Record(columns, volume)


def _list(session: Session, given: Namespace) -> Table:
    query = {
        "name": given.name,
        "status": given.status,
        "project_id": given.project and PROJECT.id_of(session, given.project),
        "all_tenants": True if given.all_projects or given.project else None,
        "limit": given.limit,
    }
    if given.limit is None:
        volumes = VOLUME.list(session, query)
    else:
        volumes = session.get("volume", "/volumes/detail", query)["volumes"]
    names: dict[str, str] = {}
    if given.format == "table" and any(volume["attachments"] for volume in volumes):
        with suppress(PilviError):
            names = {server["id"]: server["name"] for server in SERVER.list(session)}
    short, long = _columns(names)
    return Table(long if given.long else short, volumes)


def _show(session: Session, given: Namespace) -> Record:
    found = VOLUME.find(session, given.volume)
    return record(VOLUME.get(session, found["id"]))


def _create(session: Session, given: Namespace) -> Record:
    if given.size is None and not (given.snapshot or given.source):
        raise InvalidRequest(
            "cannot make a volume without --size GIB; only a copy of a --snapshot or of a volume "
            "(--source) is as large as that"
        )
    wanted: dict[str, Any] = {"name": given.name}
    optional = {
        "size": given.size,
        "volume_type": given.type,
        "imageRef": given.image and IMAGE.id_of(session, given.image),
        "snapshot_id": given.snapshot and SNAPSHOT.id_of(session, given.snapshot),
        "source_volid": given.source and VOLUME.id_of(session, given.source),
        "description": given.description,
        "availability_zone": given.availability_zone,
        "metadata": properties(given.properties) or None,
    }
    wanted |= {key: value for key, value in optional.items() if value is not None}
    made = session.call("POST", "volume", "/volumes", {"volume": wanted})["volume"]
    if given.bootable:
        wait_status(session, VOLUME, made["id"], {"available"})
        _action(session, made["id"], {"os-set_bootable": {"bootable": True}})
    if given.wait:
        wait_status(session, VOLUME, made["id"], {"available"})
    return record(VOLUME.get(session, made["id"]))


def _action(session: Session, id: str, body: Mapping[str, Any]) -> None:
    session.call("POST", "volume", f"/volumes/{id}/action", body)


def _delete(session: Session, given: Namespace) -> None:
    def delete(text: str) -> None:
        id = VOLUME.id_of(session, text)
        if given.force:
            _action(session, id, {"os-force_delete": {}})
        else:
            query = {"cascade": True} if given.purge else None
            session.call("DELETE", "volume", f"/volumes/{id}", query=query)

    for_each(given.volumes, "delete volume", delete)


def _set(session: Session, given: Namespace) -> None:
    id = VOLUME.id_of(session, given.volume)
    changed = {"name": given.name, "description": given.description}
    changed = {key: value for key, value in changed.items() if value is not None}
    if changed:
        session.call("PUT", "volume", f"/volumes/{id}", {"volume": changed})
    if given.properties:
        body = {"metadata": properties(given.properties)}
        session.call("POST", "volume", f"/volumes/{id}/metadata", body)
    if given.size:
        _action(session, id, {"os-extend": {"new_size": given.size}})
    if given.bootable is not None:
        _action(session, id, {"os-set_bootable": {"bootable": given.bootable}})


def _list_snapshots(session: Session, given: Namespace) -> Table:
    query = {
        "name": given.name,
        "status": given.status,
        "volume_id": given.volume and VOLUME.id_of(session, given.volume),
        "all_tenants": given.all_projects or None,
    }
    snapshots = SNAPSHOT.list(session, query)
    if not given.long:
        return Table(SNAPSHOTS, snapshots)
    names: dict[str, str] = {}
    if given.format == "table" and snapshots:
        with suppress(PilviError):
            names = {volume["id"]: volume["name"] for volume in VOLUME.list(session)}
    more = (
        Column("Created At", "created_at"),
        Column("Volume", "volume_id", lambda id: names.get(id, id)),
        dicts("Properties", "metadata"),
    )
    return Table((*SNAPSHOTS, *more), snapshots)


def _show_snapshot(session: Session, given: Namespace) -> Record:
    return _snapshot(SNAPSHOT.find(session, given.snapshot))


def _snapshot(snapshot: Thing) -> Record:
    return Record(SHOW_SNAPSHOT, snapshot)


def _create_snapshot(session: Session, given: Namespace) -> Record:
    wanted: dict[str, Any] = {
        "volume_id": VOLUME.id_of(session, given.volume or given.snapshot_name),
        "name": given.snapshot_name,
        "description": given.description,
        "metadata": properties(given.properties),
    }
    if given.force:
        wanted["force"] = True
    made = session.call("POST", "volume", "/snapshots", {"snapshot": wanted})["snapshot"]
    if given.wait:
        made = wait_status(session, SNAPSHOT, made["id"], {"available"})
    return _snapshot(made)


NAME = Argument("volume", metavar="<volume>", help="name or id of the volume")
WAIT = flag("--wait", "return when it is done")
PROPERTY = many("--property", "KEY=VALUE", "repeatable", dest="properties")
LIST_OPTIONS = (
    flag("--long", "more columns"),
    flag("--all-projects", "of every project (admin)"),
    option("--project", "PROJECT", "of one project (admin)"),
    option("--name", "NAME", "of this name"),
    option("--status", "STATUS", "in this status"),
    option("--limit", "COUNT", "at most this many", type=int),
)
CREATE_OPTIONS = (
    Argument("name", metavar="<name>", nargs="?", help="name of the new volume"),
    option("--size", "GIB", "its size", type=int),
    option("--type", "TYPE", "name or id of the volume type"),
    option("--image", "IMAGE", "a copy of this image"),
    option("--snapshot", "SNAPSHOT", "a copy of this snapshot"),
    option("--source", "VOLUME", "a copy of this volume"),
    option("--description", "WORDS", "for people"),
    option("--availability-zone", "ZONE", "where"),
    flag("--bootable", "servers may boot from it"),
    PROPERTY,
    WAIT,
)
SNAPSHOT_OPTIONS = (
    flag("--long", "more columns"),
    flag("--all-projects", "of every project (admin)"),
    option("--name", "NAME", "of this name"),
    option("--status", "STATUS", "in this status"),
    option("--volume", "VOLUME", "of this volume"),
)
COMMANDS = (
    Command("volume list", "List volumes.", _list, LIST_OPTIONS, Table),
    Command("volume show", "Show one volume.", _show, (NAME,), Record),
    Command("volume create", "Make a volume.", _create, CREATE_OPTIONS, Record),
    Command(
        "volume delete",
        "Delete volumes.",
        _delete,
        (
            Argument("volumes", metavar="<volume>", nargs="+", help="names or ids"),
            flag("--force", "in whatever state it is (admin)"),
            flag("--purge", "with its snapshots"),
        ),
    ),
    Command(
        "volume set",
        "Change a volume.",
        _set,
        (
            NAME,
            option("--name", "NAME", "a new name"),
            option("--description", "WORDS", "a new description"),
            option("--size", "GIB", "grow it to this", type=int),
            PROPERTY,
            Argument("--bootable", action="store_true", default=None, help="may be booted"),
            Argument(
                "--non-bootable",
                dest="bootable",
                action="store_false",
                default=None,
                help="may not be booted",
            ),
        ),
    ),
    Command("volume snapshot list", "List snapshots.", _list_snapshots, SNAPSHOT_OPTIONS, Table),
    Command(
        "volume snapshot show",
        "Show one snapshot.",
        _show_snapshot,
        (Argument("snapshot", metavar="<snapshot>", help="name or id"),),
        Record,
    ),
    Command(
        "volume snapshot create",
        "Make a snapshot of a volume.",
        _create_snapshot,
        (
            Argument("snapshot_name", metavar="<snapshot-name>", help="name of the snapshot"),
            option("--volume", "VOLUME", "of this volume; else of the one of that name"),
            flag("--force", "also while it is attached"),
            option("--description", "WORDS", "for people"),
            PROPERTY,
            WAIT,
        ),
        Record,
    ),
    delete_row(SNAPSHOT),
    list_row(
        VOLUME_TYPE,
        TYPES,
        (*TYPES, Column("Description", "description"), dicts("Properties", "extra_specs")),
    ),
)
