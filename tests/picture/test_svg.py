"""The picture as SVG: everything is drawn, nothing leaves its place, and names are only words."""

import re
import xml.etree.ElementTree as ElementTree
from urllib.parse import quote

import pytest

from picture.cloud_sample import image, server, system, volume
from pilvi.picture.style import STANDALONE
from pilvi.picture.svg import render_svg

SVG = "{http://www.w3.org/2000/svg}"
EVIL = ("<script>alert(1)</script>&", '"onload="alert(2)', "'><img src=x onerror=alert(3)>")


def parse(document: str) -> ElementTree.Element:
    return ElementTree.fromstring(document)


def texts(document: str) -> list[str]:
    return ["".join(one.itertext()) for one in parse(document).iter(f"{SVG}text")]


def classes(document: str, tag: str) -> list[str]:
    return [one.get("class", "") for one in parse(document).iter(f"{SVG}{tag}")]


def link(kind: str, id: str) -> str:
    return f"/dashboard/{kind}/{quote(id, safe='')}"


def test_everything_is_drawn() -> None:
    document = render_svg(system())
    found = texts(document)
    for words in (
        "small · active · 18.0 MiB",
        "Host h1 (up)",
        "1 used, 7 free",
        "web · ACTIVE · 10.0.0.4",
        "vda · 1 GiB · copy of the image · changed: 5.0 MiB",
        "vdb · 2 GiB · ephemeral",
        "vdc · 3 GiB · volume data",
        "data · 3 GiB · in-use",
    ):
        assert any(words in one for one in found), words
    assert classes(document, "path") == ["iscsi"]


@pytest.mark.parametrize(
    ("used", "heat"), [(1 << 19, None), (1 << 20, 1), (50 << 20, 2), (300 << 20, 3), (1 << 30, 4)]
)
def test_a_disk_is_coloured_by_how_much_changed(used: int, heat: int | None) -> None:
    document = render_svg(system(used_bytes={"s1": {"vda": used}}))
    seen = [one for one in classes(document, "rect") if one.startswith("heat-")]
    assert seen == ([] if heat is None else [f"heat-{heat}"])


def test_copies_are_lines_while_they_last() -> None:
    building = system(servers=[server(status="BUILD")], volumes=[])
    assert classes(render_svg(building), "path") == ["copy", "tip"]
    saving = image(id="i2", status="saving", size=None, instance_uuid="s1")
    snapshot = system(images=[image(), saving], volumes=[])
    assert classes(render_svg(snapshot), "path") == ["copy", "tip"]
    done = system(images=[image(), {**saving, "status": "active"}], volumes=[])
    assert classes(render_svg(done), "path") == []


def test_what_is_deleted_is_seen_to_come_back() -> None:
    leaving = server(**{"OS-EXT-STS:task_state": "deleting"})
    document = render_svg(system(servers=[leaving]))
    assert any("1 used, 1 of it leaving" in one for one in texts(document))
    rects = classes(document, "rect")
    assert rects.count("leaving") == 3 and "inner leaving" in rects
    gone = render_svg(system(servers=[], room={"h1": {"VCPU": (0, 8)}}))
    assert "0 used, 8 free" in texts(gone)


def test_boxes_grow_with_what_is_in_them_and_nothing_leaves_the_page() -> None:
    many = [server(id=f"s{n}", name=f"n{n}") for n in range(9)]
    small, large = (parse(render_svg(system(servers=s))) for s in ([], many))
    assert float(large.get("height", "0")) > float(small.get("height", "0")) + 9 * 60
    height = float(large.get("height", "0"))
    for box in large.iter(f"{SVG}rect"):
        assert float(box.get("y", "0")) + float(box.get("height", "0")) <= height


@pytest.mark.parametrize("evil", EVIL)
def test_names_are_words_and_no_markup(evil: str) -> None:
    things = {
        "servers": [server(name=evil, id=evil, addresses={evil: [{"addr": evil}]})],
        "volumes": [volume(name=evil, id=evil, status=evil)],
        "images": [image(name=evil, status=evil)],
        "hosts": [{"hypervisor_hostname": evil, "state": evil}],
    }
    document = render_svg(system(**things), link=link)
    allowed = {"svg", "rect", "text", "title", "circle", "path", "a"}
    for one in parse(document).iter():
        assert one.tag.removeprefix(SVG) in allowed
        assert not [name for name in one.attrib if name.startswith("on") or name == "style"]
    assert any(evil in one for one in texts(document))


def test_a_name_that_no_document_may_hold_is_drawn_all_the_same() -> None:
    document = render_svg(system(servers=[server(name="a\x00b\x1b\u202ec")]))
    assert any("a\ufffdb\ufffd\ufffdc" in one for one in texts(document))


def test_long_names_end_in_their_box_and_are_told_whole() -> None:
    for name in ("W" * 200, "界" * 200):
        document = render_svg(system(images=[image(name=name)]))
        (told,) = [one.text for one in parse(document).iter(f"{SVG}title") if name in str(one.text)]
        assert told == f"{name} · active · 18.0 MiB"


def test_an_instance_without_a_host_and_an_empty_cloud() -> None:
    waiting = server(**{"OS-EXT-SRV-ATTR:host": None, "OS-EXT-STS:task_state": "scheduling"})
    found = texts(render_svg(system(servers=[waiting])))
    assert "Not on a host that is shown" in found
    assert any("ACTIVE, scheduling" in one for one in found)
    empty = texts(render_svg(system(images=[], hosts=[], servers=[], volumes=[])))
    assert empty == ["Image store", "(empty)", "Volume store", "(empty)"]


def test_a_tenants_picture_names_no_host() -> None:
    own = server()
    del own["OS-EXT-SRV-ATTR:host"]
    found = texts(render_svg(system(hosts=None, servers=[own], room={})))
    assert "Instances" in found
    assert not any("Host" in one or "host" in one for one in found)


def test_what_is_left_out_is_said() -> None:
    found = texts(render_svg(system(cut=frozenset(["images", "servers", "hosts", "volumes"]))))
    assert found.count("… and more") == 2
    assert "… and more instances" in found and "… and more hosts" in found


def test_a_page_gets_links_and_brings_the_style() -> None:
    document = render_svg(system(servers=[server(id="../x")]), link=link)
    hrefs = [one.get("href") for one in parse(document).iter(f"{SVG}a")]
    assert "/dashboard/instances/..%2Fx" in hrefs and "/dashboard/volumes/v1" in hrefs
    assert "<style" not in document and parse(document).get("role") == "group"
    alone = render_svg(system(), STANDALONE)
    assert not list(parse(alone).iter(f"{SVG}a")) and parse(alone).get("role") == "img"
    used = {one for tag in ("rect", "text", "path", "circle") for one in classes(alone, tag)}
    for name in {word for one in used for word in one.split()} - {"good", "quiet"}:
        assert re.search(rf"\.{name}[{{. ]", STANDALONE), name
