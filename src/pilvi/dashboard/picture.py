"""The living picture: the whole cloud for an admin, for everybody else what is the project's.

However large the cloud is, as many calls are made: the newest things are drawn, and as many hosts
as a person can look at. Each of them is a link to its page.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from pilvi.dashboard.client import Client
from pilvi.dashboard.live import Sight, answer
from pilvi.dashboard.render import link
from pilvi.dashboard.visit import Visit
from pilvi.picture.svg import render_svg
from pilvi.picture.system import Row, System, is_busy, read_room, read_used_bytes
from pilvi.picture.text import render_text

# Things of each kind that are drawn. Lower: less is seen; higher: nobody finds anything, and a
# look takes longer.
SERVERS, IMAGES, VOLUMES, HOSTS = 40, 25, 40, 20
_COMPUTE = "/compute/v2.1"
_NEWEST = {"sort_key": "created_at", "sort_dir": "desc"}


async def show_picture(visit: Visit) -> Response:
    """The picture, drawn; `as=text` has it in words, for whoever cannot see it."""
    is_text = visit.request.query_params.get("as") == "text"

    async def look() -> Sight:
        system = await read_system(visit.client)
        text = render_text(system) if is_text else ""
        # Everything in it is escaped where it is drawn.
        drawn = "" if is_text else Markup(render_svg(system, link=_lead))  # noqa: S704  # escaped there
        things = [*system.servers, *system.images, *system.volumes]
        words = {"is_text": is_text, "text": text, "drawn": drawn}
        return Sight(words, any(map(is_busy, things)))

    kept = {"as": "text"} if is_text else {}
    return await answer(visit, ("picture_part.html", "picture.html"), look, kept)


def _lead(kind: str, id: str) -> str:
    return link("", kind, id).href


async def read_system(client: Client) -> System:
    """What the APIs tell this user, in as many calls however much there is."""
    everybodys = {"all_tenants": "1"} if client.is_admin else {}
    servers, disks, images, volumes, (hosts, room) = await asyncio.gather(
        client.get(f"{_COMPUTE}/servers/detail", _ask(SERVERS, _NEWEST, everybodys)),
        client.get(f"{_COMPUTE}/pilvi-disks", _ask(SERVERS, _NEWEST, everybodys)),
        client.get("/image/v2/images", _ask(IMAGES, _NEWEST)),
        client.get("/volume/v3/volumes/detail", _ask(VOLUMES, _NEWEST, everybodys)),
        _read_hosts(client),
    )
    found = {
        "servers": (servers["servers"], SERVERS),
        "images": (images["images"], IMAGES),
        "volumes": (volumes["volumes"], VOLUMES),
        "hosts": (hosts or [], HOSTS),
    }
    return System(
        images=images["images"][:IMAGES],
        servers=_by_name(servers["servers"][:SERVERS]),
        volumes=volumes["volumes"][:VOLUMES],
        hosts=None if hosts is None else hosts[:HOSTS],
        used_bytes=read_used_bytes(disks["servers"]),
        room=room,
        cut=frozenset(kind for kind, (rows, most) in found.items() if len(rows) > most),
    )


def _ask(most: int, *queries: Mapping[str, str]) -> dict[str, str]:
    # One more than is drawn tells whether there are more.
    words = {"limit": str(most + 1)}
    for query in queries:
        words |= query
    return words


def _by_name(servers: Sequence[Row]) -> list[Row]:
    return sorted(servers, key=lambda server: (str(server["name"]), str(server["id"])))


async def _read_hosts(client: Client) -> tuple[Sequence[Row] | None, Mapping[str, Any]]:
    """Hosts and what placement says that they give; none for whom the APIs tell of no host."""
    if not client.is_admin:
        return None, {}
    hosts, usages = await asyncio.gather(
        client.get(f"{_COMPUTE}/os-hypervisors/detail", _ask(HOSTS)),
        client.get("/placement/pilvi-usages"),
    )
    return hosts["hypervisors"], read_room(usages["resource_providers"])
