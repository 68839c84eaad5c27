"""Operations of the other services that the documents have and OpenStack itself refuses.

The sources are Keystone, Glance, Nova and Cinder 2026.2; what each reason names is in their
api folders.
"""

from collections.abc import Mapping

_POST_ONLY = "Keystone's resource answers 405: the path is there for POST alone"
_NO_PKI = "Keystone's resource answers 410 (or 403): there are no PKI tokens any more"
_IRONIC = "Nova's baremetal_nodes answers 400: nodes are changed by the bare metal service alone"

_IDENTITY: Mapping[str, tuple[str, ...]] = {
    _POST_ONLY: (
        *(
            f"{method} /v3/{path}"
            for path in ("OS-OAUTH1/access_token", "OS-OAUTH1/request_token")
            for method in ("GET", "HEAD")
        ),
        *(
            f"{method} /v3/{path}"
            for path in ("ec2tokens", "s3tokens")
            for method in ("GET", "HEAD")
        ),
        *(f"{method} /v3/OS-OAUTH2/token" for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE")),
    ),
    _NO_PKI: tuple(
        f"{method} /v3/{path}"
        for path in (
            "OS-SIMPLE-CERT/ca",
            "OS-SIMPLE-CERT/certificates",
            "auth/tokens/OS-PKI/revoked",
        )
        for method in ("GET", "HEAD")
    ),
}

_BLOCK_STORAGE = (
    ("DELETE", "groups/{id}", "Cinder's groups have no delete: POST of the action delete is"),
)

OTHER_SERVICES: Mapping[str, Mapping[str, str]] = {
    "identity": {name: why for why, names in _IDENTITY.items() for name in names},
    "image": {"DELETE /v2/tasks/{task_id}": "Glance's tasks answer 405: they expire by themselves"},
    "compute": {
        "POST /v2.1/os-baremetal-nodes": _IRONIC,
        "DELETE /v2.1/os-baremetal-nodes/{id}": _IRONIC,
        "POST /v2.1/os-baremetal-nodes/{id}/action": _IRONIC,
    },
    "block_storage": {
        f"{method} /v3/{prefix}{path}": why
        for prefix in ("", "{project_id}/")
        for method, path, why in _BLOCK_STORAGE
    }
    | {
        f"PUT /v3/{prefix}os-hosts": "Cinder maps PUT below a host's name alone"
        for prefix in ("", "{admin_project_id}/")
    },
}
"""By service and by the operation's name: why OpenStack refuses it."""
