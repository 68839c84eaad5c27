"""Rows of the network service that are Pilvi's own; their paths say so."""

from pilvi.core.http import Route
from pilvi.network.api import stories, traces

OWN_ROUTES = [
    Route("GET", "/ports/{port_id}/pilvi-story", stories.explain_port, "network:explain"),
    Route("GET", "/ports/{port_id}/pilvi-trace", traces.show_trace, "network:trace"),
    Route("POST", "/ports/{port_id}/pilvi-trace", traces.create_trace, "network:trace", status=202),
]
