"""The openstack client is the judge: same names, same values, same tables."""

import json
from collections.abc import Iterator

import pytest

from client_world import fill, openstack, pilvi, say, small_cloud
from pilvi.testing.server import CloudServer

LINES = (
    "server list",
    "server list --long",
    "server list --all-projects",
    "server list --name ^one$",
    "server list -n",
    "server list -c Name -c project_id",
    "server show one",
    "server show two",
    "server event list one",
    "server event list --long one",
    "server volume list one",
    "image list",
    "image list --long",
    "image list --public",
    "image list --property os_distro=none",
    "image show disk",
    "flavor list",
    "flavor list --long",
    "flavor list --all",
    "flavor show tiny",
    "flavor show 1",
    "keypair list",
    "keypair show key",
    "volume list",
    "volume list --long",
    "volume show data",
    "volume snapshot list",
    "volume snapshot list --long",
    "volume snapshot show then",
    "volume type list",
    "network list",
    "network list --long",
    "network list --external",
    "network show net",
    "network show public",
    "subnet list",
    "subnet list --long",
    "subnet list --network net",
    "subnet show sub",
    "router list",
    "router list --long",
    "router show way",
    "port list",
    "port list --long",
    "port list --server one",
    "port list --router way",
    "port list --fixed-ip ip-address=172.24.4.77",
    "port show plug",
    "floating ip list",
    "floating ip list --long",
    "floating ip show 172.24.4.77",
    "security group list",
    "security group show door",
    "security group rule list",
    "security group rule list door",
    "security group rule list --ingress --protocol tcp door",
    "project list",
    "project list --long",
    "project show demo",
    "user list",
    "user list --long",
    "user show admin",
    "hypervisor list",
    "hypervisor list --long",
    "compute service list",
    "availability zone list",
    "availability zone list --compute",
    "catalog list",
)
# Columns that move by themselves between two looks.
MOVING = ("Updated At",)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudServer]:
    """A fake cloud with one of everything."""
    folder = tmp_path_factory.mktemp("world")
    with small_cloud(folder) as server:
        fill(folder)
        server.settle()
        yield server


@pytest.mark.parametrize("line", LINES)
def test_json_has_the_same_columns_and_values(world: CloudServer, line: str) -> None:
    theirs = json.loads(openstack(f"{line} -f json"))
    ours = json.loads(say(f"{line} -f json"))
    assert theirs, "an empty list proves nothing"
    for one in (theirs, ours):
        for row in one if isinstance(one, list) else [one]:
            for name in MOVING:
                row.pop(name, None)
    assert ours == theirs


@pytest.mark.parametrize("form", ["table", "value", "yaml", "csv"])
@pytest.mark.parametrize(
    "line",
    [
        "server list",
        "server list --long",
        "volume list",
        "port list --long",
        "subnet list --long",
        "router list --long",
        "network list --long",
        "security group rule list door",
        "flavor list --long",
        "volume snapshot list --long",
        "server list --name ^nothing$",
        "server list --sort-column Name --sort-descending -c Name -c Status",
        "catalog list",
    ],
)
def test_every_format_of_a_list_is_the_same(world: CloudServer, line: str, form: str) -> None:
    assert say(f"{line} -f {form}") == openstack(f"{line} -f {form}")


@pytest.mark.parametrize("form", ["table", "value", "yaml", "shell"])
@pytest.mark.parametrize(
    "line",
    [
        "server show one",
        "image show disk -c name -c size -c tags -c visibility",
        "volume show data",
        "router show way",
        "port show plug",
        "security group show door",
        "subnet show sub",
        "flavor show tiny",
        "network show net -c name -c admin_state_up",
    ],
)
def test_every_format_of_one_thing_is_the_same(world: CloudServer, line: str, form: str) -> None:
    assert say(f"{line} -f {form}") == openstack(f"{line} -f {form}")


def test_what_is_made_is_shown_with_the_same_columns(world: CloudServer) -> None:
    for make, take in (
        ("network create {0}", "network delete {0}"),
        ("security group create {0}", "security group delete {0}"),
        ("router create {0}", "router delete {0}"),
        ("volume create --size 1 {0}", "volume delete --force {0}"),
        ("flavor create --id {0} {0}", "flavor delete {0}"),
        ("port create --network net {0}", "port delete {0}"),
        ("server image create --name {0} --wait one", "image delete {0}"),
    ):
        theirs = json.loads(openstack(make.format("theirs") + " -f json"))
        ours = json.loads(say(make.format("ours") + " -f json"))
        assert set(ours) - {"properties"} == set(theirs) - {"properties"}, make
        world.settle()
        say(take.format("theirs"))
        say(take.format("ours"))


def test_an_unknown_name_is_an_error_for_both(world: CloudServer) -> None:
    said = pilvi("server show nobody")
    assert (said.status, said.out) == (1, "")
    assert "cannot find the server 'nobody'" in said.err
