"""What a host needs from Debian: one table for `pilvi setup` and `pilvi doctor`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Requirement:
    """A Debian package and a file that shows that it is there."""

    package: str
    file: str
    why: str


HOST = (
    Requirement("qemu-system-x86", "/usr/bin/qemu-system-x86_64", "runs the guests"),
    Requirement("qemu-utils", "/usr/bin/qemu-img", "makes disks"),
    Requirement(
        "qemu-block-extra",
        "/usr/lib/x86_64-linux-gnu/qemu/block-iscsi.so",
        "attaches volumes through iSCSI",
    ),
    Requirement("tgt", "/usr/sbin/tgtd", "exports volumes through iSCSI"),
    Requirement("dnsmasq-base", "/usr/sbin/dnsmasq", "serves DHCP"),
    Requirement("nftables", "/usr/sbin/nft", "filters and translates packets"),
    Requirement("iproute2", "/usr/bin/ip", "makes network namespaces"),
    Requirement("util-linux", "/usr/bin/setpriv", "takes rights from guests' processes"),
)

GUEST_BUILD = (
    Requirement("busybox-static", "/usr/bin/busybox", "builds the test image"),
    Requirement("cpio", "/usr/bin/cpio", "builds the test image"),
    Requirement("lz4", "/usr/bin/lz4", "builds the test image"),
    Requirement("mtools", "/usr/bin/mcopy", "builds the test image"),
    Requirement("syslinux", "/usr/bin/syslinux", "builds the test image"),
    Requirement("syslinux-common", "/usr/lib/syslinux", "builds the test image"),
    Requirement("e2fsprogs", "/usr/sbin/mke2fs", "builds the test image"),
    Requirement("binutils", "/usr/bin/strip", "builds the test image"),
)
