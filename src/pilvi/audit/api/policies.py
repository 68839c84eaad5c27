"""Rules of the audit: what is where is the operator's business."""

from pilvi.core.http import Check, Rule

RULES = [Rule("audit:look", Check.ADMIN, "Compare the database with every host.")]
