"""How much of compute a project may use."""

DEFAULTS = {
    "instances": 10,
    "cores": 20,
    "ram": 51200,
    "metadata_items": 128,
    "key_pairs": 100,
    "server_groups": 10,
    "server_group_members": 10,
}
"""Limits of a project that an admin has not changed; -1 is no limit. `ram` is in MiB."""

COUNTED = ("instances", "cores", "ram")
"""Those whose use is the sum over the project's servers."""


def headroom(limit: int, used: int) -> int | None:
    """How much may still be taken; None is no limit. Pure."""
    return None if limit < 0 else max(0, limit - used)
