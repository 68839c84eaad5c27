"""What the verbs do to a cloud, seen in what the cloud then shows."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from client_world import fill, pilvi, say, small_cloud
from pilvi.testing.server import CloudServer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("world")


@pytest.fixture(scope="module")
def world(folder: Path) -> Iterator[CloudServer]:
    """A fake cloud with one of everything."""
    with small_cloud(folder) as server:
        fill(folder)
        server.settle()
        yield server


def show(line: str) -> Any:
    """What a command shows."""
    return json.loads(say(f"{line} -f json"))


def until(line: str, field: str, wanted: Any) -> Any:
    """What a command shows once a field is as wanted; the last look otherwise."""
    deadline = time.monotonic() + 15
    while (shown := show(line))[field] != wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    return shown


def test_a_servers_life(world: CloudServer) -> None:
    made = show("server create --image disk --flavor tiny --network net --wait life")
    assert made["status"] == "ACTIVE"
    assert "adminPass" not in made
    for verb, status in (
        ("stop", "SHUTOFF"),
        ("start", "ACTIVE"),
        ("pause", "PAUSED"),
        ("unpause", "ACTIVE"),
        ("suspend", "SUSPENDED"),
        ("resume", "ACTIVE"),
        ("rescue", "RESCUE"),
        ("unrescue", "ACTIVE"),
        ("shelve", "SHELVED_OFFLOADED"),
        ("unshelve", "ACTIVE"),
    ):
        say(f"server {verb} life")
        assert until("server show life", "status", status)["status"] == status, verb
    say("server reboot --hard --wait life")
    say("server lock --reason because life")
    assert show("server show life")["locked_reason"] == "because"
    say("server unlock life")
    say("server resize --flavor m1.tiny --wait life")
    say("server resize confirm life")
    until("server show life", "status", "ACTIVE")
    assert show("server show life")["flavor"]["name"] == "m1.tiny"
    say("server set --name living --property e=f --tag t --description words life")
    say("server rebuild --image disk --wait living")
    now = show("server show living")
    assert (now["properties"], now["tags"], now["description"]) == ({"e": "f"}, ["t"], "words")
    say("server unset --property e --tag t living")
    assert show("server show living")["properties"] == {}
    assert say("console log show living") is not None
    assert show("console url show living")["type"] == "novnc"
    assert show("console url show --serial living")["protocol"] == "serial"
    image = say("server image create --name copy --wait living -f value -c id").strip()
    assert show("image show copy")["id"] == image
    say("server delete --wait living")
    assert pilvi("server show living").status == 1
    say("image delete copy")


def test_parts_of_a_server(world: CloudServer) -> None:
    say("server remove floating ip one 172.24.4.77")
    assert show("floating ip show 172.24.4.77")["port_id"] is None
    port = show("port list --server one")[0]["ID"]
    say(f"floating ip set --port {port} 172.24.4.77")
    assert show("floating ip show 172.24.4.77")["port_id"] == port
    say("floating ip unset --port 172.24.4.77")
    say("server add floating ip one 172.24.4.77")
    assert "172.24.4.77" in say("server list")
    say("server remove security group one door")
    say("server add security group one default")
    world.settle()
    groups = {group["name"] for group in show("server show one")["security_groups"]}
    assert groups == {"default"}
    say("server remove volume one data")
    assert until("volume show data", "status", "available")["status"] == "available"
    say("server add network one net")
    world.settle()
    assert len(show("port list --server one")) == 2
    say("port create --network net loose")
    say("server add port one loose")
    world.settle()
    assert len(show("port list --server one")) == 3
    say("server remove port one loose")
    deadline = time.monotonic() + 15
    while len(show("port list --server one")) > 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(show("port list --server one")) == 2


def test_a_server_on_a_volume_without_a_network(world: CloudServer) -> None:
    line = "server create --image disk --flavor tiny --boot-from-volume 1 --no-network --wait vol"
    made = show(line)
    assert made["image"] == "N/A (booted from volume)"
    assert len(made["volumes_attached"]) == 1 and made["addresses"] == {}
    say("server delete --wait vol")
    refused = pilvi("server create --flavor tiny --image disk --volume data x")
    assert refused.status == 1 and "one of --image, --volume" in refused.err


def test_volumes(world: CloudServer) -> None:
    made = show("volume create --size 1 --description d --bootable --wait box")
    assert made["bootable"] is True
    say("volume set --size 2 --name chest --property g=h --non-bootable box")
    now = until("volume show chest", "size", 2)
    assert (now["size"], now["properties"], now["bootable"]) == (2, {"g": "h"}, False)
    copy = show("volume create --source chest --wait twin")
    assert copy["size"] == 2
    of_image = show("volume create --size 1 --image disk --wait filled")
    assert of_image["volume_image_metadata"]["image_name"] == "disk"
    say("volume delete chest twin filled")
    world.settle()
    left = {row["Name"] for row in show("volume list")}
    assert not left & {"chest", "twin", "filled"}


def test_networks(world: CloudServer) -> None:
    say("network create --mtu 1400 --description d side")
    say("network set --name edge --disable side")
    now = show("network show edge")
    assert (now["mtu"], now["admin_state_up"]) == (1400, False)
    say(
        "subnet create --network edge --subnet-range 10.8.0.0/24 --gateway none --no-dhcp "
        "--allocation-pool start=10.8.0.5,end=10.8.0.9 "
        "--host-route destination=10.7.0.0/24,gateway=10.8.0.1 low"
    )
    low = show("subnet show low")
    assert (low["gateway_ip"], low["enable_dhcp"]) == (None, False)
    assert low["allocation_pools"] == [{"start": "10.8.0.5", "end": "10.8.0.9"}]
    assert low["host_routes"] == [{"destination": "10.7.0.0/24", "nexthop": "10.8.0.1"}]
    say("subnet set --name lower --dhcp low")
    assert show("subnet show lower")["enable_dhcp"] is True
    say("router create --external-gateway public --disable-snat gate")
    assert show("router show gate")["external_gateway_info"]["enable_snat"] is False
    say("router unset --external-gateway gate")
    assert show("router show gate")["external_gateway_info"] is None
    say("port create --network edge --fixed-ip ip-address=10.8.0.6 joint")
    say("router add port gate joint")
    assert show("router show gate")["interfaces_info"][0]["ip_address"] == "10.8.0.6"
    say("router remove port gate joint")
    say("port create --network edge --no-security-group --disable-port-security --disable p")
    now = show("port show p")
    assert (now["security_group_ids"], now["port_security_enabled"]) == ([], False)
    say("port set --name q --enable p")
    say("port delete q")
    say("router delete gate")
    say("network delete edge")
    assert "edge" not in say("network list")


def test_security_groups(world: CloudServer) -> None:
    say("security group create --description d --stateless fence")
    say("security group set --name wall fence")
    one = show("security group rule create --egress --protocol udp --dst-port 53 wall")
    assert (one["direction"], one["port_range_min"], one["remote_ip_prefix"]) == (
        "egress",
        53,
        None,
    )
    six = show("security group rule create --remote-ip fd00::/8 wall")
    assert (six["ether_type"], six["remote_ip_prefix"]) == ("IPv6", "fd00::/8")
    own = show("security group rule create --remote-group wall wall")
    assert own["remote_group_id"] == own["security_group_id"]
    ping = show("security group rule create --proto icmp --icmp-type 8 wall")
    assert (ping["port_range_min"], ping["port_range_max"]) == (8, None)
    assert pilvi("security group rule create --dst-port ssh wall").status == 1
    say(f"security group rule delete {one['id']} {six['id']} {own['id']}")
    left = {row["ID"] for row in show("security group rule list --ingress wall")}
    assert left == {ping["id"]}
    say("security group delete wall")


def test_images_go_up_and_down(world: CloudServer, folder: Path) -> None:
    say(f"image save --file {folder}/back disk")
    assert (folder / "back").read_bytes() == (folder / "disk.raw").read_bytes()
    say("image set --name disc --min-ram 9 --property os_distro=some --tag red --protected disk")
    now = show("image show disc")
    assert (now["min_ram"], now["protected"], sorted(now["tags"])) == (9, True, ["blue", "red"])
    assert now["properties"]["os_distro"] == "some"
    assert pilvi("image delete disc").status == 1
    say("image unset --property os_distro --tag red disc")
    say("image set --name disk --unprotected disc")
    now = show("image show disk")
    assert "os_distro" not in now["properties"] and now["tags"] == ["blue"]
    assert show("image list --tag blue")[0]["Name"] == "disk"
    assert pilvi(f"image create --file {folder}/none missing").status == 1
    assert pilvi("image show missing").status == 1


def test_a_key_is_made_here_and_readable_for_its_owner_alone(
    world: CloudServer, folder: Path
) -> None:
    file = folder / "second"
    made = show(f"keypair create --private-key {file} second")
    assert "private_key" not in made
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text().startswith("-----BEGIN OPENSSH PRIVATE KEY-----")
    assert pilvi(f"keypair create --private-key {file} third").status == 1
    public = say("keypair show --public-key second")
    (folder / "second.pub").write_text(public)
    say(f"keypair create --public-key {folder}/second.pub fourth")
    assert say("keypair show --public-key fourth") == public
    assert say("keypair create printed").startswith("-----BEGIN")
    say("keypair delete second fourth printed")
    assert [row["Name"] for row in show("keypair list")] == ["key"]


def test_flavors(world: CloudServer) -> None:
    made = show("flavor create --id f9 --ram 128 --vcpus 2 --swap 64 --private secret")
    assert (made["swap"], made["os-flavor-access:is_public"]) == (64, False)
    say("flavor set --property x=y --description words --project demo secret")
    now = show("flavor show secret")
    assert now["properties"] == {"x": "y"} and len(now["access_project_ids"]) == 1
    assert "secret" not in say("flavor list") and "secret" in say("flavor list --all")
    say("flavor delete f9")


def test_two_of_one_name_are_an_error_that_names_both(world: CloudServer) -> None:
    ids = {show("network create same")["id"] for _ in range(2)}
    said = pilvi("network show same")
    assert said.status == 1 and all(id in said.err for id in ids)
    assert "2 have that name" in said.err
    say(f"network delete {' '.join(ids)}")


def test_an_id_goes_before_a_name(world: CloudServer) -> None:
    first = show("network create first")["id"]
    say(f"network create {first}")
    assert show(f"network show {first}")["name"] == "first"
    second = next(row["ID"] for row in show("network list") if row["Name"] == first)
    say(f"network delete {first} {second}")


def test_one_that_cannot_be_deleted_does_not_spare_the_others(world: CloudServer) -> None:
    say("network create gone")
    said = pilvi("network delete nobody gone")
    assert said.status == 1
    assert "cannot find the network 'nobody'" in said.err and "1 of 2 failed" in said.err
    assert "gone" not in say("network list")


def test_waiting_says_why_a_launch_failed(world: CloudServer) -> None:
    say("flavor create --ram 64 --disk 99999999 giant")
    said = pilvi("server create --flavor giant --image disk --network net --wait big")
    assert said.status == 1 and "is in error" in said.err
    say("server delete --wait big")
    say("flavor delete giant")


def test_a_tenant_sees_its_own_project(world: CloudServer) -> None:
    own = say("--os-cloud pilvi-demo project list --my-projects")
    assert "demo" in own and "service" not in own
    assert say("--os-cloud pilvi-demo project list") == own
    assert say("project list") != own
    said = pilvi("--os-cloud pilvi-demo project list --enabled")
    assert said.status == 1 and "the role 'reader' in the domain or the system" in said.err
    said = pilvi("--os-cloud pilvi-demo hypervisor list")
    assert said.status == 1 and "403" in said.err


@pytest.mark.parametrize("options", ["", "--container-format bare --id {id} "])
def test_a_refused_upload_leaves_no_image(world: CloudServer, folder: Path, options: str) -> None:
    (folder / "liar").write_bytes(b"no qcow2 at all" * 100)
    line = f"image create {options.format(id=uuid4())}--disk-format qcow2 --file {folder}/liar liar"
    said = pilvi(line)
    assert said.status == 1 and "qcow2" in said.err
    assert "liar" not in say("image list")


def test_at_least_is_at_most_at_most(world: CloudServer) -> None:
    line = "server create --image disk --flavor tiny --no-network"
    said = pilvi(f"{line} --min 2 --max 1 few")
    assert said.status == 1 and "at least 2 and at most 1" in said.err
    assert "few" not in say("server list")
    say(f"{line} --min 2 --wait few")
    names = {row["Name"] for row in show("server list --name few")}
    assert names == {"few-1", "few-2"}
    say("server delete --wait few-1 few-2")


def test_what_has_no_name_is_found_by_its_id(world: CloudServer) -> None:
    rule = show("security group rule list door")[0]["ID"]
    assert show(f"security group rule show {rule}")["id"] == rule
    for verb in ("show", "delete"):
        said = pilvi(f"security group rule {verb} nope")
        assert said.status == 1 and "cannot find the security group rule 'nope'" in said.err


def test_a_volume_without_a_size_is_told_which_option_says_it(world: CloudServer) -> None:
    for line in ("volume create d", "volume create --image disk d"):
        said = pilvi(line)
        assert said.status == 1 and "without --size GIB" in said.err
