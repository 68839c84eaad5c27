"""Scenarios of what only those ask for who run a cloud; see `scenarios.py`."""

import asyncio
import contextvars

from pilvi.testing.simulation.client import Client
from pilvi.testing.simulation.operators import GOES_ON, STAYS_OFF, say_down
from pilvi.testing.simulation.scenario import Act, Scenario, after
from pilvi.testing.simulation.stage import NETWORK, SERVERS, Stage
from pilvi.testing.simulation.verdict import become_quiet

_SERVER, _VOLUME = ("server", "server"), ("volume", "volume")
_ROUTER, _PORT = ("router", "router"), ("port", "port")

# Seconds until a host that lost its power has it again: longer than its lease, after which its
# servers begin elsewhere.
AWAY_S = 30.0


def _host_of(stage: Stage) -> str:
    """Where a guest is."""
    id = stage.ids["server"]
    return next(n for n, h in stage.world.hosts.items() if id in h.hardware.drivers.vms.vms)


async def _attached_from_another_host(stage: Stage) -> None:
    """A server with a volume that lies on the other host."""
    await stage.volume()
    hosts = stage.world.hosts.items()
    keeper = next(n for n, host in hosts if host.hardware.drivers.volumes.contents.files)
    await stage.change_service(keeper, {"status": "disabled"})
    await stage.server()
    await stage.change_service(keeper, {"status": "enabled"})
    await stage.attach()
    await stage.wait("volume", "volume", "in-use")


def _evacuate(version: str) -> Act:
    """Its host loses its power; its server is to be elsewhere; the host comes back later."""

    async def evacuate(stage: Stage) -> None:
        world, name = stage.world, _host_of(stage)
        world.evacuated.add(stage.ids["server"])
        world.hosts[name].power_off()

        async def come_back() -> None:
            await asyncio.sleep(AWAY_S)
            world.hosts[name].start()
            await say_down(admin, name, is_down=False)

        admin = Client(world.network, "operator", "admin", compute=version)
        asyncio.get_running_loop().create_task(come_back(), context=contextvars.Context())
        await say_down(admin, name, is_down=True)
        path = f"{SERVERS}/{stage.ids['server']}/action"
        await stage.insist(admin, "POST", path, {"evacuate": {}})

    return evacuate


async def _between_networks(stage: Stage) -> None:
    """A server behind a router, of a network with IPv4."""
    await stage.make("network", "network", {})
    subnet = {"network_id": stage.ids["network"], "ip_version": 4, "cidr": "10.77.0.0/24"}
    await stage.make("subnet", "subnet", subnet)
    gateway = {"network_id": stage.ground.external_id}
    await stage.make("router", "router", {"external_gateway_info": gateway})
    await stage.server(networks=[{"uuid": stage.ids["network"]}])
    await _join(stage)
    await become_quiet(stage.world)
    await _move_router(stage)


async def _join(stage: Stage) -> None:
    path = f"{NETWORK}/routers/{stage.ids['router']}/add_router_interface"
    await stage.call("PUT", path, {"subnet_id": stage.ids["subnet"]})


async def _move_router(stage: Stage) -> None:
    """From the host that has it to the other."""
    agents = await stage.ask_as_admin("GET", f"{NETWORK}/agents?agent_type=L3 agent")
    places = [f"{NETWORK}/agents/{one['id']}/l3-routers" for one in agents.json()["agents"]]
    id = stage.ids["router"]
    for place in places:
        found = (await stage.ask_as_admin("GET", place)).json()["routers"]
        if id in (one["id"] for one in found):
            await stage.ask_as_admin("DELETE", f"{place}/{id}")
            [other] = [one for one in places if one != place]
            await stage.ask_as_admin("POST", other, {"router_id": id})
            return


async def _proxied(stage: Stage) -> None:
    """A router between two IPv6 networks that are cut from pools of one address scope."""
    await stage.make("network", "network", {})
    owner = (await stage.show("network", "network"))["project_id"]
    scope = {"name": "six", "ip_version": 6, "shared": True}
    reply = await stage.ask_as_admin("POST", f"{NETWORK}/address-scopes", {"address_scope": scope})
    pool = {
        "name": "six",
        "prefixes": ["2001:db8:66::/48"],
        "default_prefixlen": 64,
        "address_scope_id": reply.json()["address_scope"]["id"],
        "shared": True,
    }
    reply = await stage.ask_as_admin("POST", f"{NETWORK}/subnetpools", {"subnetpool": pool})
    cut = {"ip_version": 6, "subnetpool_id": reply.json()["subnetpool"]["id"]}
    outer = {"name": "outer", "router:external": True, "project_id": owner}
    reply = await stage.ask_as_admin("POST", f"{NETWORK}/networks", {"network": outer})
    stage.keep("network", "outer", reply.json()["network"]["id"])
    subnet = {"network_id": stage.ids["outer"], "project_id": owner, **cut}
    reply = await stage.ask_as_admin("POST", f"{NETWORK}/subnets", {"subnet": subnet})
    stage.keep("subnet", "outer subnet", reply.json()["subnet"]["id"])
    await stage.make("subnet", "subnet", {"network_id": stage.ids["network"], **cut})
    gateway = {"network_id": stage.ids["outer"]}
    wish = {"external_gateway_info": gateway, "enable_ndp_proxy": True}
    await stage.make("router", "router", wish)
    await _join(stage)
    await stage.make("port", "port", {"network_id": stage.ids["network"]})


async def _proxy(stage: Stage) -> None:
    wish = {"router_id": stage.ids["router"], "port_id": stage.ids["port"]}
    await stage.call("POST", f"{NETWORK}/ndp-proxies", {"ndp_proxy": wish})


async def _unproxy(stage: Stage) -> None:
    found = (await stage.call("GET", f"{NETWORK}/ndp-proxies")).json()["ndp_proxies"]
    for one in found:
        await stage.call("DELETE", f"{NETWORK}/ndp-proxies/{one['id']}")


OPERATOR_SCENARIOS = [
    Scenario("evacuate a server", lambda stage: stage.server(), _evacuate(GOES_ON),
             {_SERVER: ("ACTIVE",)}),
    Scenario("evacuate a server that stays off", lambda stage: stage.server(),
             _evacuate(STAYS_OFF), {_SERVER: ("SHUTOFF",)}),
    Scenario("evacuate a server with a volume", _attached_from_another_host, _evacuate(GOES_ON),
             {_SERVER: ("ACTIVE",), _VOLUME: ("in-use",)}),
    Scenario("move a router", _between_networks, _move_router,
             {_SERVER: ("ACTIVE",), _ROUTER: ("ACTIVE",)}),
    Scenario("have a router answer for IPv6 addresses", _proxied, _proxy,
             {_ROUTER: ("ACTIVE",)}, subject=_PORT),
    Scenario("have a router answer for them no more", after(_proxied, _proxy), _unproxy,
             {_ROUTER: ("ACTIVE",)}, subject=_PORT),
]  # fmt: skip
"""Every operation of operators that converges."""
