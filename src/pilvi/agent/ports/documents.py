"""Which guest is to read what under 169.254.169.254: ports joined with the vms they belong to."""

from collections.abc import Iterator

import msgspec

from pilvi.agent.desired import DesiredState
from pilvi.agent.ports.metadata_tree import encode_document
from pilvi.agent.ports.port_rules import parse_address
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import PortSpec
from pilvi.host_api.vms import GuestDocuments


class _VmDocuments(msgspec.Struct, frozen=True):
    """The part of a `VmSpec` that is needed here."""

    documents: GuestDocuments


def list_ports_of_server(desired: DesiredState, server_id: str) -> list[str]:
    """Ids of the ports of one server on this host; wake them when its vm's wish changes."""
    return [spec.port_id for spec in _ports(desired) if spec.server_id == server_id]


def list_ports_of_network(desired: DesiredState, network_id: str) -> list[str]:
    """Ids of the ports of one network on this host."""
    return [spec.port_id for spec in _ports(desired) if spec.network_id == network_id]


def addresses_in_use(desired: DesiredState, network_id: str, besides: str) -> set[str]:
    """Fixed addresses of the ports of one network on this host, besides one port."""
    return {
        address
        for spec in _ports(desired)
        if spec.network_id == network_id and spec.port_id != besides
        for address in _reachable(spec)
    }


def documents_of_port(desired: DesiredState, spec: PortSpec) -> dict[str, bytes]:
    """The document for each address of a port; none when its vm is not on this host."""
    vm = desired.find(Kind.VM, spec.server_id)
    if vm is None or not vm.present:
        return {}
    documents = msgspec.json.decode(vm.spec, type=_VmDocuments).documents
    public = next(iter(spec.public_addresses.values()), "")
    encoded = encode_document(
        documents.meta_data,
        documents.network_data,
        {**documents.ec2, "public-ipv4": public},
        documents.user_data,
    )
    return dict.fromkeys(_reachable(spec), encoded)


def documents_of_network(desired: DesiredState, network_id: str) -> dict[str, bytes]:
    """The document for each address of a network."""
    documents: dict[str, bytes] = {}
    for spec in _ports(desired):
        if spec.network_id == network_id:
            documents |= documents_of_port(desired, spec)
    return documents


def _reachable(spec: PortSpec) -> list[str]:
    """The addresses that a guest can ask from: the metadata server has an IPv4 address."""
    addresses = [parse_address(address) for address in spec.addresses]
    return [address for address in addresses if ":" not in address]


def _ports(desired: DesiredState) -> Iterator[PortSpec]:
    for assignment in desired.list(Kind.PORT):
        if assignment.present:
            yield msgspec.json.decode(assignment.spec, type=PortSpec)
