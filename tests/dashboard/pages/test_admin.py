"""The pages of admins: hosts, aggregates, projects, users, quotas, services, flavors."""

import re

from dashboard.person import Person, World, refusal_of


async def host_path(admin: Person) -> str:
    """The path of the one host."""
    found = await admin.ask(
        "GET", "/compute/v2.1/os-hypervisors", headers={"openstack-api-version": "compute 2.87"}
    )
    return f"hosts/{found['hypervisors'][0]['id']}"


async def test_a_host_shows_what_runs_on_it(world: World, demo: Person, admin: Person) -> None:
    await world.launch(demo, "somebodys")
    page = await admin.open(await host_path(admin))
    assert "somebodys" in page
    assert "In use" in page


async def test_a_host_is_closed_and_opened(world: World, admin: Person) -> None:
    at = await host_path(admin)
    await admin.do(f"{at}/close", {"reason": "new memory"})
    page = await admin.open(at)
    assert ">disabled<" in page
    assert "new memory" in page
    await admin.do(f"{at}/open")
    assert ">enabled<" in await admin.open(at)


async def test_services_of_all_kinds_are_listed(admin: Person) -> None:
    page = await admin.open("services")
    for name in ("nova-compute", "cinder-volume", "DHCP agent"):
        assert name in page


async def test_an_aggregate_has_hosts_and_metadata(admin: Person) -> None:
    at = await admin.do("aggregates/new", {"name": "fast", "zone": "north"})
    await admin.do(f"{at}/add-host", {"host": "fake1"})
    await admin.do(f"{at}/metadata", {"key": "disk", "value": "ssd"})
    page = await admin.open(at)
    for word in ("north", "fake1", "ssd"):
        assert word in page
    reply = await admin.send(f"{at}/delete")
    assert reply.status_code in (400, 409), "it has a host"
    await admin.do(f"{at}/remove-host", {"host": "fake1"})
    assert await admin.do(f"{at}/delete") == "aggregates"


async def test_a_new_user_works_in_a_new_project(world: World, admin: Person) -> None:
    project = await admin.do("projects/new", {"name": "lab", "description": "of ours"})
    id = project.removeprefix("projects/")
    roles = (await admin.ask("GET", "/identity/v3/roles?name=member"))["roles"]
    form = {"name": "ann", "password": "a-good-secret", "email": "ann@example.org"}
    user = await admin.do("users/new", {**form, "project": id, "role": roles[0]["id"]})
    assert "ann" in await admin.open(project)
    assert "lab" in await admin.open(user)
    ann = world.browser()
    assert (await ann.sign_in("ann", password="a-good-secret")).status_code == 303
    assert "lab" in await ann.open("")
    await admin.do(f"{user}/password", {"password": "another-secret"})
    assert (await ann.get("/dashboard")).status_code == 303, "its tokens are over"
    given = {"user": user.removeprefix("users/"), "role": roles[0]["id"]}
    await admin.do(f"{project}/revoke", given)
    assert "Nobody has a role" in await admin.open(project)
    await admin.do(f"{project}/grant", given)
    await admin.do(f"{project}/edit", {"name": "lab2", "description": ""})
    assert "lab2" in await admin.open("projects")
    await admin.do(f"{user}/edit", {"name": "anna"})
    assert (await world.browser().sign_in("anna", password="another-secret")).status_code == 401
    assert await admin.do(f"{user}/delete") == "users"
    assert await admin.do(f"{project}/delete") == "projects"


async def test_quotas_of_all_services_are_changed(demo: Person, admin: Person) -> None:
    at = f"quotas/{demo.project_id}"
    page = await admin.open(f"{at}/edit")
    names = {"instances", "cores", "ram", "volumes", "gigabytes", "snapshots", "backups"}
    names |= {"backup_gigabytes", "network", "subnet", "port", "router", "floatingip"}
    names |= {"security_group", "security_group_rule"}
    form = dict.fromkeys(names, "7")
    assert all(f'name="{name}"' in page for name in names)
    await admin.do(f"{at}/edit", {**form, "port": "-1"})
    page = await admin.open(at)
    assert "no limit" in page
    overview = await demo.open("")
    assert "0 of 7" in overview
    assert "no limit" in overview
    reply = await admin.send(f"{at}/edit", {**form, "cores": "lots"})
    assert (reply.status_code, "'lots'" in refusal_of(reply)) == (400, True)
    reply = await admin.send(f"{at}/edit", {**form, "volumes": "-7"})
    assert refusal_of(reply) == "Cannot limit Volumes to -7: -1 is without a limit"
    assert "-7" not in await admin.open(at)


async def test_a_limit_may_be_less_than_what_is_used(
    world: World, demo: Person, admin: Person
) -> None:
    await world.launch(demo, "one")
    page = await admin.open(f"quotas/{demo.project_id}/edit")
    form = dict(re.findall(r'name="(\w+)" value="(-?\d+)"', page))
    await admin.do(f"quotas/{demo.project_id}/edit", {**form, "instances": "0"})
    assert "1 of 0" in await demo.open("")


async def test_flavors_are_made_by_admins_alone(demo: Person, admin: Person) -> None:
    form = {"name": "big", "vcpus": "4", "ram": "4096", "disk": "20", "public": "yes"}
    assert "Make a flavor" not in await demo.open("flavors")
    assert (await demo.send("flavors/new", form)).status_code == 403
    assert await admin.do("flavors/new", form) == "flavors"
    assert ">big<" in await demo.open("flavors")
