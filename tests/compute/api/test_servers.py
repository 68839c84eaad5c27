"""Conversations about servers: creating, showing, listing, changing, deleting."""

import base64
from typing import Any

from cloud import Cloud
from compute.servers import ComputeCloud, until
from image_files import add_user, create, create_active, make_qcow2
from pilvi.host_api.contract import HostFault, Kind
from pilvi.placement.operations.allocations import find_claim


async def test_a_server_comes_up_and_goes_without_a_trace(compute: ComputeCloud) -> None:
    id = await compute.create(name="web", metadata={"a": "b"}, tags=["x"], description="first")
    server = await compute.wait(id, "ACTIVE")
    assert server["OS-EXT-STS:power_state"] == 1
    assert server["OS-SRV-USG:launched_at"] is not None
    assert server["flavor"]["original_name"] == "p1.nano"
    assert (server["metadata"], server["tags"]) == ({"a": "b"}, ["x"])
    assert server["addresses"]["private"][0]["OS-EXT-IPS:type"] == "fixed"
    vm = compute.agent.vm(id)
    assert [(disk.device, disk.size_bytes) for disk in vm.disks] == [("vda", 1 << 30)]
    await until(lambda: [nic.port_id for nic in vm.nics] == compute.agent.holds(Kind.PORT))
    await compute.delete(id)
    assert compute.agent.holds(Kind.VM) == []
    assert compute.agent.holds(Kind.PORT) == []
    async with compute.cloud.db.read() as tx:
        assert await find_claim(tx, id) is None


async def test_a_guest_gets_its_documents(compute: ComputeCloud) -> None:
    key = (
        await compute.call("POST", "/os-keypairs", {"keypair": {"name": "k"}}, version="2.1")
    ).json()
    user_data = base64.b64encode(b"#!/bin/sh\n").decode()
    id = await compute.active(
        name="My Web",
        key_name="k",
        user_data=user_data,
        metadata={"role": "web"},
        config_drive=True,
    )
    vm = compute.agent.vm(id)
    assert vm.config_drive
    documents = vm.documents
    assert documents.user_data == b"#!/bin/sh\n"
    assert documents.meta_data["uuid"] == id
    assert documents.meta_data["hostname"] == "my-web"
    assert documents.meta_data["meta"] == {"role": "web"}
    public = key["keypair"]["public_key"]
    assert documents.meta_data["public_keys"] == {"k": public}
    assert documents.ec2["public-keys"]["0"]["openssh-key"] == public
    shown = await compute.show(id)
    address = shown["addresses"]["private"][0]["addr"]
    assert documents.ec2["local-ipv4"] == address
    assert documents.network_data["links"][0]["ethernet_mac_address"] == vm.nics[0].mac


async def test_the_ephemeral_disk_of_the_flavor_is_there(compute: ComputeCloud) -> None:
    id = await compute.active(flavorRef="p1.nano.eph")
    disks = {disk.device: (disk.kind, disk.size_bytes) for disk in compute.agent.vm(id).disks}
    assert disks == {"vda": ("image", 1 << 30), "vdb": ("ephemeral", 1 << 30)}


async def test_several_at_once_have_names_of_their_own(compute: ComputeCloud) -> None:
    reply = await compute.post_server(
        name="many", min_count=2, max_count=3, return_reservation_id=True
    )
    assert reply.json()["reservation_id"].startswith("r-")
    listed = (await compute.call("GET", "/servers?sort_key=display_name&sort_dir=asc")).json()
    assert [one["name"] for one in listed["servers"]] == ["many-1", "many-2", "many-3"]
    for one in listed["servers"]:
        await compute.wait(one["id"], "ACTIVE")


BAD: list[tuple[dict[str, Any], int, str]] = [
    ({"flavorRef": "nothing"}, 400, "flavor"),
    ({"imageRef": "nothing"}, 400, "image"),
    ({"name": "x" * 300}, 400, "255"),
    ({"name": "  "}, 400, "name"),
    ({"color": "red"}, 400, "color"),
    ({"key_name": "nothing"}, 400, "key pair"),
    ({"user_data": "%%%"}, 400, "base64"),
    ({"user_data": "A" * 65536}, 400, "65535"),
    ({"availability_zone": "mars"}, 400, "zone"),
    ({"networks": "some"}, 400, "networks"),
    ({"networks": [{"uuid": "nothing"}]}, 400, "network"),
    ({"networks": [{}]}, 400, "uuid"),
    ({"security_groups": [{"name": "nothing"}]}, 400, "security group"),
    ({"min_count": 3, "max_count": 2}, 400, "min_count"),
    ({"metadata": {"k": "v" * 256}}, 400, "255"),
    ({"metadata": {str(n): "" for n in range(129)}}, 403, "metadata"),
    ({"host": "host1"}, 403, "admins"),
    ({"tags": ["a,b"]}, 400, "tags"),
    ({"hostname": "-bad-"}, 400, "hostname"),
    ({"imageRef": None}, 400, "boot"),
    ({"imageRef": ""}, 400, "boot"),
    ({"OS-DCF:diskConfig": "SOME"}, 400, "diskConfig"),
    ({"trusted_image_certificates": ["x"]}, 501, "trusted"),
    ({"personality": []}, 400, "personality"),
    ({"min_count": 11}, 403, "quota exceeded for instances"),
    (
        {"block_device_mapping_v2": [{"source_type": "volume", "uuid": "v", "boot_index": 0}]},
        400,
        "volume",
    ),
    (
        {"block_device_mapping_v2": [{"source_type": "tape", "destination_type": "volume"}]},
        400,
        "source_type",
    ),
]


async def test_bad_input_says_what_to_change_and_loses_nothing(compute: ComputeCloud) -> None:
    for fields, status, word in BAD:
        reply = await compute.post_server(**fields)
        assert reply.status_code == status, (fields, reply.text)
        (fault,) = reply.json().values()
        assert fault["code"] == status
        assert fault["message"].startswith("cannot ")
        assert word in fault["message"], (fields, fault)
    assert (await compute.call("GET", "/servers")).json()["servers"] == []


async def test_scheduler_hints_are_refused(compute: ComputeCloud) -> None:
    server = {"name": "a", "imageRef": compute.image_id, "flavorRef": "1", "networks": "none"}
    for key in ("os:scheduler_hints", "OS-SCH-HNT:scheduler_hints"):
        body = {"server": server, key: {"same_host": "x"}}
        reply = await compute.call("POST", "/servers", body)
        assert reply.status_code == 400
        assert "same_host" in reply.json()["badRequest"]["message"]
        assert (
            await compute.call("POST", "/servers", {"server": server, key: {}})
        ).status_code == 202


async def test_an_image_that_does_not_fit_is_refused(compute: ComputeCloud) -> None:
    cloud = compute.cloud
    large = await create_active(cloud, make_qcow2(2 << 30), disk_format="qcow2")
    hungry = await create_active(cloud, make_qcow2(), disk_format="qcow2", min_ram=4096)
    wide = await create_active(cloud, make_qcow2(), disk_format="qcow2", min_disk=5)
    queued = await create(cloud)
    for image, word in (
        (large, "virtual size"),
        (hungry, "min_ram"),
        (wide, "min_disk"),
        (queued, "not active"),
    ):
        reply = await compute.post_server(imageRef=image["id"])
        assert reply.status_code == 400
        assert word in reply.json()["badRequest"]["message"]


async def test_a_private_flavor_is_refused_without_access(compute: ComputeCloud) -> None:
    body = {
        "flavor": {"name": "secret", "id": "s1", "ram": 64, "vcpus": 1, "disk": 1}
        | {"os-flavor-access:is_public": False}
    }
    assert (await compute.call("POST", "/flavors", body, user="admin")).status_code == 200
    assert (await compute.post_server(flavorRef="s1")).status_code == 400
    access = {"addTenantAccess": {"tenant": compute.cloud.project_ids["demo"]}}
    await compute.call("POST", "/flavors/s1/action", access, user="admin")
    assert (await compute.post_server(flavorRef="s1")).status_code == 202


async def test_a_flavor_without_disk_is_for_volumes(compute: ComputeCloud) -> None:
    body = {"flavor": {"name": "thin", "id": "t1", "ram": 64, "vcpus": 1, "disk": 0}}
    await compute.call("POST", "/flavors", body, user="admin")
    reply = await compute.post_server(flavorRef="t1")
    assert reply.status_code == 403
    assert "disk" in reply.json()["forbidden"]["message"]


async def test_another_projects_server_does_not_exist(compute: ComputeCloud) -> None:
    id = await compute.active()
    await add_user(compute.cloud, "eve", "other")
    for method, path, body in (
        ("GET", f"/servers/{id}", None),
        ("PUT", f"/servers/{id}", {"server": {"name": "mine"}}),
        ("DELETE", f"/servers/{id}", None),
        ("POST", f"/servers/{id}/action", {"os-stop": None}),
        ("POST", f"/servers/{id}/action", {"rebuild": {"imageRef": "x"}}),
        ("GET", f"/servers/{id}/metadata", None),
        ("PUT", f"/servers/{id}/tags/x", None),
        ("GET", f"/servers/{id}/os-instance-actions", None),
        ("GET", f"/servers/{id}/os-interface", None),
        ("GET", f"/servers/{id}/os-volume_attachments", None),
        ("GET", f"/servers/{id}/ips", None),
    ):
        reply = await compute.call(method, path, body, user="eve")
        assert reply.status_code == 404, (method, path)
        assert reply.json()["itemNotFound"]["code"] == 404
    assert (await compute.call("GET", "/servers", user="eve")).json()["servers"] == []
    everybody = await compute.call("GET", "/servers?all_tenants=1", user="eve")
    assert everybody.status_code == 403
    assert (await compute.show(id))["name"] == "one"


async def test_where_a_server_is_only_admins_see(compute: ComputeCloud) -> None:
    id = await compute.active()
    mine, theirs = await compute.show(id), await compute.show(id, user="admin")
    for name in ("host", "hypervisor_hostname", "instance_name"):
        assert f"OS-EXT-SRV-ATTR:{name}" not in mine
    assert "host_status" not in mine
    assert theirs["OS-EXT-SRV-ATTR:host"] == "host1"
    assert theirs["host_status"] == "UP"
    assert mine["hostId"] == theirs["hostId"] != ""


async def test_no_room_is_an_error_that_says_why_and_holds_nothing(compute: ComputeCloud) -> None:
    id = await compute.create(flavorRef="4", min_count=1)
    big = await compute.create(flavorRef="4")
    await compute.wait(id, "ACTIVE")
    await compute.wait(big, "ERROR")
    server = await compute.show(big)
    message = server["fault"]["message"]
    assert "host1" in message
    assert "asked for 8192 MEMORY_MB" in message
    assert server["fault"]["code"] == 500
    assert server["hostId"] == ""
    async with compute.cloud.db.read() as tx:
        assert await find_claim(tx, big) is None
    await compute.delete(big)


async def test_a_launch_that_fails_on_the_host_gives_everything_back(
    compute: ComputeCloud,
) -> None:
    volume = await compute.create_volume()
    compute.agent.faults[Kind.VM] = HostFault(
        kind="NoCapacity", message="cannot make the disk: the disk is full", terminal=True
    )
    device = {"source_type": "volume", "destination_type": "volume", "uuid": volume}
    id = await compute.create(block_device_mapping_v2=[{**device, "boot_index": -1}])
    server = await compute.wait(id, "ERROR")
    assert "disk is full" in server["fault"]["message"]
    await compute.volume_is(volume, "available")
    async with compute.cloud.db.read() as tx:
        assert await find_claim(tx, id) is None
    assert compute.agent.holds(Kind.PORT) == []
    started = await compute.act(id, "os-start")
    assert started.status_code == 409
    await compute.delete(id)


async def test_no_host_at_all_is_an_error(seeded: Cloud) -> None:
    image = await create_active(seeded, make_qcow2(), disk_format="qcow2")
    body = {"server": {"name": "a", "imageRef": image["id"], "flavorRef": "1"}}
    id = (await seeded.call("POST", "/compute/v2.1/servers", body)).json()["server"]["id"]
    await seeded.settle()
    server = (await seeded.call("GET", f"/compute/v2.1/servers/{id}")).json()["server"]
    assert server["status"] == "ERROR"
    assert "no host" in server["fault"]["message"]


async def test_deleting_while_it_builds(compute: ComputeCloud) -> None:
    compute.agent.silent.add(Kind.VM)
    id = await compute.create()
    await compute.cloud.settle()
    assert (await compute.show(id))["OS-EXT-STS:task_state"] == "spawning"
    assert (await compute.call("DELETE", f"/servers/{id}")).status_code == 204
    assert (await compute.show(id))["OS-EXT-STS:task_state"] == "deleting"
    assert (await compute.call("DELETE", f"/servers/{id}")).status_code == 204
    compute.agent.silent.clear()
    await compute.gone(id)
    assert compute.agent.holds(Kind.VM) == []


async def test_a_deleted_server_stays_known_to_those_who_ask_for_changes(
    compute: ComputeCloud,
) -> None:
    id = await compute.active()
    since = "2020-01-01T00:00:00Z"
    await compute.delete(id)
    assert (await compute.call("GET", "/servers")).json()["servers"] == []
    changed = (await compute.call("GET", f"/servers/detail?changes-since={since}")).json()
    assert [(one["id"], one["status"]) for one in changed["servers"]] == [(id, "DELETED")]
    gone = await compute.call("GET", "/servers?deleted=true&all_tenants=1", user="admin")
    assert [one["id"] for one in gone.json()["servers"]] == [id]


async def test_lists_are_filtered_paged_and_sorted(compute: ComputeCloud) -> None:
    ids = {}
    for name in ("a.web", "b_web", "C-db"):
        ids[name] = await compute.active(name=name, tags=[name[0], "all"], networks="none")

    async def names(query: str, **options: str) -> list[str]:
        reply = await compute.call(
            "GET", f"/servers?sort_key=created_at&sort_dir=asc&{query}", **options
        )
        assert reply.status_code == 200, reply.text
        return [one["name"] for one in reply.json()["servers"]]

    assert await names("name=web") == ["a.web", "b_web"]
    assert await names("name=^a%5C.web$") == ["a.web"]
    assert await names("name=b_w") == ["b_web"]
    assert await names("name=%25") == []
    assert await names("name=^c.*b$") == ["C-db"]
    assert await names("status=active&flavor=p1.nano") == list(ids)
    assert await names("status=SHUTOFF") == []
    assert await names(f"image={compute.image_id}") == list(ids)
    assert await names("tags=all,b") == ["b_web"]
    assert await names("tags-any=a,b") == ["a.web", "b_web"]
    assert await names("not-tags=a") == ["b_web", "C-db"]
    assert await names("not-tags-any=a,b") == ["C-db"]
    assert await names("ip=10.") == []
    first = (await compute.call("GET", "/servers?limit=2&sort_key=created_at&sort_dir=asc")).json()
    assert [one["name"] for one in first["servers"]] == ["a.web", "b_web"]
    link = first["servers_links"][0]["href"].partition("/compute/v2.1")[2]
    rest = (await compute.call("GET", link)).json()
    assert [one["name"] for one in rest["servers"]] == ["C-db"]
    assert "servers_links" not in rest
    assert (await compute.call("GET", "/servers?marker=nothing")).status_code == 400
    assert (await compute.call("GET", "/servers?sort_key=nothing")).status_code == 400
    assert (await compute.call("GET", "/servers?nothing=1")).status_code == 400
    assert (await compute.call("GET", "/servers?status=nothing")).status_code == 400
    assert await names("", user="admin") == []
    assert await names("all_tenants=1", user="admin") == list(ids)
    mine = f"project_id={compute.cloud.project_ids['demo']}"
    assert await names(mine, user="admin") == []
    assert await names(f"all_tenants=1&{mine}", user="admin") == list(ids)
    assert await names("all_tenants=1&host=host1", user="admin") == list(ids)
    assert await names("all_tenants=1&host=mars", user="admin") == []


async def test_servers_are_found_by_address(compute: ComputeCloud) -> None:
    first, second = await compute.active(name="a"), await compute.active(name="b")
    address = (await compute.show(second))["addresses"]["private"][0]["addr"]
    found = (await compute.call("GET", f"/servers?ip={address}")).json()["servers"]
    assert [one["id"] for one in found] == [second]
    both = (await compute.call("GET", "/servers?ip=10.0.0.&limit=1")).json()
    assert len(both["servers"]) == 1
    assert both["servers_links"]
    assert first != second


async def test_a_server_is_changed(compute: ComputeCloud) -> None:
    id = await compute.active()
    body = {"server": {"name": "two", "description": "d", "accessIPv4": "1.2.3.4"}}
    changed = (await compute.call("PUT", f"/servers/{id}", body)).json()["server"]
    assert (changed["name"], changed["description"]) == ("two", "d")
    assert changed["accessIPv4"] == "1.2.3.4"
    await until(lambda: compute.agent.vm(id).documents.meta_data["name"] == "two")
    for bad in ({"name": ""}, {"name": "x" * 256}, {"accessIPv4": "x"}, {"flavorRef": "2"}):
        assert (await compute.call("PUT", f"/servers/{id}", {"server": bad})).status_code == 400


async def test_an_admin_chooses_the_host(compute: ComputeCloud) -> None:
    network = {"networks": "none"}
    reply = await compute.post_server(user="admin", availability_zone="nova:nowhere", **network)
    assert reply.status_code == 400
    reply = await compute.post_server(user="admin", availability_zone="nova:host1", **network)
    assert reply.status_code == 202, reply.text
    reply = await compute.post_server(availability_zone="nova:host1", **network)
    assert reply.status_code == 403


async def test_several_networks_without_a_choice_is_a_conflict(compute: ComputeCloud) -> None:
    for number in (1, 2):
        made = await compute.cloud.call(
            "POST", "/network/v2.0/networks", {"network": {"name": f"n{number}"}}
        )
        network = made.json()["network"]["id"]
        subnet = {"network_id": network, "cidr": f"10.9.{number}.0/24", "ip_version": 4}
        await compute.cloud.call("POST", "/network/v2.0/subnets", {"subnet": subnet})
    reply = await compute.post_server()
    assert reply.status_code == 409
    assert "network" in reply.json()["conflictingRequest"]["message"]
    both = [{"uuid": network}, {"uuid": network}]
    id = await compute.active(networks=both)
    assert len(compute.agent.vm(id).nics) == 2
