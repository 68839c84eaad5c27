from pilvi.agent.vms.command_line import disk_node
from pilvi.agent.vms.qemu_captures import image_options
from vm_world import make_disks, make_image


def test_every_format_is_named_to_qemu_img() -> None:
    node = disk_node(make_disks(make_image(disk_format="qcow2"))[0], 1)
    assert image_options(node).split(",") == [
        "driver=qcow2",
        "file.driver=file",
        "file.filename=vda.1.qcow2",
        "backing.driver=qcow2",
        "backing.read-only=on",
        "backing.file.driver=file",
        "backing.file.filename=vda.1.base",
        "backing.backing=",
    ]


def test_a_comma_cannot_add_an_option() -> None:
    assert image_options({"filename": "a,driver=nbd"}) == "filename=a,,driver=nbd"
