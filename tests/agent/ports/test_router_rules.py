"""A router's rules as values, and that nft takes them."""

import subprocess
from pathlib import Path

import msgspec
import pytest

from agent.ports.small_host import fresh_settings, router
from pilvi.agent.ports.router_rules import router_rules
from pilvi.errors import InvalidRequest
from pilvi.host_api.networks import FloatingIp, HelperSpec, RouterSpec


@pytest.fixture
def spec(tmp_path: Path) -> RouterSpec:
    pairs = [("198.18.0.7", "10.0.1.11"), ("198.18.0.8", "10.0.1.11"), ("198.18.0.9", "10.0.1.12")]
    floating = [FloatingIp(floating_address=a, fixed_address=b) for a, b in pairs]
    return router(fresh_settings(tmp_path), floating_ips=floating)


def test_every_floating_ip_leads_in_and_each_guest_leaves_under_one(spec: RouterSpec) -> None:
    text = router_rules(spec).text
    assert "198.18.0.7 : 10.0.1.11, 198.18.0.8 : 10.0.1.11, 198.18.0.9 : 10.0.1.12" in text
    assert "10.0.1.11 : 198.18.0.7, 10.0.1.12 : 198.18.0.9" in text


def test_without_snat_only_floating_ips_are_translated(spec: RouterSpec) -> None:
    without = router_rules(msgspec.structs.replace(spec, snat=False)).text
    assert "snat to ip saddr map @fixed_to_floating" in without
    leaving = without.partition("chain leaving")[2].partition("}")[0]
    assert 'oifname "leg00000080000" snat to 198' not in leaving


def test_without_a_gateway_nothing_is_translated(spec: RouterSpec) -> None:
    text = router_rules(msgspec.structs.replace(spec, gateway=None)).text
    assert "nat" not in text.replace("translations", "")
    assert "maxseg" in text


def test_the_same_wish_has_the_same_digest_and_another_has_another(spec: RouterSpec) -> None:
    fewer = msgspec.structs.replace(spec, floating_ips=spec.floating_ips[:1])
    assert router_rules(spec).digest == router_rules(spec).digest != router_rules(fewer).digest
    assert router_rules(spec).digest in router_rules(spec).text


@pytest.mark.parametrize("address", ["10.0.0.1; flush ruleset", "fd00::1", ""])
def test_an_address_that_is_none_is_refused(spec: RouterSpec, address: str) -> None:
    bad = [FloatingIp(floating_address=address, fixed_address="10.0.1.11")]
    with pytest.raises(InvalidRequest):
        router_rules(msgspec.structs.replace(spec, floating_ips=bad))


@pytest.mark.parametrize("helper", ['ftp"; } flush ruleset', "h323", ""])
def test_a_helper_that_is_none_never_reaches_nft(spec: RouterSpec, helper: str) -> None:
    bad = [HelperSpec(helper=helper, protocol="tcp", port=21)]
    with pytest.raises(InvalidRequest):
        router_rules(msgspec.structs.replace(spec, helpers=bad))


def test_only_what_is_proxied_is_let_in_and_only_where_proxies_are_on(spec: RouterSpec) -> None:
    proxied = msgspec.structs.replace(spec, enable_ndp_proxy=True, ndp_proxies=["fd00:1::7"])
    assert "ct state new ip6 daddr != { fd00:1::7 } drop" in router_rules(proxied).text
    off = msgspec.structs.replace(proxied, enable_ndp_proxy=False)
    assert "ip6 daddr" not in router_rules(off).text
    for address in ("10.0.0.1", "fe80::1%x", "fd00::1 } accept"):
        bad = msgspec.structs.replace(proxied, ndp_proxies=[address])
        with pytest.raises(InvalidRequest):
            router_rules(bad)


@pytest.mark.root
def test_nft_takes_every_kind_of_router(spec: RouterSpec) -> None:
    kinds: list[dict[str, object]] = [{}, {"snat": False}, {"gateway": None}, {"floating_ips": []}]
    kinds += [
        {"helpers": [HelperSpec(helper="ftp", protocol="tcp", port=21)]},
        {"enable_ndp_proxy": True, "ndp_proxies": ["fd00:1::7", "fd00:1::8"]},
        {"enable_ndp_proxy": True},
    ]
    texts = [router_rules(msgspec.structs.replace(spec, **change)).text for change in kinds]
    done = subprocess.run(
        ["unshare", "--net", "nft", "-f", "-"],
        input="".join(texts),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
