"""The tree of paths over one guest's document."""

import json

import pytest

from pilvi.agent.ports.metadata_tree import (
    EC2_VERSIONS,
    OPENSTACK_VERSIONS,
    encode_document,
    find_answer,
)

DOCUMENT = encode_document(
    {"uuid": "u", "public_keys": {"mine": "ssh-ed25519 AAAA"}},
    {"links": []},
    {
        "instance-id": "i-1",
        "public-keys": {"0": {"openssh-key": "ssh-ed25519 AAAA"}},
        "placement": {"availability-zone": "nova"},
    },
    b"\x00user\xff",
)
SILENT = encode_document({"uuid": "u"}, {}, {"instance-id": "i-1"}, None)


def text(path: str, document: bytes = DOCUMENT) -> str | None:
    found = find_answer(path, document)
    return None if found is None else found[1].decode("latin-1")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/latest/meta-data", "instance-id\nplacement/\npublic-keys/"),
        ("/latest/meta-data/", "instance-id\nplacement/\npublic-keys/"),
        ("/2009-04-04/meta-data/instance-id", "i-1"),
        ("/latest/meta-data/placement/", "availability-zone"),
        ("/latest/meta-data/placement/availability-zone", "nova"),
        ("/latest/meta-data/public-keys/", "0=mine"),
        ("/latest/meta-data/public-keys/0", "openssh-key"),
        ("/latest/meta-data/public-keys/0/openssh-key", "ssh-ed25519 AAAA"),
        ("/latest", "meta-data/\nuser-data"),
        ("/latest/user-data", "\x00user\xff"),
        ("/openstack/latest/user_data", "\x00user\xff"),
        ("/openstack", "\n".join(OPENSTACK_VERSIONS)),
        ("/", "\n".join([*EC2_VERSIONS, "openstack"])),
        ("/openstack/latest/vendor_data.json", "{}"),
        ("/openstack/2012-08-10", "meta_data.json\nuser_data"),
    ],
)
def test_what_a_path_answers(path: str, expected: str) -> None:
    assert text(path) == expected


@pytest.mark.parametrize("version", OPENSTACK_VERSIONS)
def test_every_listed_version_has_all_that_it_lists(version: str) -> None:
    listing = text(f"/openstack/{version}/")
    assert listing is not None
    for name in listing.splitlines():
        assert find_answer(f"/openstack/{version}/{name}", DOCUMENT) is not None
    assert json.loads(text(f"/openstack/{version}/meta_data.json") or "")["uuid"] == "u"


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/openstack/2012-08-10/network_data.json",
        "/openstack/latest/meta_data.json/x",
        "/latest/meta-data/instance-id/x",
        "/latest/meta-data/_name",
        "/latest/user-data/x",
        "/latest/other",
        "/1999-01-01/meta-data",
    ],
)
def test_what_is_not_there_is_not_answered(path: str) -> None:
    assert text(path) is None


def test_without_user_data_its_paths_are_not_there() -> None:
    assert text("/latest/user-data", SILENT) is None
    assert text("/openstack/latest/user_data", SILENT) is None
    assert text("/latest", SILENT) == "meta-data/"
    assert "user_data" not in (text("/openstack/latest", SILENT) or "")


def test_the_kind_of_each_answer() -> None:
    kinds = {
        path: (find_answer(path, DOCUMENT) or ("", b""))[0]
        for path in ("/openstack/latest/meta_data.json", "/latest/meta-data/instance-id")
    }
    assert list(kinds.values()) == ["application/json", "text/plain"]
