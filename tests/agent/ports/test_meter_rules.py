"""Meters as an nft table: what is counted, and what counts on when something changes."""

import subprocess
from pathlib import Path

import msgspec
import pytest

from agent.ports.small_host import fresh_settings, router, uuid
from pilvi.agent.ports.meter_rules import (
    check_counter,
    counter_name,
    label_of,
    meter_rules,
    meters_digest,
)
from pilvi.errors import InvalidRequest
from pilvi.host_api.networks import MeterRule, MeterSpec, RouterSpec


def meter(number: int, *rules: MeterRule) -> MeterSpec:
    """The meter of one label."""
    return MeterSpec(label_id=uuid(number), rules=list(rules))


def counted(
    direction: str = "egress",
    source: str | None = "10.0.1.0/24",
    destination: str | None = None,
    *,
    excluded: bool = False,
) -> MeterRule:
    """One rule of a meter."""
    return MeterRule(direction=direction, source=source, destination=destination, excluded=excluded)


@pytest.fixture
def spec(tmp_path: Path) -> RouterSpec:
    """A router with a gateway and two meters."""
    some = counted(source="10.0.1.7/32", excluded=True)
    meters = [meter(1, counted(), some), meter(2, counted(source="fd00:1::/64"))]
    return router(fresh_settings(tmp_path), meters=meters)


def test_what_is_excluded_comes_first(spec: RouterSpec) -> None:
    lines = meter_rules(spec, ()).text.splitlines()
    mine = [line for line in lines if f"rules_{counter_name(uuid(1))} oifname" in line]
    assert "10.0.1.7/32 return" in mine[0] and "counter name" in mine[1]


def test_a_rule_of_two_versions_counts_nothing(spec: RouterSpec) -> None:
    mixed = meter(1, counted(source="10.0.0.0/8", destination="fd00::/64"))
    text = meter_rules(msgspec.structs.replace(spec, meters=[mixed]), ()).text
    assert "counter name" not in text


def test_the_same_wish_has_the_same_digest_whatever_is_there(spec: RouterSpec) -> None:
    assert meter_rules(spec, ["m_" + "0" * 32]).digest == meters_digest(spec)
    none = msgspec.structs.replace(spec, meters=[])
    assert meters_digest(none) is None
    assert meters_digest(msgspec.structs.replace(spec, gateway=None)) != meters_digest(spec)


def test_a_counter_says_whose_it_is() -> None:
    assert label_of(counter_name(uuid(77))) == uuid(77)
    for name in ("m_", 'm_"; flush ruleset', "x" * 34):
        with pytest.raises(InvalidRequest):
            check_counter(name)


@pytest.mark.parametrize("text", ["fe80::1%x\nflush ruleset", "10.0.0.0/8; flush ruleset", ""])
def test_what_is_no_range_never_reaches_nft(spec: RouterSpec, text: str) -> None:
    bad = meter(1, counted(source=text))
    with pytest.raises(InvalidRequest):
        meter_rules(msgspec.structs.replace(spec, meters=[bad]), ())


@pytest.mark.root
def test_nft_takes_every_change_of_meters(spec: RouterSpec) -> None:
    fewer = msgspec.structs.replace(spec, meters=[meter(1), meter(3, counted("ingress", None))])
    first = [counter_name(uuid(number)) for number in (1, 2)]
    texts = [
        meter_rules(spec, ()).text,
        meter_rules(spec, first).text,
        meter_rules(fewer, first).text,
    ]
    script = "nft -f - && nft list counters table inet metering"
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", script],
        input="".join(texts),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert [counter_name(uuid(n)) in done.stdout for n in (1, 2, 3)] == [True, False, True]
    gone = meter_rules(msgspec.structs.replace(spec, meters=[]), first).text
    done = subprocess.run(
        ["unshare", "--net", "nft", "-f", "-"], input=gone, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
