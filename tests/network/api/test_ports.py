"""Conversations about ports."""

import re
from typing import Any

from network.neutron import ROOT, Neutron


async def test_a_port_gets_mac_address_and_the_default_group(neutron: Neutron) -> None:
    network = await neutron.named("networks", "private")
    port = await neutron.make("ports", network_id=network["id"], name="p")
    assert re.fullmatch(r"fa:16:3e(:[0-9a-f]{2}){3}", port["mac_address"])
    assert len(port["fixed_ips"]) == 1 and port["status"] == "DOWN"
    group = await neutron.named("security-groups", "default")
    assert port["security_groups"] == [group["id"]]
    assert "binding:host_id" not in port and port["binding:vnic_type"] == "normal"
    shown = (await neutron.get(f"/ports/{port['id']}", "admin"))["port"]
    assert shown["binding:vif_type"] == "unbound"


async def test_addresses_are_given_once_and_from_the_pool(neutron: Neutron) -> None:
    network, subnet = await neutron.make_network("10.9.0.0/29")
    given = set()
    for _ in range(4):
        port = await neutron.make("ports", network_id=network["id"])
        given.add(port["fixed_ips"][0]["ip_address"])
    assert given == {"10.9.0.3", "10.9.0.4", "10.9.0.5", "10.9.0.6"}
    reply = await neutron.post("ports", network_id=network["id"])
    assert reply.status_code == 409
    assert reply.json()["NeutronError"]["type"] == "IpAddressGenerationFailure"
    wish = [{"ip_address": "10.9.0.4", "subnet_id": subnet["id"]}]
    taken = await neutron.post("ports", network_id=network["id"], fixed_ips=wish)
    assert taken.status_code == 409


async def test_an_address_that_was_given_back_is_not_the_next_one(neutron: Neutron) -> None:
    network = await neutron.named("networks", "private")
    first = await neutron.make("ports", network_id=network["id"])
    await neutron.delete("ports", first["id"])
    second = await neutron.make("ports", network_id=network["id"])
    assert second["fixed_ips"] != first["fixed_ips"]


async def test_fixed_ips_by_subnet_and_address(neutron: Neutron) -> None:
    network, subnet = await neutron.make_network("10.9.0.0/24")
    wish = [{"ip_address": "10.9.0.77"}, {"subnet_id": subnet["id"]}]
    port = await neutron.make("ports", network_id=network["id"], fixed_ips=wish)
    addresses = [fixed["ip_address"] for fixed in port["fixed_ips"]]
    assert addresses[0] == "10.9.0.77" and len(addresses) == 2
    for wrong in (
        [{"ip_address": "10.8.0.1"}],
        [{"ip_address": "10.9.0.255"}],
        [{"ip_address": "fe80::1"}],
        [{"subnet_id": "nobody"}],
        [{"subnet_id": subnet["id"]}] * 6,
    ):
        reply = await neutron.post("ports", network_id=network["id"], fixed_ips=wrong)
        assert reply.status_code == 400, wrong
    none = await neutron.make("ports", network_id=network["id"], fixed_ips=[])
    assert none["fixed_ips"] == []
    kept = await neutron.put("ports", port["id"], fixed_ips=[{"ip_address": "10.9.0.77"}])
    assert [f["ip_address"] for f in kept.json()["port"]["fixed_ips"]] == ["10.9.0.77"]


async def test_macs_are_settable_and_unique_on_a_network(neutron: Neutron) -> None:
    network = await neutron.named("networks", "private")
    other, _ = await neutron.make_network("10.9.0.0/24")
    mac = "FA:16:3E:00:00:01"
    port = await neutron.make("ports", network_id=network["id"], mac_address=mac)
    assert port["mac_address"] == mac.lower()
    again = await neutron.post("ports", network_id=network["id"], mac_address=mac)
    assert again.status_code == 409
    await neutron.make("ports", network_id=other["id"], mac_address=mac)
    for wrong in ("nonsense", "01:00:5e:00:00:01", "00:00:00:00:00:00", mac + "\n"):
        reply = await neutron.post("ports", network_id=network["id"], mac_address=wrong)
        assert reply.status_code == 400, wrong
    mine = await neutron.put("ports", port["id"], mac_address="fa:16:3e:00:00:02")
    assert mine.status_code == 403


async def test_security_groups_and_port_security(neutron: Neutron) -> None:
    network = await neutron.named("networks", "private")
    group = await neutron.make("security-groups", name="web")
    wish = {"network_id": network["id"]}
    port = await neutron.make("ports", **wish, security_groups=[group["id"]])
    assert port["security_groups"] == [group["id"]]
    assert await neutron.delete("security-groups", group["id"]) == 409
    reply = await neutron.put("ports", port["id"], port_security_enabled=False)
    assert reply.status_code == 409
    reply = await neutron.put("ports", port["id"], port_security_enabled=False, security_groups=[])
    assert reply.json()["port"]["port_security_enabled"] is False
    foreign = await neutron.make("security-groups", "admin", name="theirs")
    reply = await neutron.post("ports", **wish, security_groups=[foreign["id"]])
    assert reply.status_code == 404
    bare = await neutron.make("ports", **wish, security_groups=[])
    assert bare["security_groups"] == []
    insecure = await neutron.make("ports", **wish, port_security_enabled=False)
    assert insecure["security_groups"] == []


async def test_address_pairs_are_checked_and_few(neutron: Neutron) -> None:
    network = await neutron.named("networks", "private")
    wish = {"network_id": network["id"]}
    pairs = [{"ip_address": "10.0.0.200"}, {"ip_address": "10.1.0.0/16"}]
    port = await neutron.make("ports", **wish, allowed_address_pairs=pairs)
    assert port["allowed_address_pairs"] == [
        {"ip_address": "10.0.0.200", "mac_address": port["mac_address"]},
        {"ip_address": "10.1.0.0/16", "mac_address": port["mac_address"]},
    ]
    for wrong in (
        [{"ip_address": "0.0.0.0/0"}],
        [{"ip_address": "::/0"}],
        [{"ip_address": "10.0.0.1; drop"}],
        [{"ip_address": "10.0.0.1", "mac_address": "x"}],
        [{"ip_address": "10.0.0.1"}, {"ip_address": "10.0.0.1"}],
    ):
        reply = await neutron.post("ports", **wish, allowed_address_pairs=wrong)
        assert reply.status_code == 400, wrong
    many = [{"ip_address": f"10.0.1.{n}"} for n in range(11)]
    assert (await neutron.post("ports", **wish, allowed_address_pairs=many)).status_code == 409


async def test_dhcp_options_are_given_changed_and_taken(neutron: Neutron) -> None:
    network = await neutron.named("networks", "private")
    options = [
        {"opt_name": "bootfile-name", "opt_value": "pxelinux.0"},
        {"opt_name": "tftp-server", "opt_value": "10.0.0.9", "ip_version": 4},
        {"opt_name": "dns-server", "opt_value": "2001:db8::53", "ip_version": 6},
    ]
    port = await neutron.make("ports", network_id=network["id"], extra_dhcp_opts=options)
    assert [one["opt_value"] for one in port["extra_dhcp_opts"]] == [
        *("pxelinux.0", "10.0.0.9", "2001:db8::53")
    ]
    change = [
        {"opt_name": "bootfile-name", "opt_value": None},
        {"opt_name": "tftp-server", "opt_value": "10.0.0.8"},
    ]
    reply = await neutron.put("ports", port["id"], extra_dhcp_opts=change)
    there = {o["opt_name"]: o["opt_value"] for o in reply.json()["port"]["extra_dhcp_opts"]}
    assert there == {"tftp-server": "10.0.0.8", "dns-server": "2001:db8::53"}


async def test_nothing_is_smuggled_into_the_dhcp_server(neutron: Neutron) -> None:
    """OSSA-2021-005."""
    network = await neutron.named("networks", "private")
    for name, value in (
        ("server-ip-address", "x\ndhcp-script=/bin/sh"),
        ("bootfile-name", 'x"\ndhcp-script=/bin/sh'),
        ("bootfile-name", "x\\"),
        ("bootfile-name", "x" * 256),
        ("bootfile-name\ndhcp-script", "/bin/sh"),
        ("nonsense", "x"),
        ("53", "2"),
    ):
        option = {"opt_name": name, "opt_value": value}
        reply = await neutron.post("ports", network_id=network["id"], extra_dhcp_opts=[option])
        assert reply.status_code == 400, (name, value)
    many = [{"opt_name": str(n), "opt_value": "x"} for n in (66, 67, 15, 17, 100, 101)] * 5
    reply = await neutron.post("ports", network_id=network["id"], extra_dhcp_opts=many)
    assert reply.status_code == 201


async def test_a_name_is_given_by_dhcp(neutron: Neutron) -> None:
    network = await neutron.named("networks", "private")
    port = await neutron.make("ports", network_id=network["id"], dns_name="Web-1")
    assert port["dns_name"] == "web-1"
    assert [one["hostname"] for one in port["dns_assignment"]] == ["web-1"]
    for wrong in ("a.b", "-x", "x\ny", "x" * 64):
        reply = await neutron.post("ports", network_id=network["id"], dns_name=wrong)
        assert reply.status_code == 400
    assert (await neutron.put("ports", port["id"], dns_name="")).json()["port"]["dns_name"] == ""


async def test_address_pairs_are_added_and_removed_one_by_one(neutron: Neutron) -> None:
    network = await neutron.named("networks", "private")
    port = await neutron.make("ports", network_id=network["id"])

    async def change(verb: str, *addresses: str) -> Any:
        body = {"port": {"allowed_address_pairs": [{"ip_address": a} for a in addresses]}}
        path = f"{ROOT}/ports/{port['id']}/{verb}_allowed_address_pairs"
        return await neutron.cloud.call("PUT", path, body)

    reply = await change("add", "10.0.0.200", "2001:db8::/64")
    pairs = reply.json()["port"]["allowed_address_pairs"]
    assert [pair["ip_address"] for pair in pairs] == ["10.0.0.200", "2001:db8::/64"]
    assert (await change("add", "10.0.0.200")).status_code == 200
    reply = await change("remove", "10.0.0.200")
    assert len(reply.json()["port"]["allowed_address_pairs"]) == 1
    assert (await change("remove", "10.0.0.200")).status_code == 404
    assert (await change("add", "::/0")).status_code == 400


async def test_members_do_not_take_the_place_of_the_network_service(neutron: Neutron) -> None:
    network = await neutron.named("networks", "private")
    port = await neutron.make("ports", network_id=network["id"])
    for owner in ("network:dhcp", "network:router_interface"):
        assert (await neutron.put("ports", port["id"], device_owner=owner)).status_code == 403
        reply = await neutron.post("ports", network_id=network["id"], device_owner=owner)
        assert reply.status_code == 403
    reply = await neutron.put("ports", port["id"], binding__host_id="host1")
    assert reply.status_code == 403


async def test_anothers_router_is_not_plugged_into(neutron: Neutron) -> None:
    network = await neutron.named("networks", "private")
    router = await neutron.make("routers", "admin", name="theirs")
    for wish in ({"device_id": router["id"]}, {"device_id": router["id"], "device_owner": "x"}):
        reply = await neutron.post("ports", network_id=network["id"], **wish)
        assert reply.status_code == 409
    legs = await neutron.get(f"/ports?device_id={router['id']}", "admin")
    assert legs["ports"] == []


async def test_on_a_shared_network_its_owner_decides_who_is_who(neutron: Neutron) -> None:
    network, subnet = await neutron.make_network("10.9.0.0/24", "admin", shared=True)
    port = await neutron.make("ports", network_id=network["id"])
    by_subnet = [{"subnet_id": subnet["id"]}]
    await neutron.make("ports", network_id=network["id"], fixed_ips=by_subnet)
    for field in (
        {"device_owner": "network:dhcp"},
        {"mac_address": "fa:16:3e:00:00:01"},
        {"fixed_ips": [{"ip_address": "10.9.0.9"}]},
        {"port_security_enabled": False},
        {"allowed_address_pairs": [{"ip_address": "10.9.0.9"}]},
    ):
        assert (await neutron.post("ports", network_id=network["id"], **field)).status_code == 403
        assert (await neutron.put("ports", port["id"], **field)).status_code == 403


async def test_another_projects_port_does_not_exist(neutron: Neutron) -> None:
    network, _ = await neutron.make_network("10.9.0.0/24", "admin")
    port = await neutron.make("ports", "admin", network_id=network["id"])
    reply = await neutron.cloud.call("GET", f"{ROOT}/ports/{port['id']}")
    assert reply.status_code == 404
    assert (await neutron.put("ports", port["id"], name="x")).status_code == 404
    assert await neutron.delete("ports", port["id"]) == 404
    assert (await neutron.post("ports", network_id=network["id"])).status_code == 404
    public = await neutron.named("networks", "public")
    assert (await neutron.post("ports", network_id=public["id"])).status_code == 403


async def test_the_owner_of_a_network_sees_and_removes_ports_on_it(neutron: Neutron) -> None:
    network = await neutron.named("networks", "private")
    port = await neutron.make("ports", "admin", network_id=network["id"])
    assert (await neutron.get(f"/ports/{port['id']}"))["port"]["name"] == ""
    assert (await neutron.put("ports", port["id"], name="x")).status_code == 403
    assert await neutron.delete("ports", port["id"]) == 204


async def test_ports_that_the_network_needs_are_not_deleted(neutron: Neutron) -> None:
    router = await neutron.named("routers", "router1")
    legs = (await neutron.get(f"/ports?device_id={router['id']}", "admin"))["ports"]
    assert {leg["device_owner"] for leg in legs} == {
        "network:router_interface",
        "network:router_gateway",
    }
    for leg in legs:
        assert await neutron.delete("ports", leg["id"], "admin") == 409
        reply = await neutron.put("ports", leg["id"], "admin", device_id="")
        assert reply.status_code == 409


async def test_lists_filter_by_what_a_port_has(neutron: Neutron) -> None:
    network, subnet = await neutron.make_network("10.9.0.0/24")
    wish = [{"ip_address": "10.9.0.77"}]
    port = await neutron.make("ports", network_id=network["id"], fixed_ips=wish, name="n")
    (group,) = port["security_groups"]
    for query in (
        "fixed_ips=ip_address=10.9.0.77",
        f"fixed_ips=ip_address=10.9.0.77&fixed_ips=subnet_id={subnet['id']}",
        "fixed_ips=ip_address_substr=0.77",
        f"mac_address={port['mac_address'].upper()}",
        f"security_groups={group}",
        "name=n&status=DOWN&admin_state_up=true&device_id=",
    ):
        found = (await neutron.get(f"/ports?{query}&fields=id"))["ports"]
        assert found == [{"id": port["id"]}], query
    reply = await neutron.cloud.call("GET", f"{ROOT}/ports?fixed_ips=color=red")
    assert reply.status_code == 400
    assert (await neutron.get("/ports?name=n&status=ACTIVE"))["ports"] == []


async def test_an_admin_binds_a_port_by_the_hosts_name(neutron: Neutron) -> None:
    network = await neutron.named("networks", "private")
    wish = {"network_id": network["id"], "binding__host_id": "nowhere"}
    port = await neutron.make("ports", "admin", **wish)
    assert port["binding:host_id"] == "nowhere" and port["binding:vif_type"] == "unbound"


async def test_a_list_makes_several(neutron: Neutron) -> None:
    network = await neutron.named("networks", "private")
    wishes = [{"network_id": network["id"], "name": name} for name in ("a", "b")]
    reply = await neutron.cloud.call("POST", f"{ROOT}/ports", {"ports": wishes})
    assert [row["name"] for row in reply.json()["ports"]] == ["a", "b"]


async def test_the_port_of_dhcp_comes_back_as_another(neutron: Neutron) -> None:
    network = await neutron.named("networks", "private")
    path = f"/ports?network_id={network['id']}&device_owner=network:dhcp"
    before = (await neutron.get(path))["ports"][0]
    assert await neutron.delete("ports", before["id"]) == 204
    after = (await neutron.get(path))["ports"]
    assert len(after) == 1
    assert after[0]["id"] != before["id"]
    subnets = [one["subnet_id"] for one in before["fixed_ips"]]
    assert [one["subnet_id"] for one in after[0]["fixed_ips"]] == subnets
