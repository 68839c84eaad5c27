"""How much of each thing a project may have."""

DEFAULTS = {
    "network": 100,
    "subnet": 100,
    "port": 500,
    "router": 10,
    "floatingip": 50,
    "security_group": 10,
    "security_group_rule": 100,
    "subnetpool": -1,
    "address_scope": 100,
    "address_group": 100,
    "rbac_policy": 10,
}
"""Neutron's defaults where it has one; -1 is no limit."""
UNLIMITED = -1
