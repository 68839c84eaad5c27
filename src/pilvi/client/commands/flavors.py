"""`flavor …`."""

from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from pilvi.client.columns import Column, dicts
from pilvi.client.command import Argument, Command, Record, many, option
from pilvi.client.finding import FLAVOR, PROJECT
from pilvi.client.rows import delete_row, list_row, properties
from pilvi.client.session import Session
from pilvi.errors import Forbidden


def _swap(flavor: Mapping[str, Any]) -> int:
    return int(flavor.get("swap") or 0)


LISTED = (
    Column("ID", "id"),
    Column("Name", "name"),
    Column("RAM", "ram"),
    Column("Disk", "disk"),
    Column("Ephemeral", "OS-FLV-EXT-DATA:ephemeral"),
    Column("VCPUs", "vcpus"),
    Column("Is Public", "os-flavor-access:is_public"),
)
LONG = (
    *LISTED,
    Column("Swap", _swap),
    Column("RXTX Factor", "rxtx_factor"),
    dicts("Properties", "extra_specs"),
)
SHOW = (
    Column("OS-FLV-DISABLED:disabled"),
    Column("OS-FLV-EXT-DATA:ephemeral"),
    Column("access_project_ids"),
    Column("description"),
    Column("disk"),
    Column("id"),
    Column("name"),
    Column("os-flavor-access:is_public"),
    dicts("properties", "extra_specs"),
    Column("ram"),
    Column("rxtx_factor"),
    Column("swap", _swap),
    Column("vcpus"),
)


def _query(session: Session, given: Namespace) -> Mapping[str, Any]:
    return {
        "is_public": given.public,
        "minDisk": given.min_disk,
        "minRam": given.min_ram,
        "limit": 1000,
    }


def _show(session: Session, given: Namespace) -> Record:
    flavor = FLAVOR.find(session, given.flavor)
    access = None
    if not flavor.get("os-flavor-access:is_public", True):
        try:
            path = f"/flavors/{flavor['id']}/os-flavor-access"
            access = [one["tenant_id"] for one in session.get("compute", path)["flavor_access"]]
        except Forbidden:
            access = None
    return Record(SHOW, {**flavor, "access_project_ids": access})


def _create(session: Session, given: Namespace) -> Record:
    wanted: dict[str, Any] = {
        "name": given.name,
        "ram": given.ram,
        "disk": given.disk,
        "vcpus": given.vcpus,
        "swap": given.swap,
        "OS-FLV-EXT-DATA:ephemeral": given.ephemeral,
        "os-flavor-access:is_public": given.public is not False,
    }
    if given.id:
        wanted["id"] = given.id
    if given.description:
        wanted["description"] = given.description
    made = session.call("POST", "compute", "/flavors", {"flavor": wanted})["flavor"]
    _keep_properties(session, made["id"], given.properties)
    columns = [column for column in SHOW if column.name != "access_project_ids"]
    return Record(columns, FLAVOR.get(session, made["id"]))


def _keep_properties(session: Session, id: str, pairs: list[str]) -> None:
    if pairs:
        body = {"extra_specs": properties(pairs)}
        session.call("POST", "compute", f"/flavors/{id}/os-extra_specs", body)


def _set(session: Session, given: Namespace) -> None:
    id = FLAVOR.id_of(session, given.flavor)
    _keep_properties(session, id, given.properties)
    if given.description is not None:
        body = {"flavor": {"description": given.description}}
        session.call("PUT", "compute", f"/flavors/{id}", body)
    if given.project:
        tenant = {"tenant": PROJECT.id_of(session, given.project)}
        session.call("POST", "compute", f"/flavors/{id}/action", {"addTenantAccess": tenant})


PUBLIC = (
    Argument("--public", action="store_true", default=None, help="for everybody"),
    Argument(
        "--private",
        dest="public",
        action="store_false",
        default=None,
        help="for projects that are named",
    ),
)
NAME = Argument("flavor", metavar="<flavor>", help="name or id of the flavor")
PROPERTY = many("--property", "KEY=VALUE", "extra specs; repeatable", dest="properties")
COMMANDS = (
    list_row(
        FLAVOR,
        LISTED,
        LONG,
        _query,
        (
            *PUBLIC,
            Argument(
                "--all",
                dest="public",
                action="store_const",
                const="None",
                help="public and private",
            ),
            option("--min-disk", "GIB", "with at least this disk", type=int),
            option("--min-ram", "MIB", "with at least this memory", type=int),
        ),
    ),
    Command("flavor show", "Show one flavor.", _show, (NAME,), Record),
    Command(
        "flavor create",
        "Make a flavor (admin).",
        _create,
        (
            Argument("name", metavar="<flavor-name>", help="name of the new flavor"),
            option("--id", "ID", "its id; else one is made"),
            option("--ram", "MIB", "memory", type=int, default=256),
            option("--disk", "GIB", "disk", type=int, default=0),
            option("--ephemeral", "GIB", "a second disk", type=int, default=0),
            option("--swap", "MIB", "a swap disk", type=int, default=0),
            option("--vcpus", "COUNT", "processors", type=int, default=1),
            option("--description", "WORDS", "for people"),
            *PUBLIC,
            PROPERTY,
        ),
        Record,
    ),
    Command(
        "flavor set",
        "Change a flavor (admin).",
        _set,
        (
            NAME,
            PROPERTY,
            option("--description", "WORDS", "for people"),
            option("--project", "PROJECT", "may use it"),
        ),
    ),
    delete_row(FLAVOR),
)
