"""Where servers run: `availability zone list`, `hypervisor list`, `compute service list`."""

from argparse import Namespace

from pilvi.client.columns import Column
from pilvi.client.command import Command, Table, flag
from pilvi.client.session import Session

HYPERVISORS = (
    Column("ID", "id"),
    Column("Hypervisor Hostname", "hypervisor_hostname"),
    Column("Hypervisor Type", "hypervisor_type"),
    Column("Host IP", "host_ip"),
    Column("State", "state"),
)
SERVICES = (
    Column("ID", "id"),
    Column("Binary", "binary"),
    Column("Host", "host"),
    Column("Zone", "zone"),
    Column("Status", "status"),
    Column("State", "state"),
    Column("Updated At", "updated_at"),
)
ZONES = (Column("Zone Name", "name"), Column("Zone Status", "status"))


def _list_hypervisors(session: Session, given: Namespace) -> Table:
    return Table(HYPERVISORS, session.get("compute", "/os-hypervisors/detail")["hypervisors"])


def _list_services(session: Session, given: Namespace) -> Table:
    return Table(SERVICES, session.get("compute", "/os-services")["services"])


def _list_zones(session: Session, given: Namespace) -> Table:
    """Those of each service that has zones, as the openstack client lists them."""
    wanted = [name for name in ("compute", "network", "volume") if getattr(given, name)]
    zones = []
    for service in wanted or ["compute", "volume", "network"]:
        if service == "network":
            found = session.get("network", "/availability_zones")["availability_zones"]
            zones += [{"name": zone["name"], "status": zone["state"]} for zone in found]
            continue
        found = session.get(service, "/os-availability-zone")["availabilityZoneInfo"]
        zones += [
            {
                "name": zone["zoneName"],
                "status": "available" if zone["zoneState"]["available"] else "not available",
            }
            for zone in found
        ]
    return Table(ZONES, zones)


COMMANDS = (
    Command(
        "hypervisor list",
        "List the hosts that run servers (admin).",
        _list_hypervisors,
        (flag("--long", "as without it"),),
        Table,
    ),
    Command(
        "compute service list", "List the compute services (admin).", _list_services, (), Table
    ),
    Command(
        "availability zone list",
        "List availability zones.",
        _list_zones,
        (
            flag("--compute", "of the compute service"),
            flag("--network", "of the network service"),
            flag("--volume", "of the block storage service"),
        ),
        Table,
    ),
)
