"""A logged-in user's view of one cloud: which service is where, and requests to it."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from pilvi.client.config import Cloud
from pilvi.client.tokens import Token, TokenCache
from pilvi.client.transport import Answer, Transport, refusal
from pilvi.errors import InvalidRequest, NotFound

# Other names under which the catalog may know a service, best first.
TYPES = {
    "compute": ("compute",),
    "identity": ("identity",),
    "image": ("image",),
    "network": ("network",),
    "volume": ("block-storage", "volumev3", "block-store", "volume"),
}
# Of an endpoint that names no version in its path: the version that is spoken.
SUFFIXES = {"image": "/v2", "network": "/v2.0", "identity": "/v3", "compute": "/v2.1"}
# The newest versions whose replies are understood; an older cloud is asked for its own newest.
MICROVERSIONS = {"compute": (2, 100), "volume": (3, 70)}
HEADER_TYPES = {"compute": "compute", "volume": "volume"}


class Session:
    """Requests of one user to one cloud."""

    def __init__(self, cloud: Cloud, cache: TokenCache | None = None) -> None:
        self.cloud = cloud
        self.transport = Transport(cloud.cacert, cloud.is_verified)
        self._cache = cache
        self._token: Token | None = None
        self._is_kept = False
        self._login_bytes = b""
        self._versions: dict[str, tuple[int, int]] = dict(MICROVERSIONS)

    @property
    def token(self) -> Token:
        """The token, got or found when it is first needed."""
        if self._token is None:
            login = self._login_body()
            self._token = self._cache.find(login) if self._cache else None
            self._is_kept = self._token is not None
            if self._token is None:
                self._token = self._login(login)
        return self._token

    def get(self, service: str, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """The decoded reply to a GET."""
        return self.call("GET", service, path, query=query)

    def call(
        self,
        method: str,
        service: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
    ) -> Any:
        """One request to a service; its decoded reply, None where it has none. Raises ours."""
        url = self.url(service, path, query)
        data = None if body is None else json.dumps(body).encode()
        answer = self._send(method, service, url, data)
        is_json = "json" in answer.headers.get("content-type", "")
        return answer.json() if is_json else None

    def pages(
        self, service: str, path: str, key: str, query: Mapping[str, Any] | None = None
    ) -> Iterator[Any]:
        """Everything in a list, however many pages it has."""
        url: str | None = self.url(service, path, query)
        while url is not None:
            body = self._send("GET", service, url, None).json()
            yield from body[key]
            url = _next_page(url, key, body)

    def patch_image(self, path: str, changes: Sequence[Mapping[str, Any]]) -> None:
        """Change an image; that service has a type of body of its own for this."""
        headers = {"content-type": "application/openstack-images-v2.1-json-patch"}
        url = self.url("image", path)
        data = json.dumps(changes).encode()
        answer = self.transport.request("PATCH", url, self._headers("image", headers), data)
        if answer.status >= 400:
            raise refusal("PATCH", url, answer)

    def send_bytes(self, path: str, pieces: Iterable[bytes], size: int | None) -> None:
        """Stream bytes to the image service, with constant memory."""
        headers = {"content-type": "application/octet-stream"}
        if size is not None:
            headers["content-length"] = str(size)
        url = self.url("image", path)
        answer = self.transport.request("PUT", url, self._headers("image", headers), pieces)
        if answer.status >= 400:
            raise refusal("PUT", url, answer)

    def read_bytes(self, path: str, piece_bytes: int) -> Iterator[bytes]:
        """Stream bytes from the image service."""
        url = self.url("image", path)
        reply = self.transport.begin("GET", url, self._headers("image", {}))
        if reply.status == 401 and self._forget_token():
            reply.read()
            reply = self.transport.begin("GET", url, self._headers("image", {}))
        if reply.status >= 400:
            raise refusal("GET", url, Answer(reply.status, {}, reply.read()))
        while piece := reply.read(piece_bytes):
            yield piece

    def url(self, service: str, path: str, query: Mapping[str, Any] | None = None) -> str:
        """The address of a path of a service."""
        asked = urlencode(list(_flat(query or {})), safe=":,")
        return self._endpoint(service) + path + (f"?{asked}" if asked else "")

    def _endpoint(self, service: str) -> str:
        given = (self.cloud.endpoints or {}).get(service)
        if given:
            return given.rstrip("/")
        if service == "identity":
            return _versioned(self.cloud.auth["auth_url"], service)
        for kind in TYPES[service]:
            for row in self.token.catalog:
                for endpoint in row["endpoints"] if row["type"] == kind else ():
                    regions = (endpoint.get("region_id"), endpoint.get("region"))
                    is_ours = not self.cloud.region or self.cloud.region in regions
                    if endpoint["interface"] == self.cloud.interface and is_ours:
                        return _versioned(endpoint["url"], service)
        where = f" in the region '{self.cloud.region}'" if self.cloud.region else ""
        raise NotFound(f"cannot find the {service} service in this cloud's catalog{where}")

    def _headers(self, service: str, more: Mapping[str, str]) -> dict[str, str]:
        headers = {"x-auth-token": self.token.id, "accept": "application/json", **more}
        headers["user-agent"] = "pilvi"
        if service in HEADER_TYPES:
            major, minor = self._versions[service]
            headers["openstack-api-version"] = f"{HEADER_TYPES[service]} {major}.{minor}"
        return headers

    def _send(self, method: str, service: str, url: str, data: bytes | None) -> Answer:
        more = {} if data is None else {"content-type": "application/json"}
        answer = self.transport.request(method, url, self._headers(service, more), data)
        if answer.status == 401 and self._forget_token():
            answer = self.transport.request(method, url, self._headers(service, more), data)
        if answer.status == 406 and service in HEADER_TYPES and self._lower_version(service):
            answer = self.transport.request(method, url, self._headers(service, more), data)
        if answer.status >= 400:
            raise refusal(method, url, answer)
        return answer

    def _forget_token(self) -> bool:
        """Log in anew with the next request; whether the token was a kept one, which that helps.

        It was revoked, or the cloud is another one.
        """
        if not self._is_kept or self._cache is None:
            return False
        self._cache.drop(self._login_body())
        self._token, self._is_kept = None, False
        return True

    def _lower_version(self, service: str) -> bool:
        """Take an older cloud's newest version for ours; whether there was anything to lower."""
        before = self._versions[service]
        answer = self.transport.request("GET", self._endpoint(service) + "/", self._headers("", {}))
        body = answer.json() if answer.status in (200, 300) else {}
        rows = body.get("versions") or [body.get("version") or {}]
        known = [str(row.get("version") or "") for row in rows]
        numbers = [tuple(map(int, text.split("."))) for text in known if text.count(".") == 1]
        numbers = [number for number in numbers if number[0] == before[0]]
        if not numbers or max(numbers) >= before:
            return False
        major, minor = max(numbers)
        self._versions[service] = (major, minor)
        return True

    def _login_body(self) -> bytes:
        """The login and where it goes; a password that is not known is asked for once."""
        if not self._login_bytes:
            body = json.dumps(login_body(self.cloud.auth, ask_password), sort_keys=True)
            self._login_bytes = f"{body}\n{self.cloud.auth['auth_url']}".encode()
        return self._login_bytes

    def _login(self, login: bytes) -> Token:
        data = login.rpartition(b"\n")[0]
        url = _versioned(self.cloud.auth["auth_url"], "identity") + "/auth/tokens"
        headers = {"content-type": "application/json", "user-agent": "pilvi"}
        answer = self.transport.request("POST", url, headers, data)
        if answer.status == 404:
            raise NotFound(
                f"cannot find an identity service at {self.cloud.auth['auth_url']}: OS_AUTH_URL "
                "(auth_url) has to name its path; a Pilvi's ends in /identity/v3"
            )
        if answer.status >= 300:
            raise refusal("POST", url, answer)
        body = answer.json()["token"]
        token = Token(
            id=answer.headers["x-subject-token"],
            expires_at=_seconds(body["expires_at"]),
            catalog=body.get("catalog", []),
            user_id=body["user"]["id"],
            project_id=body.get("project", {}).get("id", ""),
        )
        if self._cache is not None and "token" not in self.cloud.auth:
            self._cache.keep(login, token)
        return token


def ask_password() -> str:
    """Ask the person. Raises `InvalidRequest` where nobody can be asked."""
    if not os.isatty(0):
        raise InvalidRequest("cannot log in without a password: set OS_PASSWORD or clouds.yaml")
    from getpass import getpass

    return getpass("Password: ")


def login_body(auth: Mapping[str, str], ask: Callable[[], str]) -> dict[str, Any]:
    """Body of a login. Raises `InvalidRequest` that names what is missing."""
    if "auth_url" not in auth:
        raise InvalidRequest("cannot log in: auth_url (OS_AUTH_URL) is missing")
    if "application_credential_secret" in auth:
        held: dict[str, Any] = {"secret": auth["application_credential_secret"]}
        if "application_credential_id" in auth:
            held["id"] = auth["application_credential_id"]
        else:
            held["name"] = auth.get("application_credential_name", "")
            held["user"] = _user(auth)
        credential = {"methods": ["application_credential"], "application_credential": held}
        return {"auth": {"identity": credential}}
    if "token" in auth:
        identity: dict[str, Any] = {"methods": ["token"], "token": {"id": auth["token"]}}
    else:
        user = _user(auth)
        user["password"] = auth.get("password") or ask()
        identity = {"methods": ["password"], "password": {"user": user}}
    body: dict[str, Any] = {"identity": identity}
    if scope := _scope(auth):
        body["scope"] = scope
    return {"auth": body}


def _user(auth: Mapping[str, str]) -> dict[str, Any]:
    if "user_id" in auth:
        return {"id": auth["user_id"]}
    if "username" not in auth:
        raise InvalidRequest("cannot log in: username (OS_USERNAME) is missing")
    return {"name": auth["username"], "domain": _domain(auth, "user_domain")}


def _scope(auth: Mapping[str, str]) -> dict[str, Any]:
    if "project_id" in auth:
        return {"project": {"id": auth["project_id"]}}
    if "project_name" in auth:
        domain = _domain(auth, "project_domain")
        return {"project": {"name": auth["project_name"], "domain": domain}}
    if "system_scope" in auth:
        return {"system": {"all": True}}
    if "domain_id" in auth or "domain_name" in auth:
        return {"domain": _domain(auth, "domain")}
    return {}


def _domain(auth: Mapping[str, str], word: str) -> dict[str, str]:
    if name := auth.get(f"{word}_name"):
        return {"name": name}
    return {"id": auth.get(f"{word}_id") or "default"}


def _versioned(url: str, service: str) -> str:
    """An endpoint with the version in its path. Pure."""
    url = url.rstrip("/")
    words = urlsplit(url).path.split("/")
    has_version = any(word[:1] == "v" and word[1:2].isdigit() for word in words)
    return url if has_version else url + SUFFIXES.get(service, "")


def _flat(query: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in query.items():
        if value is None:
            continue
        for one in value if isinstance(value, list | tuple) else [value]:
            yield key, str(one)


def _next_page(url: str, key: str, body: Mapping[str, Any]) -> str | None:
    """Where the next page is: a path of the image service, a list of links elsewhere."""
    link = body.get("next")
    if not link:
        links = body.get(f"{key}_links") or body.get("links") or []
        rows = links if isinstance(links, list) else [{"rel": "next", "href": links.get("next")}]
        link = next((row["href"] for row in rows if row.get("rel") == "next"), None)
    if not link:
        return None
    if "://" in link:
        return str(link)
    # "/v2/images?marker=…": below the endpoint's own path, which may have more before it.
    before = url.partition("?")[0]
    version = "/" + link.lstrip("/").partition("/")[0] + "/"
    head, found, _ = before.partition(version)
    return f"{head}{link}" if found else urljoin(url, str(link))


def _seconds(moment: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp()
