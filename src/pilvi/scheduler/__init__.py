"""The pure choice of a host: filters, weighers, reasons for refusal.

`hosts.choose_host` places servers, `volumes.choose_volume_host` places volumes. Both take values
and return a `Choice` or a `Refusal`; whoever asks writes the choice down in its own transaction.

Invariants: the same request and candidates, in any order, give the same choice; a refusal says for
every host why it was not chosen.
"""

from pilvi.scheduler.candidates import (
    AVAILABILITY_ZONE,
    Candidate,
    Choice,
    Refusal,
    list_candidates,
)
from pilvi.scheduler.hosts import HostRequest, choose_host
from pilvi.scheduler.volumes import VolumeRequest, choose_volume_host

__all__ = [
    "AVAILABILITY_ZONE",
    "Candidate",
    "Choice",
    "HostRequest",
    "Refusal",
    "VolumeRequest",
    "choose_host",
    "choose_volume_host",
    "list_candidates",
]
