"""Short words for the rows of identity's surface: one line each.

A rule has the name that OpenStack's own policy files know it by, below `identity:`.
"""

from typing import Any

from pilvi.core.http import Route
from pilvi.core.http.route import Handler


def get(path: str, handler: Handler, rule: str) -> Route:
    """A row that reads."""
    return Route("GET", path, handler, f"identity:{rule}")


def post(path: str, handler: Handler, rule: str, body: type | None, **options: Any) -> Route:
    """A row that makes something, answered with 201 unless told otherwise."""
    return Route("POST", path, handler, f"identity:{rule}", body=body, **{"status": 201, **options})


def put(
    path: str, handler: Handler, rule: str, body: type | None = None, status: int = 204
) -> Route:
    """A row that makes something so, answered with 204 unless told otherwise."""
    return Route("PUT", path, handler, f"identity:{rule}", body=body, status=status)


def patch(path: str, handler: Handler, rule: str, body: type, **options: Any) -> Route:
    """A row that changes something."""
    return Route("PATCH", path, handler, f"identity:{rule}", body=body, **options)


def delete(path: str, handler: Handler, rule: str) -> Route:
    """A row that removes something, answered with 204."""
    return Route("DELETE", path, handler, f"identity:{rule}", status=204)
