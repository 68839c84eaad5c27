"""What `pilvi doctor` looks at in the running cloud, as an admin's client, and around its API."""

import datetime
import email.utils
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509

from pilvi.commands.client import CloudClient
from pilvi.commands.finding import Finding
from pilvi.commands.host_checks import read_default_mtu
from pilvi.errors import PilviError
from pilvi.migrations import newest_revision, read_revision
from pilvi.settings import Settings

# Seconds that two clocks may differ. Lower: the second that HTTP's dates are rounded to is told;
# higher: leases end early, tokens are from the future.
CLOCK_S_MAX = 5.0
# Days before a certificate's end. Lower: clients are cut off unwarned.
CERTIFICATE_DAYS_MIN = 14
_NAMES_MAX = 3
"""Things of one kind that are named; the rest is counted."""


def examine_cloud(settings: Settings) -> Iterator[Finding]:
    """Look at the cloud; one that does not answer is one finding."""
    yield from examine_certificates(settings, datetime.datetime.now(datetime.UTC))
    yield from _examine_database(settings)
    try:
        client = CloudClient(settings)
        client.login()
    except (PilviError, OSError) as error:
        words = error.message if isinstance(error, PilviError) else str(error)
        yield Finding(f"the API at {settings.base_url} answers", False, f"pilvi up ({words})")
        return
    yield Finding(f"the API at {settings.base_url} answers", True)
    yield compare_clocks(client.http.get("/identity/v3"), datetime.datetime.now(datetime.UTC))
    yield from list_hosts(client.call("GET", "compute", "/os-services")["services"])
    networks = client.call("GET", "network", "/networks?router:external=true")["networks"]
    if not settings.fake:
        yield from compare_mtu(settings, read_default_mtu(), networks)
    path = "/servers/detail?all_tenants=1&status=ERROR"
    servers = client.call("GET", "compute", path)["servers"]
    yield count_failed("server", servers)
    path = "/volumes/detail?all_tenants=1&status=error"
    yield count_failed("volume", client.call("GET", "volume", path)["volumes"])


def examine_certificates(settings: Settings, now: datetime.datetime) -> Iterator[Finding]:
    """When the cloud's certificates end, where its API speaks TLS."""
    if not settings.tls:
        return
    folder = settings.api_dir / "tls"
    for name, path in (("authority's", folder / "ca.pem"), ("API's", folder / "server.pem")):
        yield examine_certificate(name, path, now)


def examine_certificate(name: str, path: Path, now: datetime.datetime) -> Finding:
    """Whether one certificate is there and lasts for a while."""
    renew = "pilvi down && pilvi up: it is made anew at a start in its last month"
    try:
        end = x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
    except (OSError, ValueError) as error:
        return Finding(f"the {name} certificate can be read ({error})", False, renew)
    days = (end - now).total_seconds() / 86400
    words = f"the {name} certificate lasts until {end:%Y-%m-%d}"
    return Finding(words, days >= CERTIFICATE_DAYS_MIN, renew)


def _examine_database(settings: Settings) -> Iterator[Finding]:
    newest = newest_revision()
    if not settings.database_url and not (settings.api_dir / "pilvi.db").exists():
        return
    try:
        found = read_revision(settings.database)
    except Exception as error:
        mend = "see that the database runs and that its address is right (database_url)"
        yield Finding(f"the database answers ({type(error).__name__})", False, mend)
        return
    if found is not None:
        words = f"the database has revision {found}, this release knows {newest}"
        yield Finding(words, found == newest, "pilvi db upgrade")


def compare_clocks(reply: httpx.Response, now: datetime.datetime) -> Finding:
    """Whether this machine and the API have the same time."""
    told = reply.headers.get("date", "")
    theirs = email.utils.parsedate_to_datetime(told) if told else now
    differs_s = abs((now - theirs).total_seconds())
    return Finding(
        f"this clock and the API's agree (they differ by {differs_s:.0f} s)",
        differs_s <= CLOCK_S_MAX,
        "let both machines' clocks be kept by the same servers: apt-get install chrony",
    )


def list_hosts(services: list[dict[str, Any]]) -> Iterator[Finding]:
    """Whether every host is alive and open."""
    hosts = [one for one in services if one["binary"] == "nova-compute"]
    yield Finding("the cloud has a host", bool(hosts), "pilvi up, on a machine that runs guests")
    for one in hosts:
        words = f"host {one['host']} is alive (last heard of {one['updated_at'] or 'never'})"
        mend = "start the machine and its agent: pilvi up, on it"
        yield Finding(words, one["state"] == "up", mend)
        if one["status"] != "enabled":
            mend = f"openstack compute service set --enable {one['host']} nova-compute"
            yield Finding(f"host {one['host']} takes new servers", False, mend, is_need=False)


def compare_mtu(
    settings: Settings, default: tuple[str, int] | None, networks: list[dict[str, Any]]
) -> Iterator[Finding]:
    """Whether what leaves external networks fits through this machine's way out."""
    if default is None or not settings.external_nat:
        return
    interface, mtu = default
    for network in networks:
        words = f"MTU of {network['name']} ({network['mtu']}) fits {interface}'s ({mtu})"
        mend = f"openstack network set --mtu {mtu} {network['id']}"
        # Larger packets are cut or refused on the way, which most connections survive.
        yield Finding(words, network["mtu"] <= mtu, mend, is_need=False)


def count_failed(kind: str, things: list[dict[str, Any]]) -> Finding:
    """Whether anything of a kind is in ERROR, and how to learn why."""
    if not things:
        return Finding(f"no {kind} is in ERROR", True)
    ids = ", ".join(str(one["id"]) for one in things[:_NAMES_MAX])
    more = f" and {len(things) - _NAMES_MAX} more" if len(things) > _NAMES_MAX else ""
    words = f"{len(things)} in ERROR: {kind} {ids}{more}"
    return Finding(words, False, f"pilvi explain {kind} {things[0]['id']}", is_need=False)
