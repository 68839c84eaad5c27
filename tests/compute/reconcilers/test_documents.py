"""What guests can learn about themselves, from values."""

import base64

from compute.blanks import blank_server
from pilvi.compute.model.server import ServerKey, ServerVolume
from pilvi.compute.reconcilers.documents import documents


def test_a_server_without_key_and_user_data_has_none() -> None:
    found = documents(blank_server(), {}, [])
    assert found.user_data is None
    assert "public_keys" not in found.meta_data
    assert "public-keys" not in found.ec2


def test_the_key_is_on_both_paths() -> None:
    server = blank_server(key=ServerKey(name="k", type="ssh", public_key="ssh-x"))
    found = documents(server, {}, [])
    assert found.meta_data["keys"] == [{"name": "k", "type": "ssh", "data": "ssh-x"}]
    assert found.ec2["public-keys"]["0"] == {"_name": "0=k", "openssh-key": "ssh-x"}


def test_user_data_is_decoded_also_with_line_breaks() -> None:
    encoded = base64.encodebytes(b"x" * 100).decode()
    assert documents(blank_server(user_data=encoded), {}, []).user_data == b"x" * 100


def test_tagged_volumes_are_named() -> None:
    tagged = ServerVolume(attachment_id="a", volume_id="v", device="vdb", tag="data")
    plain = ServerVolume(attachment_id="b", volume_id="w", device="vdc")
    found = documents(blank_server(volumes=(tagged, plain)), {}, [])
    (device,) = found.meta_data["devices"]
    assert (device["tags"], device["serial"], device["path"]) == (["data"], "v", "/dev/vdb")


def test_ids_of_ec2_are_always_the_same() -> None:
    server = blank_server()
    first, second = documents(server, {}, []), documents(server, {}, [])
    assert first.ec2["instance-id"] == second.ec2["instance-id"]
    assert first.ec2["instance-id"].startswith("i-")
    other = documents(blank_server(), {}, [])
    assert other.ec2["instance-id"] != first.ec2["instance-id"]
