"""Every page, as the menu names them; one file a kind of thing."""

from collections.abc import Sequence

from pilvi.dashboard.pages import (
    access,
    aggregates,
    backups,
    flavors,
    floating_ips,
    hosts,
    images,
    instances,
    key_pairs,
    networks,
    ports,
    projects,
    quotas,
    routers,
    security_groups,
    services,
    snapshots,
    subnets,
    users,
    volumes,
)
from pilvi.dashboard.visit import Menu

MENUS: Sequence[Menu] = [
    Menu(
        "Compute",
        [instances.INSTANCES, images.IMAGES, flavors.FLAVORS, key_pairs.KEY_PAIRS],
    ),
    Menu("Storage", [volumes.VOLUMES, snapshots.SNAPSHOTS, backups.BACKUPS]),
    Menu(
        "Network",
        [
            networks.NETWORKS,
            subnets.SUBNETS_PAGE,
            routers.ROUTERS,
            ports.PORTS,
            floating_ips.FLOATING_IPS,
            security_groups.SECURITY_GROUPS,
        ],
    ),
    Menu("Access", [access.CREDENTIALS]),
    Menu(
        "Administration",
        [
            hosts.HOSTS,
            aggregates.AGGREGATES,
            projects.PROJECTS,
            users.USERS,
            quotas.QUOTAS,
            services.SERVICES,
        ],
        for_admins=True,
    ),
]
