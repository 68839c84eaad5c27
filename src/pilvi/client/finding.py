"""From the name or id that a person types to the thing: the id first, then the name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pilvi.client.command import Thing
from pilvi.client.session import Session
from pilvi.errors import Conflict, NotFound

_ID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12,44}")
_SIMPLE_NAME = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Kind:
    """One collection of a service."""

    title: str
    """As messages call one of it: `server`, `security group`."""
    service: str
    path: str
    """Below the service's address; a thing is at PATH/ID."""
    key: str
    """Of a list in its body."""
    one: str = ""
    """Of a single thing in its body; empty: the body itself is the thing."""
    list_path: str = ""
    """Where lists are whole, if elsewhere: /servers/detail."""
    has_own_ids: bool = False
    """Whether ids may look like names: flavors."""
    name: str = "name"
    """The field that holds the name; empty: there is only the id."""

    def get(self, session: Session, id: str) -> Thing:
        """The thing of an id. Raises `NotFound`."""
        body = session.get(self.service, f"{self.path}/{quote(id, safe='')}")
        thing: Thing = body[self.one] if self.one else body
        return thing

    def list(self, session: Session, query: Mapping[str, Any] | None = None) -> list[Thing]:
        """Every thing that a query lets through."""
        return list(session.pages(self.service, self.list_path or self.path, self.key, query))

    def find(self, session: Session, text: str) -> Thing:
        """The thing of an id or a name.

        Raises `NotFound`, or `Conflict` when several have the name.
        """
        if self.has_own_ids or not self.name or _ID.fullmatch(text):
            try:
                return self.get(session, text)
            except NotFound:
                pass
        things = self.list(session, self._name_query(text)) if self.name else []
        found = [thing for thing in things if thing.get(self.name) == text]
        if len(found) > 1:
            ids = ", ".join(str(thing["id"]) for thing in found[:5])
            more = ", …" if len(found) > 5 else ""
            raise Conflict(
                f"cannot tell which {self.title} '{text}' is: {len(found)} have that name; "
                f"give one of their ids: {ids}{more}"
            )
        if not found:
            raise NotFound(f"cannot find the {self.title} '{text}'")
        return found[0]

    def id_of(self, session: Session, text: str) -> str:
        """The id of a thing that is named by id or name; an id is not looked up."""
        if not self.has_own_ids and _ID.fullmatch(text) and self.service != "identity":
            return text
        return str(self.find(session, text)["id"])

    def _name_query(self, text: str) -> dict[str, str]:
        if self.has_own_ids:
            # Also those that are not for everybody, where the caller may see them.
            return {"is_public": "None"}
        if self.service == "compute":
            # There a name is a regular expression, in the database's own dialect.
            return {"name": f"^{text}$"} if _SIMPLE_NAME.fullmatch(text) else {}
        return {self.name: text}


SERVER = Kind("server", "compute", "/servers", "servers", "server", "/servers/detail")
FLAVOR = Kind(
    "flavor", "compute", "/flavors", "flavors", "flavor", "/flavors/detail", has_own_ids=True
)
IMAGE = Kind("image", "image", "/images", "images")
VOLUME = Kind("volume", "volume", "/volumes", "volumes", "volume", "/volumes/detail")
SNAPSHOT = Kind("snapshot", "volume", "/snapshots", "snapshots", "snapshot", "/snapshots/detail")
VOLUME_TYPE = Kind("volume type", "volume", "/types", "volume_types", "volume_type")
NETWORK = Kind("network", "network", "/networks", "networks", "network")
SUBNET = Kind("subnet", "network", "/subnets", "subnets", "subnet")
ROUTER = Kind("router", "network", "/routers", "routers", "router")
PORT = Kind("port", "network", "/ports", "ports", "port")
FLOATING_IP = Kind(
    "floating IP",
    "network",
    "/floatingips",
    "floatingips",
    "floatingip",
    name="floating_ip_address",
)
SECURITY_GROUP = Kind(
    "security group", "network", "/security-groups", "security_groups", "security_group"
)
RULE = Kind(
    "security group rule",
    "network",
    "/security-group-rules",
    "security_group_rules",
    "security_group_rule",
    name="",
)
PROJECT = Kind("project", "identity", "/projects", "projects", "project")
USER = Kind("user", "identity", "/users", "users", "user")
