"""How much of each thing a project may have."""

DEFAULTS = {
    "network": 100,
    "subnet": 100,
    "port": 500,
    "router": 10,
    "floatingip": 50,
    "security_group": 10,
    "security_group_rule": 100,
}
"""Neutron's defaults; -1 would be no limit."""
UNLIMITED = -1
