"""One of everything of identity that belongs to user demo or to nobody, and a body for each row."""

from collections.abc import Awaitable, Callable
from typing import Any

from cloud import Cloud

ROOT = "/identity/v3"
TOKEN_OF_NOBODY = {
    "auth": {
        "identity": {
            "methods": ["password"],
            "password": {
                "user": {"name": "demo", "domain": {"id": "default"}, "password": "wrong"}
            },
        }
    }
}

_SIGNED = {"access": "nobody", "signature": "wrong", "verb": "GET", "host": "h", "path": "/"}


def identity_bodies(ids: dict[str, str]) -> dict[str, Any]:
    """A body that each operation accepts."""
    place = {"service_id": ids["service_id"], "resource_name": "ram"}
    limit = {**place, "project_id": ids["project_id"], "resource_limit": 1}
    endpoint = {"service_id": ids["service_id"], "interface": "public", "url": "http://x"}
    trust = {
        "trustor_user_id": ids["user_id"],
        "trustee_user_id": ids["user_id"],
        "impersonation": False,
        "project_id": ids["project_id"],
        "roles": [{"name": "reader"}],
    }
    changed = {"description": "changed"}
    bodies = {
        "create_token": TOKEN_OF_NOBODY,
        "create_user": {"user": {"name": "u", "email": "e"}},
        "update_user": {"user": changed},
        "change_password": {"user": {"original_password": "wrong", "password": "new"}},
        "create_group": {"group": {"name": "g"}},
        "update_group": {"group": changed},
        "create_project": {"project": {"name": "p", "description": "", "tags": ["a"]}},
        "update_project": {"project": changed},
        "replace_project_tags": {"tags": ["changed"]},
        "create_domain": {"domain": {"name": "d"}},
        "update_domain": {"domain": changed},
        "create_domain_config": {"config": {"identity": {"driver": "sql"}}},
        "update_domain_config": {"config": {"identity": {"driver": "changed"}}},
        "create_role": {"role": {"name": "r"}},
        "update_role": {"role": changed},
        "create_service": {"service": {"type": "t", "name": "n"}},
        "update_service": {"service": changed},
        "create_endpoint": {"endpoint": endpoint},
        "update_endpoint": {"endpoint": {"enabled": False}},
        "create_region": {"region": {"description": "r"}},
        "put_region": {"region": {"description": "r"}},
        "update_region": {"region": changed},
        "create_policy": {"policy": {"type": "t", "blob": "b"}},
        "update_policy": {"policy": {"blob": "changed"}},
        "create_credential": {"credential": {"type": "t", "blob": "b"}},
        "update_credential": {"credential": {"blob": "changed"}},
        "create_ec2_credential": {"tenant_id": ids["project_id"]},
        "validate_ec2_request": {"credentials": {**_SIGNED, "params": {"SignatureVersion": "2"}}},
        "validate_s3_request": {"credentials": {**_SIGNED, "token": "QVdTNA=="}},
        "create_application_credential": {"application_credential": {"name": "more"}},
        "create_trust": {"trust": trust},
        "create_consumer": {"consumer": {"description": "c"}},
        "update_consumer": {"consumer": changed},
        "authorize_request_token": {"roles": [{"name": "member"}]},
        "create_endpoint_group": {"endpoint_group": {"name": "g", "filters": {}}},
        "update_endpoint_group": {"endpoint_group": changed},
        "create_registered_limits": {"registered_limits": [{**place, "default_limit": 1}]},
        "update_registered_limit": {"registered_limit": changed},
        "create_limits": {"limits": [limit]},
        "update_limit": {"limit": changed},
    }
    return {f"identity:{name}": body for name, body in bodies.items()}


Make = Callable[..., Awaitable[dict[str, Any]]]


async def fill_identity(cloud: Cloud, ids: dict[str, str]) -> dict[str, str]:
    """Make one of everything; what the paths of identity say for it, by parameter."""

    async def make(path: str, body: Any, *, user: str = "admin") -> dict[str, Any]:
        reply = await cloud.call("POST", f"{ROOT}/{path}", body, user=user)
        assert reply.status_code == 201, f"{path}: {reply.text}"
        (found,) = reply.json().values()
        return dict(found[0] if isinstance(found, list) else found)

    users = await cloud.call("GET", f"{ROOT}/users?name=demo", user="admin")
    roles = (await cloud.call("GET", f"{ROOT}/roles", user="admin")).json()["roles"]
    by_name = {role["name"]: role["id"] for role in roles}
    own = {
        "user_id": users.json()["users"][0]["id"],
        "project_id": ids["project_id"],
        "role_id": by_name["member"],
        "prior_role_id": by_name["member"],
        "implied_role_id": by_name["reader"],
    }
    own |= await _fill_catalog(make, own["project_id"])
    own |= await _fill_own(make, own)
    own |= {"domain_id": (await make("domains", {"domain": {"name": "secret-domain"}}))["id"]}
    group = await make("groups", {"group": {"name": "secret-group"}})
    own |= {"group_id": group["id"], "group": "identity", "option": "driver", "value": "a-tag"}
    config = {"config": {"identity": {"driver": "sql"}}}
    for path, body in (
        (f"domains/{own['domain_id']}/config", config),
        (f"groups/{own['group_id']}/users/{own['user_id']}", None),
        (f"projects/{own['project_id']}/tags/a-tag", None),
    ):
        assert (await cloud.call("PUT", f"{ROOT}/{path}", body, user="admin")).is_success
    nowhere = "00000000-0000-4000-8000-000000000000"
    return {**own, "request_token_id": nowhere, "access_token_id": nowhere}


async def _fill_catalog(make: Make, project_id: str) -> dict[str, str]:
    service = await make("services", {"service": {"type": "shared", "name": "shared-service"}})
    endpoint = {"service_id": service["id"], "interface": "public", "url": "http://shared"}
    group = {"name": "secret-endpoints", "filters": {"service_id": service["id"]}}
    place = {"service_id": service["id"], "resource_name": "shared-resource"}
    registered = {"registered_limits": [{**place, "default_limit": 3}]}
    limits = {"limits": [{**place, "project_id": project_id, "resource_limit": 3}]}
    policy = {"type": "t", "blob": "secret-policy"}
    made = {
        "endpoint_id": await make("endpoints", {"endpoint": endpoint}),
        "region_id": await make("regions", {"region": {"id": "shared-region"}}),
        "policy_id": await make("policies", {"policy": policy}),
        "endpoint_group_id": await make("OS-EP-FILTER/endpoint_groups", {"endpoint_group": group}),
        "registered_limit_id": await make("registered_limits", registered),
        "limit_id": await make("limits", limits),
        "consumer_id": await make("OS-OAUTH1/consumers", {"consumer": {}}),
    }
    return {"service_id": service["id"], **{name: one["id"] for name, one in made.items()}}


async def _fill_own(make: Make, own: dict[str, str]) -> dict[str, str]:
    """What belongs to user demo."""
    root = f"users/{own['user_id']}"
    rule = {"service": "image", "method": "GET", "path": "/v2/images"}
    robot = {"name": "secret-robot", "access_rules": [rule]}
    body = {"application_credential": robot}
    made = await make(f"{root}/application_credentials", body, user="demo")
    trust = {
        "trustor_user_id": own["user_id"],
        "trustee_user_id": own["user_id"],
        "impersonation": False,
        "project_id": own["project_id"],
        "roles": [{"name": "member"}],
    }
    secret = {"type": "note", "blob": "secret-blob"}
    keys = await make(f"{root}/credentials/OS-EC2", {"tenant_id": own["project_id"]}, user="demo")
    return {
        "application_credential_id": made["id"],
        "access_rule_id": made["access_rules"][0]["id"],
        "trust_id": (await make("OS-TRUST/trusts", {"trust": trust}, user="demo"))["id"],
        "credential_id": (await make("credentials", {"credential": secret}, user="demo"))["id"],
        "access": keys["access"],
    }
