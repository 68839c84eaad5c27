"""Names of guests and of their disks."""

import pytest

from pilvi.compute.model.server_name import check_hostname, choose_device, hostname_of
from pilvi.errors import InvalidRequest


@pytest.mark.parametrize(
    ("name", "hostname"),
    [
        ("web", "web"),
        ("My Server_1", "my-server-1"),
        ("a.b.c", "a-b-c"),
        ("<script>", "script"),
        ("x" * 200, "x" * 63),
        ("日本", "server-id-1"),
        ("---", "server-id-1"),
    ],
)
def test_a_host_name_is_made_of_the_server_name(name: str, hostname: str) -> None:
    assert hostname_of(name, "id-1") == hostname


@pytest.mark.parametrize("name", ["", "-a", "a-", "a_b", "a" * 64, "a.b"])
def test_a_host_name_that_cannot_be_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest):
        check_hostname(name, allows_domain=False)


def test_a_domain_is_for_newer_versions() -> None:
    assert check_hostname("a.example.org", allows_domain=True) == "a.example.org"
    with pytest.raises(InvalidRequest):
        check_hostname("a..org", allows_domain=True)


def test_a_device_is_the_next_free_one_or_the_one_asked_for() -> None:
    assert choose_device(None, {"vda"}) == "vdb"
    assert choose_device("/dev/vdf", {"vda"}) == "vdf"
    assert choose_device("/dev/sdb", {"vda", "vdb"}) == "vdc"
    with pytest.raises(InvalidRequest, match="in use"):
        choose_device("vdb", {"vda", "vdb"})
    with pytest.raises(InvalidRequest, match="as many"):
        choose_device(None, {f"vd{chr(n)}" for n in range(97, 123)})
