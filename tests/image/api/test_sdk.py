"""The unmodified OpenStack SDK against a served image API; its command line is in tests/e2e."""

import asyncio
import hashlib
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import openstack
import pytest
import uvicorn

from cloud import PASSWORDS, Cloud


@asynccontextmanager
async def served(cloud: Cloud) -> AsyncIterator[str]:
    """The cloud's API on a loopback port of its own; its URL."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        port = listener.getsockname()[1]
        config = uvicorn.Config(
            cloud.plane.build_app(), lifespan="off", log_level="warning", access_log=False
        )
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            await task


def credentials(url: str, user: str = "demo") -> dict[str, str]:
    """How a client logs in."""
    return {
        "auth_url": f"{url}/identity/v3",
        "username": user,
        "password": PASSWORDS[user],
        "project_name": user,
        "user_domain_id": "default",
        "project_domain_id": "default",
    }


def connect(url: str, user: str = "demo") -> Any:
    """A connection of the SDK that reads no file and no environment."""
    return openstack.connection.Connection(
        auth=credentials(url, user),
        region_name="RegionOne",
        app_name="test",
    )


def walk_through(url: str, source: Path, target: Path) -> None:
    """The life of one image, as the SDK's users write it."""
    conn = connect(url)
    content = source.read_bytes()
    image = conn.create_image(
        "disk",
        filename=str(source),
        disk_format="raw",
        container_format="bare",
        wait=True,
        validate_checksum=True,
        min_disk=1,
        os_distro="pilvi",
    )
    assert image.status in ("active", "queued")
    found = conn.image.find_image("disk")
    assert found.status == "active"
    assert found.hash_value == hashlib.sha512(content).hexdigest()
    assert found.properties["owner_specified.openstack.md5"] == hashlib.md5(content).hexdigest()
    assert found.os_distro == "pilvi" and found.min_disk == 1
    conn.image.download_image(found, output=str(target))
    assert target.read_bytes() == content
    again = conn.create_image(
        "disk", filename=str(source), disk_format="raw", wait=True, validate_checksum=True
    )
    assert again.id == found.id, "the same file under the same name is not sent twice"
    updated = conn.image.update_image(found, name="other", is_protected=True, extra="1")
    assert updated.name == "other" and updated.is_protected
    with pytest.raises(openstack.exceptions.ForbiddenException, match="protected"):
        conn.image.delete_image(found.id)
    conn.image.update_image(found.id, is_protected=False)
    conn.image.add_tag(found, "ready")
    assert [one.id for one in conn.image.images(tag="ready")] == [found.id]
    conn.image.deactivate_image(found)
    conn.image.reactivate_image(found)
    conn.image.delete_image(found.id, ignore_missing=False)
    assert conn.image.find_image("other") is None


def share(url: str, source: Path, project_id: str) -> None:
    """Sharing and importing."""
    owner, other = connect(url), connect(url, "admin")
    image = owner.image.create_image(
        "staged",
        filename=str(source),
        disk_format="raw",
        use_import=True,
        visibility="shared",
        allow_duplicates=True,
    )
    assert owner.image.get_image(image.id).status == "active"
    member = owner.image.add_member(image.id, member_id=project_id)
    assert member.status == "pending"
    other.image.update_member(project_id, image.id, status="accepted")
    assert [one.status for one in owner.image.members(image.id)] == ["accepted"]
    owner.image.remove_member(project_id, image.id, ignore_missing=False)
    assert len(list(owner.image.images(limit=1))) == 1
    names = {f"n{number}" for number in range(5)}
    for name in names:
        owner.image.create_image(name, disk_format="raw")
    listed = [one.name for one in owner.image.images(limit=2, sort="name:asc")]
    assert listed == [*sorted(names), "staged"]
    with pytest.raises(openstack.exceptions.BadRequestException, match="disk_format is 'qcow2'"):
        owner.create_image("liar", filename=str(source), disk_format="qcow2", wait=True)


async def test_sdk_creates_downloads_changes_and_deletes(cloud: Cloud, tmp_path: Path) -> None:
    source, target = tmp_path / "source.raw", tmp_path / "target.raw"
    source.write_bytes(os.urandom(3 << 20) + bytes(2 << 20))
    async with served(cloud) as url:
        await asyncio.to_thread(walk_through, url, source, target)


async def test_sdk_imports_shares_and_pages(cloud: Cloud, tmp_path: Path) -> None:
    source = tmp_path / "source.raw"
    source.write_bytes(os.urandom(1 << 20))
    async with served(cloud) as url:
        await asyncio.to_thread(share, url, source, cloud.project_ids["admin"])
