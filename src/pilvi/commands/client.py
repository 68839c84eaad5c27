"""A small client of this cloud's public APIs for `pilvi up` and `pilvi tour`.

It reads clouds.yaml and speaks as any client does; it has no private way in.
"""

import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import yaml

from pilvi.commands.clouds import CLOUD_NAMES, ca_path, clouds_path
from pilvi.errors import KINDS, Internal, PilviError, Unavailable
from pilvi.settings import Settings

T = TypeVar("T")

# Seconds for one answer. Lower: slow logins fail; higher: a dead cloud is noticed late.
ANSWER_S = 60.0
# Pause between looks while waiting. Lower: more requests; higher: later to notice.
LOOK_S = 0.1
UPLOAD_PIECE_BYTES = 1 << 20

PATHS = {
    "identity": "/identity/v3",
    "compute": "/compute/v2.1",
    "image": "/image/v2",
    "network": "/network/v2.0",
    "volume": "/volume/v3",
    "placement": "/placement",
    "audit": "/audit/v1",
}
VERSIONS = {"compute": "2.79", "placement": "1.0"}
_BY_STATUS = {
    400: "InvalidRequest",
    401: "Unauthenticated",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    503: "Unavailable",
}


class CloudClient:
    """One user's view of the cloud."""

    def __init__(self, settings: Settings, user: str = "admin") -> None:
        self._settings = settings
        cloud = yaml.safe_load(clouds_path(settings).read_text())["clouds"][CLOUD_NAMES[user]]
        self._auth = cloud["auth"]
        verify: ssl.SSLContext | bool = True
        if settings.tls:
            verify = ssl.create_default_context(cafile=str(ca_path(settings)))
        self.http = httpx.Client(base_url=settings.base_url, verify=verify, timeout=ANSWER_S)

    def login(self) -> None:
        """Get a token. Raises `Unauthenticated` or `Unavailable`."""
        user = {
            "name": self._auth["username"],
            "password": self._auth["password"],
            "domain": {"id": "default"},
        }
        scope = {"project": {"name": self._auth["project_name"], "domain": {"id": "default"}}}
        identity = {"methods": ["password"], "password": {"user": user}}
        body = {"auth": {"identity": identity, "scope": scope}}
        reply = self._send("POST", "/identity/v3/auth/tokens", json=body)
        self.http.headers["x-auth-token"] = reply.headers["x-subject-token"]

    def call(
        self, method: str, service: str, path: str, body: Any = None, *, version: str | None = None
    ) -> Any:
        """One request to a service; its decoded body, or None. Raises our errors."""
        headers = {}
        if service in VERSIONS:
            headers["openstack-api-version"] = f"{service} {version or VERSIONS[service]}"
        reply = self._send(method, PATHS[service] + path, json=body, headers=headers)
        is_json = "json" in reply.headers.get("content-type", "")
        return reply.json() if reply.content and is_json else None

    def get_public(self, path: str) -> Any:
        """A document that needs no token, such as a service's versions."""
        reply = self.http.get(path, follow_redirects=True)
        if reply.status_code not in (200, 300):
            raise _refusal("GET", path, reply)
        return reply.json()

    def upload(self, image_id: str, path: Path) -> None:
        """Send a file as an image's bytes."""
        self._send(
            "PUT",
            f"/image/v2/images/{image_id}/file",
            content=_pieces(path),
            headers={"content-type": "application/octet-stream"},
        )

    def find(self, service: str, collection: str, name: str) -> Any:
        """The first thing of that name in a list, or None."""
        path = f"/{collection}?name={name}" if service != "compute" else f"/{collection}/detail"
        found = self.call("GET", service, path)[collection]
        return next((thing for thing in found if thing["name"] == name), None)

    def wait(self, what: str, look: Callable[[], T | None], timeout_s: float = 120.0) -> T:
        """What `look` gives once it is not None. Raises `Unavailable` after the timeout."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            found = look()
            if found is not None:
                return found
            time.sleep(LOOK_S)
        raise Unavailable(f"cannot wait any longer for {what}: {timeout_s:.0f} s are over")

    def wait_status(
        self, service: str, path: str, wanted: str, timeout_s: float = 120.0
    ) -> dict[str, Any]:
        """A resource once it has a status. Raises `Internal` with its fault when it fails."""

        def look() -> dict[str, Any] | None:
            body = self.call("GET", service, path)
            thing: dict[str, Any] = body if "status" in body else next(iter(body.values()))
            status = str(thing["status"]).lower()
            if status.startswith("error") and wanted.lower() != status:
                fault = thing.get("fault", {}).get("message", "no reason given")
                raise Internal(f"cannot get {path} to {wanted}: {fault}")
            return thing if status == wanted.lower() else None

        return self.wait(f"{path} to be {wanted}", look, timeout_s)

    def wait_gone(self, service: str, path: str, timeout_s: float = 60.0) -> None:
        """Return once a resource answers 404."""

        def look() -> bool | None:
            reply = self.http.get(PATHS[service] + path)
            return True if reply.status_code == 404 else None

        self.wait(f"{path} to be gone", look, timeout_s)

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            reply = self.http.request(method, path, **options)
        except httpx.TransportError as error:
            raise Unavailable(
                f"cannot reach the cloud at {self._settings.base_url}: {error}; run 'pilvi up'"
            ) from error
        if reply.status_code >= 400:
            raise _refusal(method, path, reply)
        return reply


def _refusal(method: str, path: str, reply: httpx.Response) -> PilviError:
    """What the cloud refused, with its own words where it has some. Pure."""
    kind = KINDS[_BY_STATUS.get(reply.status_code, "Internal")]
    words = _message(reply)
    return kind(words or f"cannot {method} {path}: {reply.status_code}: {reply.text}")


def _message(reply: httpx.Response) -> str:
    """The message of a fault, which most services have below its kind. Pure."""
    try:
        body = reply.json()
    except ValueError:
        return ""
    if not isinstance(body, dict):
        return ""
    for fault in (body, *body.values()):
        message = fault.get("message") if isinstance(fault, dict) else None
        if isinstance(message, str):
            return message
    return ""


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(UPLOAD_PIECE_BYTES):
            yield piece
