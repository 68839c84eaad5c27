"""The words and numbers of the page, made of a picture. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from pilvi import __version__
from pilvi.host_api.contract import GuestCounts
from pilvi.metrics.picture import Picture

# Resource class of placement: name in a label, and how many of the label's unit one of it is.
RESOURCES = {
    "VCPU": ("vcpus", 1),
    "MEMORY_MB": ("memory_bytes", 1 << 20),
    "DISK_GB": ("disk_bytes", 1 << 30),
}


# What a guest has used: name, words, field of `GuestCounts`.
COUNTS = (
    ("cpu_seconds", "Processor time of a guest since its process began.", "cpu_s"),
    ("disk_read_bytes", "Read by a guest from its disks and volumes.", "read_bytes"),
    ("disk_written_bytes", "Written by a guest to its disks and volumes.", "written_bytes"),
    ("network_received_bytes", "Received by a guest through its ports.", "received_bytes"),
    ("network_sent_bytes", "Sent by a guest through its ports.", "sent_bytes"),
)


@dataclass(frozen=True, slots=True)
class CloudFamilies:
    """A picture as prometheus_client collects it."""

    picture: Picture

    def collect(self) -> Iterator[Metric]:
        """Every family with its samples."""
        build = GaugeMetricFamily("pilvi_build_info", "Always 1.", labels=["version"])
        build.add_metric([__version__], 1)
        yield build
        yield from _hosts(self.picture)
        yield from _room(self.picture)
        yield from _guests(self.picture)
        yield from _counts(self.picture)
        yield from _failed(self.picture)
        yield from _unsettled(self.picture)
        yield from _reconciles(self.picture)


def _hosts(picture: Picture) -> Iterator[Metric]:
    up = GaugeMetricFamily("pilvi_host_up", "Whether it reports within its lease.", labels=["host"])
    age = GaugeMetricFamily(
        "pilvi_host_report_age_seconds", "Since its newest report.", labels=["host"]
    )
    enabled = GaugeMetricFamily(
        "pilvi_host_enabled", "Whether new things may be placed on it.", labels=["host"]
    )
    free = GaugeMetricFamily(
        "pilvi_host_disk_free_bytes", "Of the filesystem that holds guests.", labels=["host"]
    )
    for host in picture.hosts:
        up.add_metric([host.name], host.is_alive(picture.at, picture.lease_s))
        enabled.add_metric([host.name], host.enabled)
        if host.seen_at is not None:
            age.add_metric([host.name], (picture.at - host.seen_at).total_seconds())
        if host.facts is not None:
            free.add_metric([host.name], host.facts.disk_free_gib << 30)
    yield from (up, age, enabled, free)


def _room(picture: Picture) -> Iterator[Metric]:
    labels = ["host", "resource"]
    there = GaugeMetricFamily(
        "pilvi_host_capacity", "What servers may claim, sold over as settings say.", labels=labels
    )
    claimed = GaugeMetricFamily("pilvi_host_claimed", "What servers claim.", labels=labels)
    for host in picture.hosts:
        usage = picture.usages.get(host.id)
        for resource, (name, unit) in RESOURCES.items():
            inventory = usage.inventories.get(resource) if usage else None
            if usage is not None and inventory is not None:
                there.add_metric([host.name, name], inventory.capacity * unit)
                claimed.add_metric([host.name, name], usage.used.get(resource, 0) * unit)
    yield from (there, claimed)


def _guests(picture: Picture) -> Iterator[Metric]:
    names = {str(host.id): host.name for host in picture.hosts}
    counts: dict[tuple[str, str], int] = {}
    disks = GaugeMetricFamily(
        "pilvi_guest_disk_bytes",
        "What a guest's local disk takes of its host's: what changed since launch.",
        labels=["host", "server_id", "device"],
    )
    for guest in picture.guests:
        host = names.get(guest.host_id, guest.host_id)
        key = host, "running" if guest.is_running else "other"
        counts[key] = counts.get(key, 0) + 1
        for device, size in guest.disk_bytes.items():
            disks.add_metric([host, guest.server_id, device], size)
    guests = GaugeMetricFamily("pilvi_guests", "Guests on a host.", labels=["host", "power"])
    for labels, count in sorted(counts.items()):
        guests.add_metric(labels, count)
    yield from (guests, disks)


def _counts(picture: Picture) -> Iterator[Metric]:
    """What guests use; of one that two hosts have, while it moves, what it used most."""
    labels = ["server_id", "project_id"]
    chosen: dict[str, tuple[dict[str, str], GuestCounts]] = {}
    for guest in picture.guests:
        counts = guest.counts
        before = chosen.get(guest.server_id)
        if counts is not None and (before is None or before[1].cpu_s < counts.cpu_s):
            values = (guest.server_id, guest.project_id)
            chosen[guest.server_id] = dict(zip(labels, values, strict=True)), counts
    for name, words, field in COUNTS:
        family = CounterMetricFamily(f"pilvi_guest_{name}", words, labels=labels)
        for mine, counts in chosen.values():
            if (value := getattr(counts, field)) is not None:
                family.add_sample(f"pilvi_guest_{name}_total", mine, value)
        yield family


def _failed(picture: Picture) -> Iterator[Metric]:
    failed = GaugeMetricFamily(
        "pilvi_failed_objects", "Servers and volumes in ERROR.", labels=["kind"]
    )
    for kind, count in picture.failed.items():
        failed.add_metric([kind], count)
    yield failed


def _unsettled(picture: Picture) -> Iterator[Metric]:
    """How far what is seen is behind what is wished."""
    count = GaugeMetricFamily(
        "pilvi_unsettled_objects", "Objects that are not as wished.", labels=["kind"]
    )
    oldest = GaugeMetricFamily(
        "pilvi_unsettled_oldest_seconds", "How long the oldest of them waits.", labels=["kind"]
    )
    retrying = GaugeMetricFamily(
        "pilvi_retrying_objects", "Those whose last attempt failed.", labels=["kind"]
    )
    for kind in picture.tallies:
        mine = [one for one in picture.unsettled if one.kind == kind]
        ages = [(picture.at - one.since).total_seconds() for one in mine]
        count.add_metric([kind], len(mine))
        oldest.add_metric([kind], max(ages, default=0.0))
        retrying.add_metric([kind], sum(1 for one in mine if one.tries))
    yield from (count, oldest, retrying)


def _reconciles(picture: Picture) -> Iterator[Metric]:
    rows = (
        ("pilvi_reconcile_attempts", "Attempts of reconcilers.", "attempts"),
        ("pilvi_reconcile_failures", "Attempts that failed and are tried again.", "failures"),
        ("pilvi_reconcile_wait_seconds", "From wake-ups to their attempts, in all.", "waited_s"),
        ("pilvi_reconcile_busy_seconds", "In attempts, in all.", "busy_s"),
    )
    for name, words, field in rows:
        family = CounterMetricFamily(name, words, labels=["kind"])
        for kind, tally in picture.tallies.items():
            family.add_metric([kind], getattr(tally, field))
        yield family
