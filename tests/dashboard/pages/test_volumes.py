"""Volumes, snapshots and backups."""

from dashboard.person import Person, World


async def make(person: Person, **form: str) -> str:
    """A volume that is ready; its path."""
    to = await person.do("volumes/new", {"name": "data", "size": "1", **form})
    await person.until(to, ">available<")
    return to


async def test_a_volume_is_made_changed_and_deleted(demo: Person) -> None:
    at = await make(demo, description="of mine")
    page = await demo.open(at)
    assert "of mine" in page
    await demo.do(f"{at}/edit", {"name": "other", "description": ""})
    assert "<h1>other</h1>" in await demo.open(at)
    assert 'value="2"' in await demo.open(f"{at}/extend")
    await demo.do(f"{at}/extend", {"size": "3"})
    await demo.until(at, "3 GiB")
    await demo.until(at, ">available<")
    assert await demo.do(f"{at}/delete") == "volumes"
    await demo.until("volumes", "No volumes yet")


async def test_what_is_wrong_with_a_size_is_said(demo: Person) -> None:
    reply = await demo.send("volumes/new", {"name": "x", "size": "9999999"})
    assert reply.status_code in (403, 413)
    assert 'value="9999999"' in reply.text
    assert "No volumes yet" in await demo.open("volumes")


async def test_it_is_attached_and_detached(world: World, demo: Person) -> None:
    id, at = await world.launch(demo), await make(demo)
    await demo.do(f"{at}/attach", {"instance": id})
    page = await demo.until(at, ">in-use<")
    assert f"/dashboard/instances/{id}" in page
    assert f'value="{id}"' in await demo.open(f"{at}/detach")
    await demo.do(f"{at}/detach", {"instance": id})
    await demo.until(at, ">available<")


async def test_it_is_filled_with_an_image_and_becomes_one(world: World, demo: Person) -> None:
    at = await make(demo, image=await world.image_id(demo))
    found = await demo.ask("GET", f"/volume/v3/{at}")
    assert found["volume"]["bootable"] == "true"
    assert await demo.do(f"{at}/image", {"name": "copy"}) == "images"
    await demo.until("images", ">copy<")


async def test_a_snapshot_is_made_used_and_deleted(demo: Person) -> None:
    at = await make(demo)
    snapshot = await demo.do(f"{at}/snapshot", {"name": "before"})
    await demo.until(snapshot, ">available<")
    assert "before" in await demo.open("snapshots")
    await demo.do(f"{snapshot}/edit", {"name": "earlier", "description": "x"})
    copy = await demo.do(f"{snapshot}/volume", {"name": "copy"})
    await demo.until(copy, ">available<")
    assert await demo.do(f"{snapshot}/revert") == at
    await demo.until(at, ">available<")
    assert await demo.do(f"{snapshot}/delete") == "snapshots"
    await demo.until("snapshots", "No snapshots yet")


async def test_a_backup_is_made_restored_and_deleted(demo: Person) -> None:
    at = await make(demo)
    backup = await demo.do(f"{at}/backup", {"name": "weekly"})
    await demo.until(backup, ">available<")
    assert "weekly" in await demo.open("backups")
    restored = await demo.do(f"{backup}/restore", {"name": "again"})
    await demo.until(restored, ">available<")
    assert await demo.do(f"{backup}/delete") == "backups"
    await demo.until("backups", "No backups yet")
