"""The config drive: a guest's documents on a small ISO image labelled `config-2`.

Source: Nova user documentation, "Config drives"; the tree is the one of the metadata service.
"""

import hashlib
import io
from typing import Any

import msgspec

from pilvi.host_api.vms import GuestDocuments

LABEL = "config-2"


def digest(documents: GuestDocuments) -> str:
    """A short name for exactly these documents. Pure."""
    return hashlib.sha256(msgspec.json.encode(documents, order="deterministic")).hexdigest()[:16]


def config_drive(documents: GuestDocuments) -> bytes:
    """The whole ISO 9660 image, with Rock Ridge and Joliet names. Pure but for its dates."""
    meta_data = documents.meta_data
    if documents.admin_password is not None:
        meta_data = {**meta_data, "admin_pass": documents.admin_password}
    files = {
        "openstack/latest/meta_data.json": msgspec.json.encode(meta_data),
        "openstack/latest/network_data.json": msgspec.json.encode(documents.network_data),
        "ec2/latest/meta-data.json": msgspec.json.encode(_ec2_document(documents.ec2)),
    }
    if documents.user_data is not None:
        files["openstack/latest/user_data"] = documents.user_data
        files["ec2/latest/user-data"] = documents.user_data
    from pycdlib import PyCdlib  # late: fake hosts write no images

    image: Any = PyCdlib()
    image.new(interchange_level=3, joliet=3, rock_ridge="1.09", vol_ident=LABEL)
    try:
        short_names: dict[str, str] = {"": ""}
        for path, body in files.items():
            _add_file(image, path, body, short_names)
        whole = io.BytesIO()
        image.write_fp(whole)
        return whole.getvalue()
    finally:
        image.close()


def _ec2_document(tree: dict[str, Any]) -> dict[str, Any]:
    """The EC2 tree as one document; a folder keeps its shape."""
    return {key: value for key, value in tree.items() if value is not None}


def _add_file(image: Any, path: str, body: bytes, short_names: dict[str, str]) -> None:
    """Add one file and the folders above it; ISO 9660 names are only numbers."""
    folder = ""
    *parts, name = path.split("/")
    for part in parts:
        parent, folder = folder, f"{folder}/{part}"
        if folder not in short_names:
            short_names[folder] = f"{short_names[parent]}/D{len(short_names)}"
            image.add_directory(short_names[folder], rr_name=part, joliet_path=folder)
    short_name = f"{short_names[folder]}/F{len(short_names)}.;1"
    short_names[f"{folder}/{name}"] = short_name
    image.add_fp(
        io.BytesIO(body), len(body), short_name, rr_name=name, joliet_path=f"{folder}/{name}"
    )
