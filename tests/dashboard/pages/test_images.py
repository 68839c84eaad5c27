"""Images: made, filled, changed, shared, deleted."""

import hashlib

import httpx

from dashboard.person import Person, World, refusal_of
from image_files import make_qcow2


async def show(person: Person, path: str) -> dict[str, object]:
    """The image as the API has it."""
    found: dict[str, object] = await person.ask("GET", f"/image/v2/{path}")
    return found


async def make(person: Person, **fields: str) -> str:
    """An image without bytes; its path."""
    form = {"name": "mine", "disk_format": "qcow2", "visibility": "private", "url": "", **fields}
    to = await person.do("images/new", form)
    return to.removesuffix("/file")


async def send_file(person: Person, at: str, content: bytes) -> httpx.Response:
    """What the page's script does with a file."""
    headers = {"x-form-key": await person.key(), "origin": "http://cloud.test"}
    return await person.http.put(f"/dashboard/{at}/data", content=content, headers=headers)


async def test_a_file_is_passed_on_as_it_is(demo: Person) -> None:
    at, content = await make(demo), make_qcow2()
    page = await demo.open(f"{at}/file")
    assert f'data-upload="/dashboard/{at}/data"' in page
    assert "<noscript>" in page
    assert (await send_file(demo, at, content)).status_code == 200
    assert "can be booted" in await demo.open(at)
    image = await show(demo, at)
    assert (image["status"], image["size"]) == ("active", len(content))
    assert image["os_hash_value"] == hashlib.sha512(content).hexdigest()


async def test_a_file_of_another_format_is_refused_in_words(demo: Person) -> None:
    at = await make(demo)
    reply = await send_file(demo, at, b"this is no disk" * 1000)
    assert reply.status_code >= 400
    assert reply.json()["message"].startswith("cannot")
    assert (await show(demo, at))["status"] == "queued"


async def test_an_address_that_may_not_be_fetched_leaves_no_image(demo: Person) -> None:
    form = {"name": "web", "disk_format": "raw", "visibility": "private"}
    reply = await demo.send("images/new", {**form, "url": "ftp://127.0.0.1/x"})
    assert reply.status_code in (400, 403)
    assert refusal_of(reply).startswith("Cannot")
    assert 'value="ftp://127.0.0.1/x"' in reply.text
    assert ">web<" not in await demo.open("images")


async def test_it_is_changed(demo: Person) -> None:
    at = await make(demo)
    form = {"name": "new name", "visibility": "shared", "min_disk": "2", "min_ram": "256"}
    await demo.do(f"{at}/edit", {**form, "protected": "yes"})
    image = await show(demo, at)
    assert (image["name"], image["min_disk"], image["protected"]) == ("new name", 2, True)
    assert f"{at}/delete" not in await demo.open(at), "it is protected"
    assert (await demo.send(f"{at}/delete")).status_code == 403


async def test_properties_come_and_go(demo: Person) -> None:
    at = await make(demo)
    await demo.do(f"{at}/property", {"property": "os_distro", "value": "debian"})
    assert (await show(demo, at))["os_distro"] == "debian"
    assert "os_distro" in await demo.open(at)
    await demo.do(f"{at}/property", {"property": "os_distro", "value": ""})
    assert "os_distro" not in await show(demo, at)


async def test_it_is_shared_and_accepted(world: World, demo: Person, admin: Person) -> None:
    at = await make(admin, visibility="shared")
    await admin.do(f"{at}/share", {"member": demo.project_id})
    assert demo.project_id in await admin.open(at)
    page = await demo.open("images")
    assert f"/dashboard/{at}/accept" in page
    await demo.do(f"{at}/accept")
    assert f"/dashboard/{at}/accept" not in await demo.open("images")
    assert "mine" in await demo.open("images")
    await admin.do(f"{at}/unshare", {"member": demo.project_id})
    assert "mine" not in (await demo.open("images")).replace("are being", "")


async def test_it_is_deleted(demo: Person) -> None:
    at = await make(demo)
    assert await demo.do(f"{at}/delete") == "images"
    assert (await demo.get(f"/dashboard/{at}")).status_code == 404
