"""Ports joined with the vms they belong to."""

from pathlib import Path

import msgspec
import pytest

from agent.ports.small_host import port, uuid, vm
from pilvi.agent.desired import DesiredState
from pilvi.agent.ports.documents import (
    addresses_in_use,
    documents_of_network,
    documents_of_port,
    list_ports_of_network,
    list_ports_of_server,
)
from pilvi.agent.ports.metadata_tree import find_answer
from pilvi.host_api.contract import Assignment, Desired, Kind


def assignment(kind: Kind, spec: msgspec.Struct, id: str, *, present: bool = True) -> Assignment:
    raw = msgspec.Raw(msgspec.json.encode(spec if present else None))
    return Assignment(kind=kind, id=id, generation=1, revision=1, present=present, spec=raw)


@pytest.fixture
def desired(tmp_path: Path) -> DesiredState:
    state = DesiredState(tmp_path)
    ports = [port(11), port(12), port(21, of=2), port(13)]
    wishes = [assignment(Kind.PORT, spec, spec.port_id) for spec in ports[:3]]
    wishes.append(assignment(Kind.PORT, ports[3], ports[3].port_id, present=False))
    wishes.append(assignment(Kind.VM, vm(11), vm(11).server_id))
    wishes.append(assignment(Kind.VM, vm(21), vm(21).server_id))
    state.apply(Desired(host_id="host", revision=1, assignments=wishes))
    return state


def test_ports_are_found_by_network_and_by_server(desired: DesiredState) -> None:
    assert list_ports_of_network(desired, uuid(1)) == [uuid(11), uuid(12)]
    assert list_ports_of_server(desired, uuid(0x100B)) == [uuid(11)]
    assert list_ports_of_server(desired, uuid(0x9999)) == []


def test_a_network_has_the_documents_of_the_vms_that_are_here(desired: DesiredState) -> None:
    documents = documents_of_network(desired, uuid(1))
    assert list(documents) == ["10.0.1.11"]
    answer = find_answer("/latest/meta-data/instance-id", documents["10.0.1.11"])
    assert answer == ("text/plain", b"i-0000000b")


def test_every_address_of_a_port_has_the_same_document(desired: DesiredState) -> None:
    documents = documents_of_port(desired, port(11, addresses=["10.0.1.11", "10.0.1.99"]))
    assert len(documents) == 2
    assert len(set(documents.values())) == 1
    assert documents_of_port(desired, port(12)) == {}


def test_addresses_in_use_leave_one_port_out(desired: DesiredState) -> None:
    assert addresses_in_use(desired, uuid(1), besides=uuid(11)) == {"10.0.1.12"}
    assert addresses_in_use(desired, uuid(2), besides=uuid(11)) == {"10.0.2.21"}
