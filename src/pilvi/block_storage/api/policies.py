"""Rules of the block storage API."""

from pilvi.core.http import Check, Rule

RULES = [
    Rule("volume:discover", Check.PUBLIC, "See which versions there are."),
    Rule("volume:read", Check.READER, "See the volumes and attachments of one's project."),
    Rule("volume:explain", Check.READER, "Read the story of a volume (Pilvi's own)."),
    Rule("volume:write", Check.MEMBER, "Create, change and delete volumes of one's project."),
    Rule("volume:administer", Check.ADMIN, "Force a deletion, reset a status."),
    Rule("volume:refused", Check.MEMBER, "Be told that something is not served."),
    Rule("volume:read_types", Check.READER, "See the volume types."),
    Rule("volume:manage_types", Check.ADMIN, "Create, change and delete volume types."),
    Rule("volume:read_quotas", Check.READER, "See the quotas of one's project."),
    Rule("volume:manage_quotas", Check.ADMIN, "Say what projects may have."),
    Rule("volume:read_backends", Check.ADMIN, "See where volumes are kept."),
    Rule("volume:manage_backends", Check.ADMIN, "Open and close hosts to new volumes."),
    Rule("volume:read_surroundings", Check.READER, "See zones, limits, extensions and filters."),
]
