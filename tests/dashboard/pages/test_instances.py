"""Instances: launching, the page of one, and every action."""

import asyncio
import base64
from contextlib import AsyncExitStack

import pytest

from dashboard.person import Person, World, refusal_of
from pilvi.dashboard.pages.instances import readable, say_quiet
from pilvi.testing.cloud import add_host

HEADERS = {"openstack-api-version": "compute 2.90"}


async def show(person: Person, id: str) -> dict[str, object]:
    """The instance as the API has it."""
    found = await person.ask("GET", f"/compute/v2.1/servers/{id}", headers=HEADERS)
    server: dict[str, object] = found["server"]
    return server


async def volume_of(person: Person, name: str = "data") -> str:
    """A volume that is ready; its id."""
    to = await person.do("volumes/new", {"name": name, "size": "1"})
    await person.until(to, ">available<")
    return to.removeprefix("volumes/")


async def test_the_form_launches_what_it_says(world: World, demo: Person) -> None:
    await demo.do("key-pairs/new", {"name": "mine", "public_key": _KEY})
    page = await demo.open("instances/new")
    for name in ("pilvi-guest", "p1.nano", "private", "mine", "default"):
        assert name in page, name
    network = (await demo.ask("GET", "/network/v2.0/networks?name=private"))["networks"][0]
    form = {
        "name": "web",
        "count": "1",
        "image": await world.image_id(demo),
        "flavor": "p1.nano",
        "networks": network["id"],
        "key_pair": "mine",
        "user_data": "#!/bin/sh\ntrue\n",
    }
    id = (await demo.do("instances/new", form)).removeprefix("instances/")
    page = await demo.until(f"instances/{id}", ">active<")
    assert "10.0.0." in page
    assert "pilvi-guest" in page
    server = await show(demo, id)
    assert (server["name"], server["key_name"]) == ("web", "mine")
    admin = await world.person("admin")
    data = (await show(admin, id))["OS-EXT-SRV-ATTR:user_data"]
    assert base64.b64decode(str(data)).decode() == form["user_data"]


async def test_several_are_launched_at_once(world: World, demo: Person) -> None:
    form = {"name": "many", "count": "3", "image": await world.image_id(demo), "flavor": "p1.nano"}
    assert await demo.do("instances/new", form) == "instances"
    found = await demo.ask("GET", "/compute/v2.1/servers")
    assert len(found["servers"]) == 3


async def test_one_boots_from_a_volume(world: World, demo: Person) -> None:
    form = {"name": "v", "count": "1", "image": await world.image_id(demo), "flavor": "p1.nano"}
    to = await demo.do("instances/new", {**form, "volume_gib": "1"})
    page = await demo.until(to, ">active<")
    assert "boots from a volume" in page
    assert len((await demo.ask("GET", "/volume/v3/volumes"))["volumes"]) == 1


async def test_a_refusal_keeps_what_was_typed(world: World, demo: Person) -> None:
    form = {"name": "big", "count": "99", "image": await world.image_id(demo)}
    reply = await demo.send("instances/new", {**form, "flavor": "p1.nano"})
    assert reply.status_code == 403
    assert refusal_of(reply).startswith("Cannot")
    assert 'value="big"' in reply.text
    assert 'value="99"' in reply.text
    assert (await demo.ask("GET", "/compute/v2.1/servers"))["servers"] == []
    reply = await demo.send("instances/new", {**form, "name": ""})
    assert (reply.status_code, "'Name'" in refusal_of(reply)) == (400, True)


async def test_its_life(world: World, demo: Person) -> None:
    id = await world.launch(demo)
    at = f"instances/{id}"
    for action, state in (
        ("stop", "shutoff"),
        ("start", "active"),
        ("pause", "paused"),
        ("unpause", "active"),
        ("suspend", "suspended"),
        ("resume", "active"),
        ("rescue", "rescue"),
        ("unrescue", "active"),
        ("reboot", "active"),
        ("reset", "active"),
        ("shelve", "shelved offloaded"),
        ("unshelve", "active"),
    ):
        await demo.do(f"{at}/{action}")
        await _wait_idle(demo, id)
        assert f">{state}<" in await demo.open(at), action
    events = await demo.open(at)
    assert "<td" in events
    assert "unshelve" in events


async def _wait_idle(person: Person, id: str) -> None:
    async with asyncio.timeout(15):
        while True:
            server = await show(person, id)
            status, task = server["status"], server["OS-EXT-STS:task_state"]
            if task is None and status not in ("REBOOT", "HARD_REBOOT", "SHELVED", "BUILD"):
                return
            await asyncio.sleep(0.02)


async def test_what_its_state_forbids_is_not_offered_and_refused(
    world: World, demo: Person
) -> None:
    id = await world.launch(demo)
    page = await demo.open(f"instances/{id}")
    assert f"/dashboard/instances/{id}/start" not in page
    assert f"/dashboard/instances/{id}/stop" in page
    reply = await demo.send(f"instances/{id}/start")
    assert reply.status_code == 409
    assert refusal_of(reply).startswith("Cannot 'start'")
    assert (await demo.send(f"instances/{id}/nonsense")).status_code == 404


async def test_a_resize_is_confirmed(world: World, demo: Person) -> None:
    id = await world.launch(demo)
    await demo.do(f"instances/{id}/resize", {"flavor": "1"})
    await demo.until(f"instances/{id}", ">verify resize<")
    await demo.do(f"instances/{id}/confirm")
    await demo.until(f"instances/{id}", ">active<")
    assert "m1.tiny" in await demo.open(f"instances/{id}")


async def test_volumes_and_networks_come_and_go(world: World, demo: Person) -> None:
    id = await world.launch(demo)
    volume = await volume_of(demo)
    await demo.do(f"instances/{id}/attach-volume", {"volume": volume})
    await demo.until(f"volumes/{volume}", ">in-use<")
    page = await demo.open(f"instances/{id}")
    assert "/dev/vdb" in page
    assert ">data<" in page
    await demo.do(f"instances/{id}/detach-volume", {"volume": volume})
    await demo.until(f"volumes/{volume}", ">available<")
    to = await demo.do("networks/new", {"name": "second", "cidr": "10.9.0.0/24"})
    network = to.removeprefix("networks/")
    await demo.do(f"instances/{id}/attach-network", {"network": network})
    page = await demo.until(f"instances/{id}", "10.9.0.")
    ports = (await demo.ask("GET", f"/network/v2.0/ports?network_id={network}"))["ports"]
    port = next(one["id"] for one in ports if one["device_id"] == id)
    await demo.do(f"instances/{id}/detach-network", {"port": port})
    await _wait_gone(demo, f"instances/{id}", "10.9.0.")


async def _wait_gone(person: Person, path: str, text: str) -> None:
    async with asyncio.timeout(15):
        while text in await person.open(path):  # noqa: ASYNC110  # a page has no event
            await asyncio.sleep(0.02)


async def test_it_gets_a_floating_ip_and_groups(world: World, demo: Person) -> None:
    id = await world.launch(demo)
    network = (await demo.ask("GET", "/network/v2.0/networks?name=public"))["networks"][0]["id"]
    await demo.do(f"instances/{id}/floating-ip", {"network": network})
    assert "172.24.4." in await demo.until(f"instances/{id}", "floating")
    to = await demo.do("security-groups/new", {"name": "web", "description": ""})
    group = to.removeprefix("security-groups/")
    path = f"/compute/v2.1/servers/{id}/os-security-groups"
    for how, count in (("add", 2), ("remove", 1)):
        await demo.do(f"instances/{id}/security-group", {"group": group, "how": how})
        assert len((await demo.ask("GET", path))["security_groups"]) == count


async def test_it_is_edited_rebuilt_locked_and_imaged(world: World, demo: Person) -> None:
    id = await world.launch(demo)
    assert 'value="one"' in await demo.open(f"instances/{id}/edit")
    await demo.do(f"instances/{id}/edit", {"name": "renamed", "description": "mine"})
    assert (await show(demo, id))["name"] == "renamed"
    assert await demo.do(f"instances/{id}/snapshot", {"name": "copy"}) == "images"
    await demo.until("images", ">copy<")
    await _wait_idle(demo, id)
    await demo.do(f"instances/{id}/lock")
    assert (await show(demo, id))["locked"] is True
    await demo.do(f"instances/{id}/unlock")
    await demo.do(f"instances/{id}/rebuild", {"image": await world.image_id(demo)})
    await _wait_idle(demo, id)
    assert (await show(demo, id))["status"] == "ACTIVE"


async def test_it_is_deleted_after_a_question(world: World, demo: Person) -> None:
    id = await world.launch(demo)
    assert "deletes its own disk" in await demo.open(f"instances/{id}/delete")
    assert (await show(demo, id))["status"] == "ACTIVE", "asking deletes nothing"
    assert await demo.do(f"instances/{id}/delete") == "instances"
    await _wait_gone(demo, "instances", id)


@pytest.mark.parametrize(("action", "path"), [("screen", "vnc"), ("serial", "serial")])
async def test_a_console_is_one_click_away(
    world: World, demo: Person, action: str, path: str
) -> None:
    id = await world.launch(demo)
    reply = await demo.send(f"instances/{id}/{action}")
    assert reply.status_code == 303
    link = reply.headers["location"]
    assert link.startswith(f"/console/{path}?"), "of this server, by whatever name it is known"
    assert (await demo.http.get(link)).status_code == 200


def test_a_quiet_serial_line_is_explained() -> None:
    assert "once it is active" in say_quiet({"status": "BUILD"})
    assert "boots" in say_quiet({"status": "ACTIVE"})


def test_a_console_log_is_shown_without_what_steers_a_terminal() -> None:
    said = "\x1b[2J\x1b[1;31mred\x1b[0m\r\nguest# \x1b[6n\tls\n"
    assert readable(said) == "red\nguest# \tls\n"


async def test_a_fault_tells_what_went_wrong(world: World, demo: Person, admin: Person) -> None:
    flavor = {"name": "huge", "vcpus": "1", "ram": "9999999", "disk": "1", "public": "yes"}
    await admin.do("flavors/new", flavor)
    limits = {"quota_set": {"ram": -1}}
    await admin.ask("PUT", f"/compute/v2.1/os-quota-sets/{demo.project_id}", limits)
    flavors = (await admin.ask("GET", "/compute/v2.1/flavors"))["flavors"]
    id = next(one["id"] for one in flavors if one["name"] == "huge")
    form = {"name": "big", "count": "1", "image": await world.image_id(demo), "flavor": id}
    to = await demo.do("instances/new", form)
    page = await demo.until(to, ">error<")
    assert "It failed" in page
    assert "cannot" in page
    assert "Instances that need a look" in await demo.open("")


async def test_an_admin_moves_it(world: World, admin: Person) -> None:
    async with AsyncExitStack() as stack:
        await add_host(world.cloud, "fake2", stack)
        id = await world.launch(admin)
        before = (await show(admin, id))["OS-EXT-SRV-ATTR:host"]
        assert f"instances/{id}/move" in await admin.open(f"instances/{id}")
        await admin.do(f"instances/{id}/move", {"host": ""})
        await admin.until(f"instances/{id}", ">verify resize<")
        assert (await show(admin, id))["OS-EXT-SRV-ATTR:host"] != before


_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGnvJ7z1JTSSdyVuK6Q0Aj1NOfUpi8gGUXIqP6m8ZzqJ me"
