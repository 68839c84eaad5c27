"""Consoles of this host's guests: each session is dialled, joined with the guest, and forgotten."""
