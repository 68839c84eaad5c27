"""Leaving root behind, inside the process.

The package may be installed below a folder that only root can enter, so the process starts as
root, imports everything it will need, and then drops to a numeric uid without any capability.
"""

import ctypes
import importlib
import os
import pkgutil

import pilvi

_PR_SET_NO_NEW_PRIVS = 38


def import_everything(*packages: str) -> None:
    """Import all modules of some of our packages, so that none is read after the drop."""
    for name in packages:
        package = importlib.import_module(f"{pilvi.__name__}.{name}")
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            importlib.import_module(module.name)


def drop_privileges(uid: int) -> None:
    """Become `uid` for good: no groups, no capabilities, no way back."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    os.umask(0o077)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
