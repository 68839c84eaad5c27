"""Conversions between shapes of two versions. Pure; they may change what they are given."""

from typing import Any

import msgspec

from pilvi.errors import InvalidRequest, Unsupported

Body = dict[str, Any]

_KEPT = "tag_kept"


def _devices(body: Body) -> list[Any]:
    server = body.get("server")
    found = server.get("block_device_mapping_v2") if isinstance(server, dict) else None
    return found if isinstance(found, list) else []


def _networks(body: Body) -> list[Any]:
    server = body.get("server")
    found = server.get("networks") if isinstance(server, dict) else None
    return found if isinstance(found, list) else []


def _keep_tags(items: list[Any]) -> None:
    for item in items:
        if isinstance(item, dict):
            if _KEPT in item:
                raise InvalidRequest(f"cannot accept the body: unknown field '{_KEPT}'")
            if "tag" in item:
                item[_KEPT] = item.pop("tag")


def keep_disk_tags(body: Body) -> Body:
    """2.33: disk tags of 2.32 are kept aside while the versions up to 2.41 know none."""
    _keep_tags(_devices(body))
    return body


def default_networks(body: Body) -> Body:
    """2.37: without networks the project's own is meant; tags of network cards are kept aside."""
    server = body.get("server")
    if isinstance(server, dict):
        if isinstance(server.get("networks"), str):
            raise InvalidRequest("cannot read networks: before version 2.37 it is a list")
        server.setdefault("networks", "auto")
    _keep_tags(_networks(body))
    return body


def restore_tags(body: Body) -> Body:
    """2.42: tags are back; those that came in between are refused."""
    for item in [*_devices(body), *_networks(body)]:
        if not isinstance(item, dict):
            continue
        if "tag" in item:
            raise InvalidRequest("cannot use 'tag' at this version; use 2.42 or later")
        if _KEPT in item:
            item["tag"] = item.pop(_KEPT)
    return body


def refuse_personality(body: Body) -> Body:
    """2.57: files cannot be put into servers; here they never could."""
    server = body.get("server")
    if isinstance(server, dict) and server.pop("personality", None):
        raise Unsupported(
            "cannot put files into servers (personality); use user_data or a config drive"
        )
    return body


def refuse_rebuild_personality(body: Body) -> Body:
    """2.57: files cannot be put into servers; here they never could."""
    fields = body.get("rebuild")
    if isinstance(fields, dict):
        refuse_personality({"server": fields})
    return body


def cpu_info_as_text(body: Body) -> Body:
    """2.28: before, cpu_info is JSON in a string."""
    for one in _hypervisors(body):
        if "cpu_info" in one:
            one["cpu_info"] = msgspec.json.encode(one["cpu_info"]).decode()
    return body


def _hypervisors(body: Body) -> list[Body]:
    if "hypervisor" in body:
        return [body["hypervisor"]]
    return list(body.get("hypervisors", []))


def brief_update(body: Body) -> Body:
    """2.75: before, changing a server answers only the part that Nova kept ready."""
    absent = (
        "OS-EXT-AZ:availability_zone",
        "OS-EXT-STS:",
        "OS-EXT-SRV-ATTR:",
        "OS-SRV-USG:",
        "config_drive",
        "host_status",
        "key_name",
        "os-extended-volumes:",
        "security_groups",
    )
    server = {name: value for name, value in body["server"].items() if not name.startswith(absent)}
    server["addresses"] = {
        network: [{"version": one["version"], "addr": one["addr"]} for one in addresses]
        for network, addresses in server["addresses"].items()
    }
    return {"server": server}


def brief_rebuild(body: Body) -> Body:
    """2.75: before, rebuilding a server answers only the part that Nova kept ready."""
    kept = {name: body["server"][name] for name in ("key_name", "user_data")}
    return {"server": {**brief_update(body)["server"], **kept}}


def blank_swap(body: Body) -> Body:
    """2.75: before, no swap is an empty string."""
    body["flavor"]["swap"] = body["flavor"]["swap"] or ""
    return body


def blank_swaps(body: Body) -> Body:
    """2.75: before, no swap is an empty string."""
    for flavor in body["flavors"]:
        flavor["swap"] = flavor["swap"] or ""
    return body


def add_image_limits(body: Body) -> Body:
    """2.39: before, limits name how much metadata an image may have."""
    body["limits"]["absolute"]["maxImageMeta"] = 128
    return body


def refuse_soft_policies(body: Body) -> Body:
    """2.15: before, the policies of server groups are hard."""
    group = body.get("server_group")
    policies = group.get("policies") if isinstance(group, dict) else None
    for policy in policies if isinstance(policies, list) else []:
        if str(policy).startswith("soft-"):
            raise InvalidRequest(f"cannot use the policy {policy} at this version; use 2.15")
    return body


def one_policy(body: Body) -> Body:
    """2.64: before, a server group has a list with its one policy."""
    group = body.get("server_group")
    if isinstance(group, dict):
        policies = group.pop("policies", None)
        if not isinstance(policies, list) or len(policies) != 1:
            raise InvalidRequest("cannot read policies: it is a list with one policy")
        group["policy"] = policies[0]
    return body


def listed_policy(body: Body) -> Body:
    """2.64: before, a server group has a list with its one policy, no rules, and metadata."""
    for group in [body["server_group"]] if "server_group" in body else body["server_groups"]:
        group["policies"] = [group.pop("policy")]
        group["metadata"] = {}
        del group["rules"]
    return body


def attachment_with_id(body: Body) -> Body:
    """2.89: before, an attachment has the volume's id."""
    body["volumeAttachment"]["id"] = body["volumeAttachment"]["volumeId"]
    return body


def attachments_with_ids(body: Body) -> Body:
    """2.89: before, attachments have the volumes' ids."""
    for one in body["volumeAttachments"]:
        one["id"] = one["volumeId"]
    return body
