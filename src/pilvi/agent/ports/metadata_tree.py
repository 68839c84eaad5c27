"""What a guest reads under 169.254.169.254: the tree of paths over one guest's document. Pure.

The OpenStack half is described in Nova's "Metadata" guide, the EC2 half in Amazon's "Instance
metadata". Only the standard library is imported: every network has a process that holds this.
"""

import base64
import json
import re
from typing import Any

OPENSTACK_VERSIONS = (
    "2012-08-10",
    "2013-04-04",
    "2013-10-17",
    "2015-10-15",
    "2016-06-30",
    "2016-10-06",
    "2017-02-22",
    "2018-08-27",
    "2020-10-14",
    "latest",
)
EC2_VERSIONS = (
    "1.0",
    "2007-01-19",
    "2007-03-01",
    "2007-08-29",
    "2007-10-10",
    "2007-12-15",
    "2008-02-01",
    "2008-09-01",
    "2009-04-04",
    "latest",
)
POSTED_SUFFIX = ".password"
JSON = "application/json"
TEXT = "text/plain"

_PRINTABLE = re.compile(rb"[\t\r\n -~]*")

Answer = tuple[str, bytes]
"""Media type and body."""


def document_name(address: str) -> str:
    """File name of the document of the guest at an address."""
    return f"{address}.json"


def posted_name(address: str) -> str:
    """File name of what the guest at an address posted."""
    return f"{address}{POSTED_SUFFIX}"


def is_password(path: str) -> bool:
    """Whether a guest posts its password to a path. Pure."""
    parts = [part for part in path.split("/") if part]
    if len(parts) != 3 or parts[0] != "openstack" or parts[2] != "password":
        return False
    return parts[1] in OPENSTACK_VERSIONS and parts[1] >= "2013-10-17"


def is_printable(posted: bytes) -> bool:
    """Whether what a guest posted can be a sealed password, which is written in ASCII. Pure."""
    return _PRINTABLE.fullmatch(posted) is not None


def encode_document(
    meta_data: dict[str, Any], network_data: dict[str, Any], ec2: dict[str, Any], user: bytes | None
) -> bytes:
    """One guest's document as it lies in its file."""
    user_data = None if user is None else base64.b64encode(user).decode()
    return json.dumps(
        {
            "meta_data": meta_data,
            "network_data": network_data,
            "ec2": ec2,
            "user_data": user_data,
        }
    ).encode()


def find_answer(path: str, document: bytes) -> Answer | None:
    """What a path answers, or None when there is nothing at it."""
    guest = json.loads(document)
    parts = [part for part in path.split("/") if part]
    if not parts:
        return _lines(list(EC2_VERSIONS) + ["openstack"])
    if parts[0] == "openstack":
        return _openstack(parts[1:], guest)
    if parts[0] in EC2_VERSIONS:
        return _ec2(parts[1:], guest)
    return None


def _openstack(parts: list[str], guest: dict[str, Any]) -> Answer | None:
    if not parts:
        return _lines(list(OPENSTACK_VERSIONS))
    version, *rest = parts
    if version not in OPENSTACK_VERSIONS:
        return None
    files = _openstack_files(version, guest)
    if not rest:
        return _lines(sorted(files))
    return files.get(rest[0]) if len(rest) == 1 else None


def _openstack_files(version: str, guest: dict[str, Any]) -> dict[str, Answer]:
    files = {"meta_data.json": _json(guest["meta_data"])}
    user_data = _user_data(guest)
    if user_data is not None:
        files["user_data"] = user_data
    # "latest" sorts after every date.
    if version >= "2013-10-17":
        files["vendor_data.json"] = _json({})
    if version >= "2015-10-15":
        files["network_data.json"] = _json(guest["network_data"])
    if version >= "2016-10-06":
        files["vendor_data2.json"] = _json({})
    return files


def _ec2(parts: list[str], guest: dict[str, Any]) -> Answer | None:
    user_data = _user_data(guest)
    if not parts:
        return _lines(["meta-data/"] + (["user-data"] if user_data is not None else []))
    if parts[0] == "user-data":
        return user_data if len(parts) == 1 else None
    if parts[0] != "meta-data":
        return None
    node: Any = guest["ec2"]
    for part in parts[1:]:
        if not isinstance(node, dict) or part.startswith("_") or part not in node:
            return None
        node = node[part]
    if isinstance(node, dict):
        keys = list(guest["meta_data"].get("public_keys", {}))
        return _lines(_entries(node, keys if parts[1:] == ["public-keys"] else None))
    return TEXT, str(node).encode()


def _entries(folder: dict[str, Any], key_names: list[str] | None) -> list[str]:
    """Names in a folder: other folders end in a slash, public keys are listed as `0=name`."""
    entries = []
    for place, (name, node) in enumerate(sorted(folder.items())):
        if name.startswith("_"):
            continue
        if key_names is not None:
            known = node.get("_name", "") if isinstance(node, dict) else ""
            title = known.partition("=")[2] or known
            title = title or (key_names[place] if place < len(key_names) else f"key-{name}")
            entries.append(f"{name}={title}")
        else:
            entries.append(f"{name}/" if isinstance(node, dict) else name)
    return entries


def _user_data(guest: dict[str, Any]) -> Answer | None:
    encoded = guest["user_data"]
    return None if encoded is None else (TEXT, base64.b64decode(encoded))


def _json(value: Any) -> Answer:
    return JSON, json.dumps(value).encode()


def _lines(lines: list[str]) -> Answer:
    return TEXT, "\n".join(lines).encode()
