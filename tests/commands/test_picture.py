"""The picture of the whole cloud, of a running one."""

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator

import pytest

from commands.clouds_file import write_clouds
from pilvi.commands.picture import draw_system
from pilvi.testing.server import CloudServer, running_server

pytestmark = pytest.mark.xdist_group("pilvi server")
SVG = "{http://www.w3.org/2000/svg}"


def texts(document: str) -> list[str]:
    root = ElementTree.fromstring(document)
    return ["".join(one.itertext()) for one in root.iter(f"{SVG}text")]


@pytest.fixture(scope="module")
def running() -> Iterator[CloudServer]:
    with running_server(2) as cloud:
        cloud.reset()
        write_clouds(cloud)
        yield cloud


def test_a_running_cloud_is_drawn(running: CloudServer) -> None:
    demo = running.connect()
    network = demo.network.find_network("private", ignore_missing=False)
    image = demo.image.find_image("pilvi-guest", ignore_missing=False)
    made = demo.compute.create_server(
        name="drawn", flavor_id="p1.nano", image_id=image.id, networks=[{"uuid": network.id}]
    )
    demo.compute.wait_for_server(made, wait=30)
    found = texts(draw_system(running.settings, as_text=False))
    assert any(one.startswith("drawn · ACTIVE · 10.") for one in found)
    assert any("copy of the image · changed: 1.0 MiB" in one for one in found)
    assert any(one.startswith("1 used, ") for one in found)
    assert sum(one.startswith("Host ") for one in found) == 2
    assert "drawn (ACTIVE)" in draw_system(running.settings, as_text=True)
    values = json.loads(draw_system(running.settings, as_text=False, as_json=True))
    assert [one["name"] for one in values["servers"]] == ["drawn"]
    assert len(values["hosts"]) == 2 and values["used_bytes"][made.id]["vda"] == 1 << 20
