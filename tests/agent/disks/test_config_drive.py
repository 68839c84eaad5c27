import io
import json

import pycdlib

from pilvi.agent.disks.config_drive import LABEL, config_drive, digest
from pilvi.host_api.vms import GuestDocuments
from vm_world import SERVER, make_documents


def read(documents: GuestDocuments) -> tuple[str, dict[str, bytes]]:
    """The label and every file by its Rock Ridge name, the same as by its Joliet name."""
    image = pycdlib.PyCdlib()
    image.open_fp(io.BytesIO(config_drive(documents)))
    label = image.pvd.volume_identifier.decode().strip()
    files = {}
    for folder, _, names in image.walk(rr_path="/"):
        for name in names:
            path = f"{folder.rstrip('/')}/{name}"
            bodies = []
            for kind in ("rr_path", "joliet_path"):
                body = io.BytesIO()
                image.get_file_from_iso_fp(body, **{kind: path})
                bodies.append(body.getvalue())
            assert bodies[0] == bodies[1]
            files[path] = bodies[0]
    image.close()
    return label, files


def test_the_guest_finds_its_documents() -> None:
    documents = make_documents(user_data=b"#!/bin/sh\n", ec2={"instance-id": "i-1"})
    label, files = read(documents)
    assert label == LABEL
    assert json.loads(files["/openstack/latest/meta_data.json"])["uuid"] == SERVER
    assert json.loads(files["/openstack/latest/network_data.json"]) == {}
    assert json.loads(files["/ec2/latest/meta-data.json"]) == {"instance-id": "i-1"}
    assert files["/openstack/latest/user_data"] == b"#!/bin/sh\n"


def test_there_is_no_user_data_where_none_was_given() -> None:
    _, files = read(make_documents())
    assert not [path for path in files if "user" in path]


def test_a_digest_stands_for_exactly_its_documents() -> None:
    assert digest(make_documents()) == digest(make_documents())
    assert digest(make_documents(user_data=b"x")) != digest(make_documents())
