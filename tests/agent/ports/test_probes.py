"""What a trace looks at, as values."""

from pathlib import Path

from agent.ports.small_host import (
    external_address,
    external_network,
    fresh_settings,
    network,
    port,
    router,
    uuid,
)
from pilvi.agent.ports.names import leg_name, tap_name
from pilvi.agent.ports.probes import (
    MENDS,
    BridgeProbe,
    DhcpProbe,
    Finding,
    FloatingProbe,
    GuestProbe,
    MetadataProbe,
    RouterProbe,
    RulesProbe,
    Surroundings,
    TapProbe,
    hop_of,
    plan_trace,
)
from pilvi.host_api.networks import FloatingIp
from pilvi.host_api.traces import Hop, HopName, Outcome, TraceSpec

BARE = TraceSpec(port_id=uuid(11), trace_id="t", asked_at=0.0)


def test_the_whole_way_in_its_order(tmp_path: Path) -> None:
    settings = fresh_settings(tmp_path)
    public, fixed = external_address(settings, 7), "10.0.1.11"
    pair = FloatingIp(floating_address=public, fixed_address=fixed)
    spec = TraceSpec(
        port_id=uuid(11),
        trace_id="t",
        asked_at=0.0,
        router_ids=[uuid(0x50)],
        floating_addresses=[public],
    )
    there = router(settings, floating_ips=[pair])
    around = Surroundings(port(11), network(), [there], [external_network(settings)])
    wish, *probes = plan_trace(spec, around)
    assert isinstance(wish, Hop) and wish.outcome is Outcome.OK
    assert probes == [
        TapProbe(uuid(11), tap_name(uuid(11)), True),
        RulesProbe(port(11), "br1"),
        BridgeProbe("br1", tap_name(uuid(11)), 1450),
        DhcpProbe(uuid(1), "br1", "fa:16:3e:00:00:0b", fixed),
        MetadataProbe(uuid(1), "br1", "10.0.1.2", fixed),
        RouterProbe(
            uuid(0x50), "br1", "10.0.1.1", leg_name(uuid(0x80)), external_address(settings, 1)
        ),
        FloatingProbe(uuid(0x50), "br99", public, fixed),
        GuestProbe("br1", fixed),
    ]


def outcomes(spec: TraceSpec, around: Surroundings) -> dict[HopName, Outcome]:
    return {one.name: one.outcome for one in plan_trace(spec, around) if isinstance(one, Hop)}


def test_what_a_port_does_not_have_is_absent_and_no_failure() -> None:
    found = outcomes(BARE, Surroundings(port(11), network(subnets=[])))
    assert found == {
        HopName.WISH: Outcome.OK,
        HopName.DHCP: Outcome.ABSENT,
        HopName.METADATA: Outcome.ABSENT,
        HopName.ROUTER: Outcome.ABSENT,
        HopName.FLOATING_IP: Outcome.ABSENT,
    }


def test_a_router_on_another_host_is_unknown() -> None:
    spec = TraceSpec(
        port_id=uuid(11),
        trace_id="t",
        asked_at=0.0,
        router_ids=[uuid(0x50)],
        floating_addresses=["198.18.0.7"],
    )
    found = outcomes(spec, Surroundings(port(11), network()))
    assert found[HopName.ROUTER] is found[HopName.FLOATING_IP] is Outcome.UNKNOWN


def test_a_wish_that_cannot_carry_packets_fails_first() -> None:
    (unknown,) = plan_trace(BARE, Surroundings(None, None))
    assert isinstance(unknown, Hop) and unknown.outcome is Outcome.FAILED
    assert outcomes(BARE, Surroundings(port(11), None)) == {HopName.WISH: Outcome.FAILED}
    closed = plan_trace(BARE, Surroundings(port(11, admin_state_up=False), network()))
    first = closed[0]
    assert isinstance(first, Hop) and "admin state is down" in first.words and first.mend
    assert closed[1] == TapProbe(uuid(11), tap_name(uuid(11)), False)


def test_an_ipv6_port_is_not_asked_for_by_arp() -> None:
    found = outcomes(BARE, Surroundings(port(11, addresses=["fd00::b"]), network()))
    assert found[HopName.DHCP] is found[HopName.GUEST] is Outcome.ABSENT


def test_every_failure_has_a_mend() -> None:
    assert set(MENDS) == set(HopName)
    probe = GuestProbe("br1", "10.0.1.11")
    bad = hop_of(probe, Finding(False, "silence"))
    assert (bad.outcome, bad.mend) == (Outcome.FAILED, MENDS[HopName.GUEST])
    good = hop_of(probe, Finding(True, "it answers", 0.4))
    assert (good.outcome, good.mend, good.took_ms) == (Outcome.OK, "", 0.4)
