"""Rules of the compute API. Whose servers a caller reaches is decided by the store."""

from pilvi.core.http import Check, Rule

RULES = [
    Rule("compute:discover", Check.PUBLIC, "See which versions there are."),
    Rule("compute:flavors:read", Check.READER, "See the flavors that one may use."),
    Rule("compute:flavors:manage", Check.ADMIN, "Create, change and delete flavors."),
    Rule("compute:keypairs:read", Check.READER, "See one's key pairs; admins see any user's."),
    Rule("compute:keypairs:write", Check.MEMBER, "Create and delete one's key pairs."),
    Rule("compute:servers:read", Check.READER, "See the project's servers and their parts."),
    Rule("compute:servers:disks", Check.READER, "See how full servers' disks are (Pilvi's own)."),
    Rule("compute:servers:explain", Check.READER, "Read the story of a server (Pilvi's own)."),
    Rule("compute:servers:usage", Check.READER, "See what a guest uses (Pilvi's own)."),
    Rule("compute:servers:write", Check.MEMBER, "Create, change and delete servers."),
    Rule("compute:servers:diagnostics", Check.ADMIN, "See what a running guest uses."),
    Rule("compute:servers:reset_state", Check.ADMIN, "Say that a server is, or is not, in ERROR."),
    Rule("compute:servers:migrate", Check.ADMIN, "Move servers between hosts, and see who moved."),
    Rule("compute:servers:events", Check.ADMIN, "Tell of something that concerns a server."),
    Rule("compute:consoles:open", Check.MEMBER, "Open a server's screen or serial line."),
    Rule("compute:consoles:tokens", Check.ADMIN, "See what a console's token opens."),
    Rule("compute:limits:read", Check.READER, "See limits, quotas and usage of the project."),
    Rule("compute:quotas:manage", Check.ADMIN, "Change the quotas of projects."),
    Rule("compute:zones:read", Check.READER, "See the availability zones."),
    Rule("compute:zones:detail", Check.ADMIN, "See the availability zones with their hosts."),
    Rule("compute:old_names:read", Check.READER, "See images and security groups by old names."),
    Rule("compute:old_names:write", Check.MEMBER, "Change images and security groups so."),
    Rule("compute:groups:read", Check.READER, "See the project's server groups."),
    Rule("compute:groups:write", Check.MEMBER, "Create and delete the project's server groups."),
    Rule("compute:gone", Check.READER, "Learn that a part of the API is gone."),
    Rule("compute:hosts:read", Check.ADMIN, "See hypervisors, services and aggregates."),
    Rule("compute:hosts:manage", Check.ADMIN, "Open and close hosts for new servers."),
]
