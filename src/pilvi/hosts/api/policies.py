"""Rules of the host contract: hosts prove themselves by their own credential, not by a token."""

from pilvi.core.http import Check, Rule

RULES = [Rule("hosts:contract", Check.PUBLIC, "Speak as a host, with the host's own credential.")]
