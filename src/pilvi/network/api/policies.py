"""Rules of the network API. Which rows a caller reaches, and which attributes only admins set, is
decided below the API."""

from pilvi.core.http import Check, Rule

RULES = [
    Rule("network:discover", Check.PUBLIC, "See which versions there are."),
    Rule("network:read", Check.READER, "See networks, subnets, ports, routers and the rest."),
    Rule("network:write_networks", Check.MEMBER, "Make, change and delete networks and subnets."),
    Rule("network:write_ports", Check.MEMBER, "Make, change and delete ports."),
    Rule("network:write_routers", Check.MEMBER, "Make, change and delete routers and their legs."),
    Rule("network:write_floatingips", Check.MEMBER, "Take, use and give back floating IPs."),
    Rule("network:write_security_groups", Check.MEMBER, "Change security groups and their rules."),
    Rule("network:write_default_rules", Check.ADMIN, "Change what new security groups hold."),
    Rule("network:write_subnetpools", Check.MEMBER, "Change subnet pools and address scopes."),
    Rule("network:write_rbac_policies", Check.MEMBER, "Share what is the project's with others."),
    Rule("network:write_qos", Check.ADMIN, "Change policies of quality of service."),
    Rule("network:make_topology", Check.MEMBER, "Be given a network with a router."),
    Rule("network:write_tags", Check.MEMBER, "Tag what belongs to the project."),
    Rule("network:read_agents", Check.ADMIN, "See the agents of the hosts."),
    Rule("network:read_availability", Check.ADMIN, "See how many addresses are left."),
    Rule("network:read_quotas", Check.READER, "See the project's quotas; admins see all."),
    Rule("network:write_quotas", Check.ADMIN, "Change quotas."),
]
