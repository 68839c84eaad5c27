"""Rules of the placement API: what hosts have is the operator's business."""

from pilvi.core.http import Check, Rule

RULES = [
    Rule("placement:discover", Check.PUBLIC, "See which versions there are."),
    Rule("placement:read", Check.ADMIN, "See providers, what they have, and who claims it."),
    Rule("placement:change", Check.ADMIN, "Change providers, words and who holds what."),
    Rule("placement:list_usages", Check.READER, "See what one's project claims; admins see all."),
]
