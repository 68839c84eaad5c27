"""A host for tests: wishes go in, the three reconcilers make them so on any driver."""

import asyncio
import secrets
from collections.abc import Sequence
from pathlib import Path

import msgspec

from pilvi.agent.context import AgentContext
from pilvi.agent.desired import DesiredState
from pilvi.agent.outbox import Outbox
from pilvi.agent.ports.driver import PortDriver
from pilvi.agent.ports.reconciler import (
    AddressSetReconciler,
    NetworkReconciler,
    PortReconciler,
    RouterReconciler,
)
from pilvi.core.reconcile import Limits, Loop
from pilvi.host_api.contract import Assignment, Desired, Kind, Observation
from pilvi.host_api.networks import (
    Lease,
    NetworkSpec,
    PortSpec,
    RouterInterface,
    RouterSpec,
    RuleSpec,
    SubnetSpec,
)
from pilvi.host_api.vms import GuestDocuments, Power, RebootKind, VmSpec
from pilvi.settings import Settings

SETTLE_TIMEOUT_S = 20.0


def fresh_settings(tmp_path: Path, *, external_nat: bool = False) -> Settings:
    """Settings of a cloud that collides with no other: own prefix, own external range."""
    token = secrets.token_bytes(3)
    return Settings(
        state_dir=str(tmp_path / "state"),
        name_prefix=f"t{token.hex()[:5]}",
        external_cidr=f"198.{18 + token[0] % 2}.{token[1]}.{token[2] & 0xF0}/28",
        external_nat=external_nat,
    )


class SmallHost:
    """The ports half of an agent."""

    def __init__(self, settings: Settings, driver: PortDriver) -> None:
        self.settings = settings
        self.driver = driver
        self.desired = DesiredState(settings.agent_dir / "desired")
        self.outbox = Outbox()
        self.woken: list[tuple[Kind, str]] = []
        context = AgentContext(settings, self.desired, self.outbox, self.wake)
        self.networks = NetworkReconciler(context, driver)
        limits = Limits(retry_s_min=0.02, resync_s=3600)
        self.routers = RouterReconciler(context, driver)
        others = [PortReconciler(context, driver), AddressSetReconciler(context, driver)]
        self.loop = Loop([self.networks, self.routers, *others], limits)
        self._tasks: list[asyncio.Task[None]] = []
        self._revision = self.desired.revision

    async def start(self) -> None:
        """Run the loop and the watch."""
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(self.loop.run()),
            loop.create_task(self.networks.watch()),
            loop.create_task(self.routers.watch()),
        ]
        await asyncio.sleep(0)

    async def stop(self) -> None:
        """End as an agent does that is killed: nothing is put back."""
        await self.rest()
        await self.driver.close()

    async def rest(self) -> None:
        """Stop looking, so that what is broken stays so."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def wake(self, kind: Kind, id: str) -> None:
        """What the agent's loop does with a wake; a vm's is only noted."""
        self.woken.append((kind, id))
        self.loop.wake(kind, id)

    def assign(self, kind: Kind, id: str, spec: msgspec.Struct | None) -> None:
        """Wish for something, or, with None, for its absence."""
        self._revision += 1
        before = self.desired.find(kind, id)
        assignment = Assignment(
            kind=kind,
            id=id,
            generation=1 if before is None else before.generation + 1,
            revision=self._revision,
            present=spec is not None,
            spec=msgspec.Raw(msgspec.json.encode(spec)),
        )
        self.desired.apply(
            Desired(host_id="host", revision=self._revision, assignments=[assignment])
        )
        self.loop.wake(kind, id)

    def seen(self, kind: Kind, id: str) -> Observation:
        """What was last told of an object."""
        observation = self.outbox.find(kind, id)
        assert observation is not None, f"nothing was told of {kind} {id}"
        return observation

    async def settle(self) -> None:
        """Wait until everything is told to be as wished."""
        async with asyncio.timeout(SETTLE_TIMEOUT_S):
            while self.unsettled():
                await self.outbox.changed.wait()
                self.outbox.changed.clear()

    def unsettled(self) -> list[tuple[Kind, str]]:
        """What is not, or not yet told to be, as wished."""
        found = []
        for kind in (Kind.NETWORK, Kind.PORT, Kind.ADDRESS_SET, Kind.ROUTER):
            for assignment in self.desired.list(kind):
                seen = self.outbox.find(kind, assignment.id)
                if seen is None or not seen.settled or seen.generation != assignment.generation:
                    found.append((kind, assignment.id))
        return found


def uuid(number: int) -> str:
    """An id that is easy to recognise."""
    return f"{number:08x}-0000-4000-8000-{number:012x}"


def mac(number: int) -> str:
    """A MAC that is easy to recognise."""
    return f"fa:16:3e:00:00:{number:02x}"


def network(number: int = 1, ports: Sequence[int] = (), **changes: object) -> NetworkSpec:
    """A private network 10.0.N.0/24 with DHCP on .2 and leases for these ports."""
    spec = NetworkSpec(
        network_id=uuid(number),
        project_id="project",
        segment=number,
        mtu=1450,
        is_external=False,
        subnets=[
            SubnetSpec(
                subnet_id=uuid(number + 0x100),
                cidr=f"10.0.{number}.0/24",
                gateway=f"10.0.{number}.1",
                dhcp_enabled=True,
                dhcp_address=f"10.0.{number}.2",
                dns_servers=["9.9.9.9"],
                host_routes=[("10.77.0.0/16", f"10.0.{number}.9")],
            )
        ],
        leases=[
            Lease(port_id=uuid(p), mac=mac(p), address=f"10.0.{number}.{p}", hostname=f"vm-{p}")
            for p in ports
        ],
    )
    return msgspec.structs.replace(spec, **changes)


def external_network(settings: Settings, number: int = 99) -> NetworkSpec:
    """The network that leaves the machine."""
    return NetworkSpec(
        network_id=uuid(number),
        project_id="admin",
        segment=number,
        mtu=1500,
        is_external=True,
        subnets=[
            SubnetSpec(
                subnet_id=uuid(number + 0x100),
                cidr=settings.external_cidr,
                gateway=None,
                dhcp_enabled=False,
                dhcp_address=None,
                dns_servers=[],
                host_routes=[],
            )
        ],
        leases=[],
    )


def rule(
    direction: str = "ingress",
    protocol: str | None = None,
    first: int | None = None,
    last: int | None = None,
    remotes: list[str] | None = None,
) -> RuleSpec:
    """One allowing rule."""
    return RuleSpec(
        direction=direction, protocol=protocol, port_min=first, port_max=last, remotes=remotes
    )


OUT = rule("egress")
"""What every default security group has."""


def port(number: int, of: int = 1, **changes: object) -> PortSpec:
    """A port of network `of`, whose guest may send anything and receive nothing."""
    spec = PortSpec(
        port_id=uuid(number),
        server_id=uuid(number + 0x1000),
        network_id=uuid(of),
        segment=of,
        mac=mac(number),
        addresses=[f"10.0.{of}.{number}"],
        allowed_pairs=[],
        port_security=True,
        admin_state_up=True,
        rules=[OUT],
    )
    return msgspec.structs.replace(spec, **changes)


def router(
    settings: Settings,
    number: int = 0x50,
    inside: Sequence[int] = (1,),
    **changes: object,
) -> RouterSpec:
    """A router at .1 of these networks, with SNAT through the fifth external address."""
    base, length = settings.external_cidr.split("/")
    prefix, last = base.rsplit(".", 1)
    spec = RouterSpec(
        router_id=uuid(number),
        project_id="project",
        admin_state_up=True,
        interfaces=[
            RouterInterface(
                port_id=uuid(0x60 + n),
                network_id=uuid(n),
                mac=mac(0x60 + n),
                address=f"10.0.{n}.1/24",
            )
            for n in inside
        ],
        gateway=RouterInterface(
            port_id=uuid(0x80),
            network_id=uuid(99),
            mac=mac(0x80),
            address=f"{prefix}.{int(last) + 5}/{length}",
        ),
        gateway_next_hop=f"{prefix}.{int(last) + 1}",
        snat=True,
        floating_ips=[],
        routes=[],
    )
    return msgspec.structs.replace(spec, **changes)


def external_address(settings: Settings, number: int) -> str:
    """One address of the external network."""
    prefix, last = settings.external_cidr.split("/")[0].rsplit(".", 1)
    return f"{prefix}.{int(last) + number}"


def vm(number: int, marker: str = "", user_data: bytes | None = None) -> VmSpec:
    """The vm of port `number`, whose documents carry a marker."""
    return VmSpec(
        server_id=uuid(number + 0x1000),
        project_id="project",
        name=f"vm-{number}",
        vcpus=1,
        memory_mib=64,
        power=Power.RUNNING,
        boot_generation=0,
        boot_kind=RebootKind.HARD,
        image_generation=0,
        disks=[],
        volumes=[],
        nics=[],
        config_drive=False,
        documents=GuestDocuments(
            meta_data={
                "uuid": uuid(number + 0x1000),
                "name": marker or f"vm-{number}",
                "public_keys": {"mine": "ssh-ed25519 AAAA mine"},
            },
            network_data={"links": [], "networks": [], "services": []},
            ec2={
                "instance-id": f"i-{number:08x}",
                "public-keys": {"0": {"openssh-key": "ssh-ed25519 AAAA mine"}},
                "placement": {"availability-zone": "nova"},
            },
            user_data=user_data,
        ),
    )
