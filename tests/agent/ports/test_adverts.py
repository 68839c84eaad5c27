"""What a router advertises."""

from pathlib import Path

import msgspec
import pytest

from agent.ports.small_host import fresh_settings, router
from pilvi.agent.ports.adverts import advert_config
from pilvi.agent.ports.names import leg_name
from pilvi.errors import InvalidRequest
from pilvi.host_api.networks import AdvertSpec, RouterSpec


def advertising(tmp_path: Path, *adverts: AdvertSpec) -> RouterSpec:
    """A router whose only leg advertises these."""
    spec = router(fresh_settings(tmp_path))
    leg = msgspec.structs.replace(spec.interfaces[0], adverts=list(adverts))
    return msgspec.structs.replace(spec, interfaces=[leg])


def advert(mode: str = "slaac", cidr: str = "fd00:1::/64") -> AdvertSpec:
    return AdvertSpec(cidr=cidr, mode=mode, dns_servers=["2001:db8::53", "9.9.9.9"])


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("slaac", "ra-only"), ("dhcpv6-stateless", "ra-stateless"), ("dhcpv6-stateful", "static")],
)
def test_each_mode_has_its_own_words(tmp_path: Path, mode: str, kind: str) -> None:
    spec = advertising(tmp_path, advert(mode))
    name = leg_name(spec.interfaces[0].port_id)
    config = advert_config(spec, {name: 1450})
    assert config is not None
    lines = config.text.splitlines()
    assert f"dhcp-range=set:a0,fd00:1::,{kind},64,86400" in lines
    assert "dhcp-option=tag:a0,option6:dns-server,[2001:db8::53]" in lines
    assert f"interface={name}" in lines and "port=0" in lines
    assert [line for line in lines if line.startswith(f"ra-param={name},mtu:1450,")]


def test_a_leg_that_is_not_there_is_not_spoken_on(tmp_path: Path) -> None:
    spec = advertising(tmp_path, advert())
    assert advert_config(spec, {}) is None
    name = leg_name(spec.interfaces[0].port_id)
    assert advert_config(msgspec.structs.replace(spec, admin_state_up=False), {name: 9}) is None
    assert advert_config(advertising(tmp_path), {name: 1450}) is None


@pytest.mark.parametrize(
    "wrong", [advert("nonsense"), advert(cidr="10.0.0.0/24"), advert(cidr="x")]
)
def test_what_cannot_be_advertised_is_refused(tmp_path: Path, wrong: AdvertSpec) -> None:
    spec = advertising(tmp_path, wrong)
    with pytest.raises(InvalidRequest):
        advert_config(spec, {leg_name(spec.interfaces[0].port_id): 1450})
