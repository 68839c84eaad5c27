"""What forms offer to choose from."""

from collections.abc import Sequence

from pilvi.dashboard.client import ALL, Client
from pilvi.dashboard.describe import Choice
from pilvi.dashboard.render import join, size
from pilvi.dashboard.resources import choice


async def list_images(client: Client) -> Sequence[Choice]:
    """Images that can be booted."""
    query = {"limit": str(ALL), "status": "active", "sort": "name:asc"}
    found = await client.get("/image/v2/images", query)
    return [choice(image, size(image.get("size"))) for image in found["images"]]


async def list_flavors(client: Client) -> Sequence[Choice]:
    """Flavors, smallest first."""
    query = {"limit": str(ALL), "sort_key": "memory_mb", "sort_dir": "asc"}
    found = await client.get("/compute/v2.1/flavors/detail", query)
    return [
        choice(one, f"{one['vcpus']} vCPU · {one['ram']} MiB · {one['disk']} GiB disk")
        for one in found["flavors"]
    ]


async def list_networks(client: Client) -> Sequence[Choice]:
    """Networks that instances can be on."""
    found = await client.get("/network/v2.0/networks", {"limit": str(ALL)})
    return [
        choice(one, "external" if one["router:external"] else "")
        for one in found["networks"]
        if one["subnets"] and (not one["router:external"] or one["shared"])
    ]


async def list_external_networks(client: Client) -> Sequence[Choice]:
    """Networks that floating IPs and gateways come from."""
    query = {"router:external": "true", "limit": str(ALL)}
    found = await client.get("/network/v2.0/networks", query)
    return [choice(one) for one in found["networks"]]


async def list_subnets(client: Client) -> Sequence[Choice]:
    """Subnets of the project."""
    query = {"limit": str(ALL), "project_id": client.project_id}
    found = await client.get("/network/v2.0/subnets", query)
    return [choice(one, one["cidr"]) for one in found["subnets"]]


async def list_ports(client: Client) -> Sequence[Choice]:
    """Ports that a floating IP can lead to."""
    query = {"limit": str(ALL), "project_id": client.project_id}
    found = await client.get("/network/v2.0/ports", query)
    return [
        choice(one, join(ip["ip_address"] for ip in one["fixed_ips"]))
        for one in found["ports"]
        if one["fixed_ips"] and not one["device_owner"].startswith("network:")
    ]


async def list_key_pairs(client: Client) -> Sequence[Choice]:
    """The user's own key pairs."""
    found = await client.get("/compute/v2.1/os-keypairs", {"limit": str(ALL)})
    names = [one["keypair"]["name"] for one in found["keypairs"]]
    return [Choice(name, name) for name in names]


async def list_security_groups(client: Client) -> Sequence[Choice]:
    """Security groups of the project."""
    query = {"limit": str(ALL), "project_id": client.project_id}
    found = await client.get("/network/v2.0/security-groups", query)
    return [choice(one) for one in found["security_groups"]]


async def list_free_volumes(client: Client) -> Sequence[Choice]:
    """Volumes that can be attached."""
    query = {"status": "available", "limit": str(ALL)}
    found = await client.get("/volume/v3/volumes/detail", query)
    return [choice(one, f"{one['size']} GiB") for one in found["volumes"]]


async def list_snapshots(client: Client) -> Sequence[Choice]:
    """Snapshots that a volume can be made of."""
    query = {"status": "available", "limit": str(ALL)}
    found = await client.get("/volume/v3/snapshots/detail", query)
    return [choice(one, f"{one['size']} GiB") for one in found["snapshots"]]


async def list_volume_types(client: Client) -> Sequence[Choice]:
    """Kinds of volumes."""
    found = await client.get("/volume/v3/types", {"limit": str(ALL)})
    return [choice(one, one.get("description") or "") for one in found["volume_types"]]


async def list_instances(client: Client) -> Sequence[Choice]:
    """Instances of the project."""
    found = await client.get("/compute/v2.1/servers", {"limit": str(ALL)})
    return [choice(one) for one in found["servers"]]


async def list_projects(client: Client) -> Sequence[Choice]:
    """Every project, for admins."""
    found = await client.get("/identity/v3/projects")
    return [choice(one, one["description"]) for one in found["projects"]]


async def list_roles(client: Client) -> Sequence[Choice]:
    """Every role, for admins."""
    found = await client.get("/identity/v3/roles")
    return [choice(one) for one in found["roles"]]


async def list_users(client: Client) -> Sequence[Choice]:
    """Every user, for admins."""
    found = await client.get("/identity/v3/users")
    return [choice(one) for one in found["users"]]


async def list_hosts(client: Client) -> Sequence[Choice]:
    """Hosts by name, for admins."""
    found = await client.get("/compute/v2.1/os-hypervisors")
    names = [one["hypervisor_hostname"] for one in found["hypervisors"]]
    return [Choice(name, name) for name in names]


async def add_or_remove(client: Client) -> Sequence[Choice]:
    """Whether something is to come or to go."""
    return [Choice("add", "Add it"), Choice("remove", "Remove it")]


async def list_own_networks(client: Client) -> Sequence[Choice]:
    """Networks of the project itself."""
    query = {"limit": str(ALL), "project_id": client.project_id}
    found = await client.get("/network/v2.0/networks", query)
    return [choice(one) for one in found["networks"]]
