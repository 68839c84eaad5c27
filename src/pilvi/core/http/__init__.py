"""HTTP: routes as data, microversions, dispatch, the request's context."""

from pilvi.core.http.call import Call, Caller, Reply
from pilvi.core.http.policy import Check, Rule
from pilvi.core.http.route import Route
from pilvi.core.http.service import Service
from pilvi.core.http.versions import Version, Versions, parse_version

__all__ = [
    "Call",
    "Caller",
    "Check",
    "Reply",
    "Route",
    "Rule",
    "Service",
    "Version",
    "Versions",
    "parse_version",
]
