"""Rules of the network API. Which rows a caller reaches, and which attributes only admins set, is
decided below the API."""

from pilvi.core.http import Check, Rule

RULES = [
    Rule("network:discover", Check.PUBLIC, "See which versions there are."),
    Rule("network:read", Check.READER, "See networks, subnets, ports, routers and the rest."),
    Rule("network:explain", Check.READER, "Read the story of a port (Pilvi's own)."),
    Rule("network:trace", Check.ADMIN, "Let a host walk along a port (Pilvi's own)."),
    Rule("network:write_networks", Check.MEMBER, "Make, change and delete networks and subnets."),
    Rule("network:write_ports", Check.MEMBER, "Make, change and delete ports."),
    Rule("network:write_routers", Check.MEMBER, "Make, change and delete routers and their legs."),
    Rule("network:write_floatingips", Check.MEMBER, "Take, use and give back floating IPs."),
    Rule("network:write_security_groups", Check.MEMBER, "Change security groups and their rules."),
    Rule("network:write_default_rules", Check.ADMIN, "Change what new security groups hold."),
    Rule("network:write_subnetpools", Check.MEMBER, "Change subnet pools and address scopes."),
    Rule("network:write_rbac_policies", Check.MEMBER, "Share what is the project's with others."),
    Rule("network:write_qos", Check.ADMIN, "Change policies of quality of service."),
    Rule("network:read_metering", Check.ADMIN, "See metering labels and what was counted."),
    Rule("network:write_metering", Check.ADMIN, "Change metering labels and their rules."),
    Rule("network:read_logs", Check.ADMIN, "See of which ports hosts keep logs."),
    Rule("network:write_logs", Check.ADMIN, "Change of which ports hosts keep logs."),
    Rule("network:make_topology", Check.MEMBER, "Be given a network with a router."),
    Rule("network:write_tags", Check.MEMBER, "Tag what belongs to the project."),
    Rule("network:read_agents", Check.ADMIN, "See the agents of the hosts."),
    Rule("network:write_agents", Check.ADMIN, "Choose which hosts carry routers and networks."),
    Rule("network:write_port_bindings", Check.ADMIN, "Choose which hosts ports are bound to."),
    Rule("network:write_segments", Check.ADMIN, "Name the segments of networks."),
    Rule("network:read_segment_ranges", Check.ADMIN, "See which projects get which numbers."),
    Rule("network:write_segment_ranges", Check.ADMIN, "Give projects ranges of numbers."),
    Rule("network:read_service_profiles", Check.ADMIN, "See who provides flavors of routers."),
    Rule("network:write_flavors", Check.ADMIN, "Change flavors of routers and their profiles."),
    Rule("network:read_availability", Check.ADMIN, "See how many addresses are left."),
    Rule("network:read_quotas", Check.READER, "See the project's quotas; admins see all."),
    Rule("network:write_quotas", Check.ADMIN, "Change quotas."),
]
