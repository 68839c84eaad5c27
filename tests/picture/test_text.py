"""The picture as text."""

from picture.cloud_sample import server, system
from pilvi.picture.text import render_text


def test_disks_and_volumes_are_told() -> None:
    words = render_text(system())
    assert "vda  1 GiB  copy of the image  * changed (5.0 MiB)" in words
    assert "vdc  3 GiB  volume data ═ iSCSI" in words
    assert "vCPU    [##" in words and "1 used, 7 free" in words
    assert "HOST h1 (up)" in words and "data                 3 GiB  in-use ═ iSCSI ═ web" in words


def test_a_tenant_reads_of_no_host() -> None:
    words = render_text(system(hosts=None, room={}))
    assert "INSTANCES" in words and "HOST" not in words
    assert "(none)" in render_text(system(hosts=None, servers=[]))


def test_what_has_no_host_and_what_is_left_out() -> None:
    lost = server(**{"OS-EXT-SRV-ATTR:host": None})
    words = render_text(system(servers=[lost], cut=frozenset(["servers"])))
    assert "NOT ON A HOST" in words and "… and more servers" in words
