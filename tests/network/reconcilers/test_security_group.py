"""Changes of groups on their way to ports."""

import msgspec

from fake_host import FakeAgent
from network.neutron import Neutron
from network.servers import launch
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import PortSpec
from pilvi.network.reconcilers.security_group import SecurityGroupReconciler


async def test_a_new_rule_reaches_every_port_of_the_group(
    neutron: Neutron, agent: FakeAgent
) -> None:
    made = [(await launch(neutron, agent.host.id))[1][0].id for _ in range(3)]
    await neutron.cloud.settle()
    group = await neutron.named("security-groups", "default")
    wish = {"security_group_id": group["id"], "direction": "ingress", "protocol": "icmp"}
    await neutron.make("security-group-rules", **wish)
    await neutron.cloud.settle()
    for port_id in made:
        held = agent.held[Kind.PORT, port_id]
        rules = msgspec.json.decode(held.spec, type=PortSpec).rules
        assert [rule.remotes for rule in rules if rule.protocol == "icmp"] == [None]
    assert await SecurityGroupReconciler(neutron.cloud.db).list_unsettled() == []


async def test_a_change_whose_wake_was_lost_is_found_again(
    neutron: Neutron, agent: FakeAgent
) -> None:
    _, (port,) = await launch(neutron, agent.host.id)
    await neutron.cloud.settle()
    group = await neutron.named("security-groups", "default")
    wish = {"security_group_id": group["id"], "direction": "ingress", "protocol": "udp"}
    send, neutron.cloud.db.on_commit = neutron.cloud.db.on_commit, lambda wakes: None
    await neutron.make("security-group-rules", **wish)
    neutron.cloud.db.on_commit = send
    reconciler = SecurityGroupReconciler(neutron.cloud.db)
    assert await reconciler.list_unsettled() == [group["id"]]
    await reconciler.reconcile(group["id"])
    await neutron.cloud.settle()
    held = agent.held[Kind.PORT, port.id]
    assert "udp" in {r.protocol for r in msgspec.json.decode(held.spec, type=PortSpec).rules}
    assert await reconciler.list_unsettled() == []


async def test_overlapping_rules_of_two_groups_all_arrive(
    neutron: Neutron, agent: FakeAgent
) -> None:
    wish = {"direction": "ingress", "protocol": "tcp", "port_range_min": 80}
    for name, last in (("one", 90), ("two", 85)):
        group = await neutron.make("security-groups", name=name)
        await neutron.make(
            "security-group-rules", **wish, port_range_max=last, security_group_id=group["id"]
        )
    _, (port,) = await launch(neutron, agent.host.id, groups=["one", "two"])
    await neutron.cloud.settle()
    rules = msgspec.json.decode(agent.held[Kind.PORT, port.id].spec, type=PortSpec).rules
    assert [(r.port_min, r.port_max) for r in rules if r.direction == "ingress"] == [
        (80, 85),
        (80, 90),
    ]
