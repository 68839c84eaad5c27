"""Networks, subnets, routers, ports, floating IPs and security groups."""

from dashboard.person import Person, World, refusal_of

ROOT = "/network/v2.0"


async def external(person: Person) -> str:
    """The external network's id."""
    found = await person.ask("GET", f"{ROOT}/networks?name=public")
    id: str = found["networks"][0]["id"]
    return id


async def test_a_network_is_made_with_its_subnet(demo: Person) -> None:
    at = await demo.do("networks/new", {"name": "inner", "cidr": "10.8.0.0/24"})
    page = await demo.open(at)
    assert "10.8.0.0/24" in page
    id = at.removeprefix("networks/")
    form = {"network": id, "cidr": "fd00:8::/64", "name": "six", "dns": "fd00::1, fd00::2"}
    assert f'value="{id}" selected' in await demo.open(f"subnets/new?network={id}")
    assert await demo.do("subnets/new", {**form, "dhcp": "yes"}) == at
    subnets = (await demo.ask("GET", f"{ROOT}/subnets?name=six"))["subnets"]
    assert subnets[0]["dns_nameservers"] == ["fd00::1", "fd00::2"]
    subnet = f"subnets/{subnets[0]['id']}"
    await demo.do(f"{subnet}/edit", {"name": "seven", "dns": ""})
    changed = (await demo.ask("GET", f"{ROOT}/{subnet}"))["subnet"]
    assert (changed["name"], changed["enable_dhcp"], changed["dns_nameservers"]) == (
        "seven",
        False,
        [],
    )
    assert await demo.do(f"{subnet}/delete") == "networks"
    await demo.do(f"{at}/edit", {"name": "renamed", "description": "x"})
    assert "renamed" in await demo.open("networks")
    assert await demo.do(f"{at}/delete") == "networks"
    assert "renamed" not in await demo.open("networks")


async def test_a_bad_range_is_refused_in_words(demo: Person) -> None:
    reply = await demo.send("networks/new", {"name": "bad", "cidr": "10.300.0.0/24"})
    assert reply.status_code == 400
    assert refusal_of(reply).startswith("Cannot")
    assert 'value="10.300.0.0/24"' in reply.text
    assert ">bad<" not in await demo.open("networks"), "the network went with its subnet"


async def test_a_router_joins_subnets(demo: Person) -> None:
    at = await demo.do("routers/new", {"name": "gate", "network": await external(demo)})
    assert "172.24.4." in await demo.open(at)
    network = await demo.do("networks/new", {"name": "inner", "cidr": "10.8.0.0/24"})
    query = network.removeprefix("networks/")
    subnet = (await demo.ask("GET", f"{ROOT}/subnets?network_id={query}"))["subnets"][0]["id"]
    await demo.do(f"{at}/join", {"subnet": subnet})
    assert "10.8.0.1" in await demo.open(at)
    ports = (await demo.ask("GET", f"{ROOT}/ports?network_id={query}"))["ports"]
    port = next(one["id"] for one in ports if "router_interface" in one["device_owner"])
    await demo.do(f"{at}/part", {"port": port})
    assert "10.8.0.1" not in await demo.open(at)
    await demo.do(f"{at}/gateway", {"network": ""})
    assert "172.24.4." not in await demo.open(at)
    assert await demo.do(f"{at}/delete") == "routers"


async def test_a_port_is_made_changed_and_deleted(demo: Person) -> None:
    network = (await demo.ask("GET", f"{ROOT}/networks?name=private"))["networks"][0]["id"]
    form = {"network": network, "name": "mine", "address": "10.0.0.77"}
    at = await demo.do("ports/new", form)
    assert "10.0.0.77" in await demo.open(at)
    await demo.do(f"{at}/edit", {"name": "other"})
    port = (await demo.ask("GET", f"{ROOT}/{at}"))["port"]
    assert (port["name"], port["security_groups"], port["admin_state_up"]) == ("other", [], False)
    assert await demo.do(f"{at}/delete") == "ports"


async def test_a_floating_ip_leads_somewhere_and_nowhere(world: World, demo: Person) -> None:
    await world.launch(demo)
    assert await demo.do("floating-ips/new", {"network": await external(demo), "port": ""}) == (
        "floating-ips"
    )
    found = (await demo.ask("GET", f"{ROOT}/floatingips"))["floatingips"][0]
    at = f"floating-ips/{found['id']}"
    ports = (await demo.ask("GET", f"{ROOT}/ports"))["ports"]
    port = next(one["id"] for one in ports if one["device_owner"].startswith("compute"))
    await demo.do(f"{at}/lead", {"port": port})
    assert port in await demo.open(at)
    await demo.do(f"{at}/release")
    assert port not in await demo.open(at)
    assert await demo.do(f"{at}/delete") == "floating-ips"
    assert "No floating IPs yet" in await demo.open("floating-ips")


async def test_rules_come_and_go(demo: Person) -> None:
    at = await demo.do("security-groups/new", {"name": "web", "description": "of the web"})
    form = {"direction": "ingress", "family": "IPv4", "protocol": "tcp", "ports": "8000-8080"}
    await demo.do(f"{at}/add-rule", {**form, "range": "198.51.100.0/24", "group": ""})
    page = await demo.open(at)
    assert "8000 – 8080" in page
    assert "198.51.100.0/24" in page
    await demo.do(f"{at}/add-rule", {**form, "ports": "22", "range": "", "group": ""})
    id = at.removeprefix("security-groups/")
    path = f"{ROOT}/security-group-rules?security_group_id={id}&direction=ingress"
    rules = (await demo.ask("GET", path))["security_group_rules"]
    single = next(one for one in rules if one["port_range_min"] == 22)
    assert (single["port_range_max"], single["remote_ip_prefix"]) == (22, None)
    await demo.do(f"{at}/remove-rule", {"rule": single["id"]})
    assert len((await demo.ask("GET", path))["security_group_rules"]) == 1
    reply = await demo.send(f"{at}/add-rule", {**form, "ports": "many", "range": "", "group": ""})
    assert reply.status_code == 400
    await demo.do(f"{at}/edit", {"name": "renamed", "description": "x"})
    assert await demo.do(f"{at}/delete") == "security-groups"
