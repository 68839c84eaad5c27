"""Which addresses of the web may be asked."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilvi.errors import InvalidRequest
from pilvi.image.model.web_source import DownloadRules, follow, is_public, parse_source

RULES = DownloadRules.of((80, 443), (), 60.0)

REFUSED = [
    "http://127.0.0.1/x",
    "http://127.1/x",
    "http://2130706433/",
    "http://0x7f.0.0.1/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://127.0.0.1./",
    "http://0/",
    "http://0.0.0.0/",
    "http://10.1.2.3/",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://169.254.169.254/openstack/",
    "http://100.64.0.1/",
    "http://192.0.0.192/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25eth0]/",
    "http://[fd00::1]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://[2001:db8::1]/",
    "http://example.org:22/",
    "http://example.org:0/",
    "http://example.org:99999/",
    "http://example.org:8774/identity",
    "file:///etc/passwd",
    "filesystem:///etc/passwd",
    "ftp://example.org/x",
    "gopher://example.org/x",
    "http:///x",
    "http://user:secret@example.org/x",
    "http://example.org\\@127.0.0.1/",
    "http://exa mple.org/",
    "http://example.org/\r\nhost: other",
    "http://ex\u00e4mple.org/",
    "http://a..b/",
    "http://-a.org/",
    "http://example.org/" + "x" * 2048,
    "//example.org/x",
    "example.org/x",
    "",
]
ALLOWED = [
    "http://example.org/x.qcow2",
    "HTTPS://example.org:443/x?token=1",
    "http://example.org./x",
    "http://93.184.216.34/x",
    "http://[2606:2800:220:1::1]/x",
    "http://xn--exmple-cua.org/x",
]


@pytest.mark.parametrize("url", REFUSED)
def test_what_may_not_be_asked(url: str) -> None:
    with pytest.raises(InvalidRequest, match="^cannot "):
        parse_source(url, RULES)


@pytest.mark.parametrize("url", ALLOWED)
def test_what_may_be_asked(url: str) -> None:
    assert parse_source(url, RULES).port in (80, 443)


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_no_address_of_ones_own_is_public(address: ipaddress.IPv4Address) -> None:
    own = address.is_private or address.is_loopback or address.is_link_local
    own = own or address.is_multicast or address.is_unspecified
    assert not (own and is_public(address))


@given(st.ip_addresses(v=4))
def test_an_address_in_another_dress_is_as_public_as_it_is(address: ipaddress.IPv4Address) -> None:
    dressed = ipaddress.IPv6Address(f"::ffff:{address}")
    assert is_public(dressed) == is_public(address)


def test_an_operator_may_allow_a_range() -> None:
    rules = DownloadRules.of((80,), ("10.1.0.0/16",), 60.0)
    assert parse_source("http://10.1.2.3/x", rules).host == "10.1.2.3"
    for url in ("http://10.2.0.1/x", "http://127.0.0.1/", "https://10.1.2.3/"):
        with pytest.raises(InvalidRequest):
            parse_source(url, rules)
    with pytest.raises(InvalidRequest, match="image_download_networks"):
        DownloadRules.of((80,), ("10.1.0.0/99",), 60.0)


def test_a_redirect_is_a_new_request() -> None:
    source = parse_source("https://example.org/a/b", RULES)
    assert follow(source, "../c", RULES).url == "https://example.org/c"
    for target in (
        "http://example.org/",
        "https://169.254.169.254/",
        "//127.0.0.1/",
        "file:///x",
        "https://example.org:22/",
    ):
        with pytest.raises(InvalidRequest, match="^cannot "):
            follow(source, target, RULES)
