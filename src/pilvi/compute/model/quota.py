"""How much of compute a project may use."""

ENFORCED = {
    "instances": 10,
    "cores": 20,
    "ram": 51200,
    "metadata_items": 128,
    "key_pairs": 100,
    "server_groups": 10,
    "server_group_members": 10,
}
"""Limits of a project that an admin has not changed; -1 is no limit. `ram` is in MiB."""

OF_NETWORKS = {
    "fixed_ips": -1,
    "floating_ips": -1,
    "security_groups": -1,
    "security_group_rules": -1,
}
"""Limits that versions before 2.36 name: kept and shown; what counts are the network's quotas."""

OF_FILES = {
    "injected_files": 0,
    "injected_file_content_bytes": 0,
    "injected_file_path_bytes": 0,
}
"""Limits that versions before 2.57 name: kept and shown; no server takes files here."""

DEFAULTS = {**ENFORCED, **OF_NETWORKS, **OF_FILES}

PER_USER = ("instances", "cores", "ram", "key_pairs", "server_groups")
"""Those that one user of a project can have a smaller limit of."""


def headroom(limit: int, used: int) -> int | None:
    """How much may still be taken; None is no limit. Pure."""
    return None if limit < 0 else max(0, limit - used)


def is_above(limit: int, most: int) -> bool:
    """Whether a limit allows more than another one does. Pure."""
    return most >= 0 and (limit < 0 or limit > most)
