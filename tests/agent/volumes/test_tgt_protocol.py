import platform

import pytest

from pilvi.agent.volumes.tgt_protocol import HEADER, Mode, Operation, Request, encode_request


def test_a_request_has_the_layout_of_tgtadm() -> None:
    """Offsets as the compiler lays out struct tgtadm_req on 64-bit machines."""
    if platform.machine() not in ("x86_64", "aarch64"):
        pytest.skip("offsets are of little-endian 64-bit machines")
    data = encode_request(
        Request(Mode.ACCOUNT, Operation.NEW, 258, 3, "user=a,password=b", force=True)
    )
    assert HEADER.size == 120
    assert data[0:4] == b"\x07\0\0\0" and data[4:8] == b"\0\0\0\0"
    assert data[8:14] == b"iscsi\0"
    assert int.from_bytes(data[72:76], "little") == len(data) == 120 + 18
    assert int.from_bytes(data[76:80], "little") == 258
    assert int.from_bytes(data[88:96], "little") == 3
    assert data[116] == 1
    assert data[120:] == b"user=a,password=b\0"


def test_a_request_never_shows_its_password() -> None:
    request = Request(Mode.ACCOUNT, Operation.NEW, parameters="user=a,password=topsecret")
    assert "topsecret" not in repr(request) + str(request)
