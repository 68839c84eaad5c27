"""Which addresses of the web images may be fetched from.

A download is asked for by a tenant and made by the cloud, from where much more can be reached:
the cloud's own ports, the metadata of the machine it runs on, its operator's network. So a URL
must be plain, its port one of a few, and every address that is connected to a public one, at
each hop.
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from pilvi.errors import InvalidRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

URL_LENGTH_MAX = 2048
_DEFAULT_PORTS = {"http": 80, "https": 443}
_PLAIN = re.compile(r"^[!-\[\]-~]+$")  # printable ASCII without space and backslash
_LABEL = re.compile(r"^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$")
# How resolvers read numbers as IPv4 addresses: 2130706433, 0x7f.1, 0177.0.0.1.
_NUMBER = re.compile(r"^(0x[0-9a-f]*|[0-9]+)$")
# Public by their place, but services of the network itself; the last is one cloud's metadata.
_REFUSED_V4 = tuple(
    ipaddress.ip_network(text) for text in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")
)
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
# Global unicast by its prefix, but an IPv4 address or a router's own business by its inside.
_REFUSED_V6 = tuple(
    ipaddress.ip_network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)


@dataclass(frozen=True, slots=True)
class DownloadRules:
    """What a download may reach and how large and slow it may be."""

    ports: Sequence[int]
    networks: Sequence[Network]
    """Ranges that are not public and allowed all the same."""
    duration_s_max: float

    @classmethod
    def of(
        cls, ports: Sequence[int], networks: Sequence[str], duration_s_max: float
    ) -> "DownloadRules":
        """The rules that an operator wrote down. Raises `InvalidRequest` for what is no range."""
        try:
            ranges = tuple(ipaddress.ip_network(text) for text in networks)
        except ValueError as error:
            raise InvalidRequest(f"cannot read image_download_networks: {error}") from None
        return cls(ports, ranges, duration_s_max)

    def allow(self, address: Address) -> bool:
        """Whether this address may be connected to. Pure."""
        return is_public(address) or any(
            address.version == network.version and address in network for network in self.networks
        )


@dataclass(frozen=True, slots=True)
class WebSource:
    """Where a URL leads, taken apart once."""

    url: str
    scheme: str
    host: str
    port: int


def parse_source(url: str, rules: DownloadRules) -> WebSource:
    """A URL that may be asked, as far as that is known without looking up its name. Pure.

    Raises `InvalidRequest` that says what is wrong with it.
    """
    if len(url) > URL_LENGTH_MAX or not _PLAIN.match(url):
        raise InvalidRequest(
            f"cannot import from this address: a URL is at most {URL_LENGTH_MAX} characters of "
            "ASCII without spaces; percent-encode all others"
        )
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise InvalidRequest("cannot import from this address: it is no URL") from None
    if parts.scheme not in _DEFAULT_PORTS:
        raise InvalidRequest(
            f"cannot import from a URL of the scheme '{parts.scheme}'; use http or https"
        )
    if "@" in parts.netloc:
        raise InvalidRequest("cannot import from a URL with a user name or password in it")
    if port is None:
        port = _DEFAULT_PORTS[parts.scheme]
    if port not in rules.ports:
        known = ", ".join(str(one) for one in rules.ports)
        raise InvalidRequest(f"cannot import from port {port}: this cloud allows {known}")
    return WebSource(url, parts.scheme, _check_host(host or "", rules), port)


def follow(source: WebSource, location: str, rules: DownloadRules) -> WebSource:
    """Where a redirect leads. Pure. Raises `InvalidRequest` for what may not be followed."""
    target = parse_source(urljoin(source.url, location), rules)
    if source.scheme == "https" and target.scheme == "http":
        raise InvalidRequest("cannot import from this address: it leads from https to http")
    return target


def is_public(address: Address) -> bool:
    """Whether an address is one machine on the public internet and nothing else. Pure."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address not in _GLOBAL_UNICAST or any(address in one for one in _REFUSED_V6):
            return False
    elif any(address in one for one in _REFUSED_V4):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _check_host(host: str, rules: DownloadRules) -> str:
    literal = parse_address(host)
    if literal is not None:
        if not rules.allow(literal):
            raise refuse_host(host)
        return host
    name = host.removesuffix(".").lower()
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.match(label) for label in labels):
        raise InvalidRequest("cannot import from this address: its host is no name and no address")
    if _NUMBER.match(labels[-1]):
        raise InvalidRequest(
            "cannot import from this address: write an IPv4 address as four decimal numbers"
        )
    return host


def parse_address(text: str) -> Address | None:
    """An address written in full, without a zone, or None. Pure."""
    try:
        return None if "%" in text else ipaddress.ip_address(text)
    except ValueError:
        return None


def refuse_host(host: str) -> InvalidRequest:
    """One answer for a name without an address and for one that may not be reached.

    Two would tell a tenant which names the operator's own network knows.
    """
    return InvalidRequest(
        f"cannot import from the host '{host}': it does not pass filtering, because it has no "
        "public address that this cloud could find"
    )
