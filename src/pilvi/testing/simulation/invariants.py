"""What must hold at every moment, whatever fails. Pure: values of hosts in, sentences out."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from pilvi.agent.vms.local_vm import Process as VmProcess
from pilvi.agent.volumes.driver import fingerprint
from pilvi.host_api.vms import VolumeConnection
from pilvi.host_api.volumes import Export
from pilvi.testing.simulation.hardware import Hardware

_EXECUTING = (VmProcess.RUNNING, VmProcess.PAUSED, VmProcess.SAVED)
"""Processes whose guest has begun and not ended."""


def find_doubled_guests(
    hosts: Iterable[Hardware], evacuated: Collection[str] = ()
) -> Iterator[str]:
    """Servers of which more than one guest runs.

    One more guest may run of a server that was evacuated: on a host that came back and could not
    ask anybody whether the guest was still its own.
    """
    places: dict[str, list[Hardware]] = defaultdict(list)
    for host in hosts:
        for server_id, vm in host.drivers.vms.vms.items():
            if vm.process is VmProcess.RUNNING:
                places[server_id].append(host)
    for server_id, found in places.items():
        asked = [one for one in found if server_id not in one.begun_alone]
        if len(found if server_id not in evacuated else asked) > 1:
            names = " and ".join(sorted(one.name for one in found))
            yield f"two guests of server {server_id} run: on {names}"


def find_doubled_writers(hosts: Sequence[Hardware]) -> Iterator[str]:
    """Volumes that more than one guest could write to: whose targets let them in."""
    writers: dict[str, dict[str, VolumeConnection]] = defaultdict(dict)
    for host in hosts:
        for server_id, vm in host.drivers.vms.vms.items():
            if vm.process not in _EXECUTING:
                continue
            for attachment_id in vm.volumes:
                connection = host.connections[attachment_id]
                writers[connection.volume_id][f"{server_id} on {host.name}"] = connection
    for volume_id, guests in writers.items():
        if len(guests) < 2:
            continue
        let_in = [name for name, connection in guests.items() if is_let_in(hosts, connection)]
        if len(let_in) > 1:
            yield f"two guests have volume {volume_id}: {' and '.join(sorted(let_in))}"


def is_let_in(hosts: Iterable[Hardware], connection: VolumeConnection) -> bool:
    """Whether a target of some host answers to the account of a connection."""
    account = fingerprint(
        Export(
            attachment_id=connection.attachment_id,
            iqn=connection.iqn,
            lun=connection.lun,
            username=connection.username,
            password=connection.password,
            read_only=connection.read_only,
        )
    )
    return any(host.drivers.volumes.answers_to(account) for host in hosts)
