"""Taps: made persistent, so that they outlive whoever holds them."""

import errno
import fcntl
import os
import struct

from pilvi.agent.ports.linux import namespaces
from pilvi.errors import Unavailable

_TUNSETIFF = 0x400454CA
_TUNSETPERSIST = 0x400454CB
_TUNGETIFF = 0x800454D2
_IFF_TAP = 0x0002
_IFF_NO_PI = 0x1000
_IFF_VNET_HDR = 0x4000
_IFF_PERSIST = 0x0800


def make_tap(name: str) -> None:
    """Make a persistent tap in the calling thread's namespace. Repeatable."""
    try:
        descriptor = _attach(name)
    except OSError as error:
        if error.errno == errno.EBUSY:
            # It is there, and its guest holds it.
            return
        raise
    try:
        fcntl.ioctl(descriptor, _TUNSETPERSIST, 1)
    finally:
        os.close(descriptor)


def open_tap(namespace: str, name: str) -> int:
    """Open a tap that was made before; the descriptor works in every namespace.

    Raises `Unavailable` when there is none, or somebody else holds it.
    """
    with namespaces.inside(namespace):
        try:
            descriptor = _attach(name)
        except OSError as error:
            if error.errno == errno.EBUSY:
                raise Unavailable(f"cannot open {name}: another process holds it") from None
            raise
    # Attaching to a name that does not exist makes a new tap, without rules, which goes with
    # its descriptor; the mark of persistence tells the two apart.
    answer = fcntl.ioctl(descriptor, _TUNGETIFF, bytes(40))
    if not struct.unpack_from("16xH", answer)[0] & _IFF_PERSIST:
        os.close(descriptor)
        raise Unavailable(f"cannot open {name}: there is no such tap")
    return descriptor


def _attach(name: str) -> int:
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
    flags = _IFF_TAP | _IFF_NO_PI | _IFF_VNET_HDR
    try:
        fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH22x", name.encode(), flags))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
