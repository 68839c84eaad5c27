"""How tests speak with placement."""

from typing import Any

import httpx

from cloud import Cloud

ROOT = "/placement"
UNKNOWN = "00000000-0000-0000-0000-000000000000"
ONE = "11111111-1111-4111-8111-111111111111"
TWO = "22222222-2222-4222-8222-222222222222"


async def ask(
    cloud: Cloud, method: str, path: str, body: Any = None, version: str = "1.39"
) -> httpx.Response:
    """One request of an admin."""
    headers = {"openstack-api-version": f"placement {version}"}
    return await cloud.call(method, ROOT + path, body, user="admin", headers=headers)


async def get(cloud: Cloud, path: str, version: str = "1.39") -> Any:
    """The body of what is there."""
    reply = await ask(cloud, "GET", path, version=version)
    assert reply.status_code == 200, reply.text
    return reply.json()


async def make_provider(cloud: Cloud, name: str, parent: str | None = None, **totals: int) -> str:
    """A provider of the admin's own that has so much of each class. Returns its id."""
    body = {"name": name, "parent_provider_uuid": parent}
    made = await ask(cloud, "POST", "/resource_providers", body)
    assert made.status_code == 200, made.text
    id: str = made.json()["uuid"]
    inventories = {name: {"total": total} for name, total in totals.items()}
    wanted = {"resource_provider_generation": 0, "inventories": inventories}
    put = await ask(cloud, "PUT", f"/resource_providers/{id}/inventories", wanted)
    assert put.status_code == 200, put.text
    return id


def claim_of(held: dict[str, dict[str, int]], **values: Any) -> dict[str, Any]:
    """Body of a claim: what is held, by provider."""
    return {
        "allocations": {id: {"resources": amounts} for id, amounts in held.items()},
        "project_id": "p",
        "user_id": "u",
        "consumer_generation": None,
        "consumer_type": "TASK",
        **values,
    }
