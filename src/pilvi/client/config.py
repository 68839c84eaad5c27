"""Which cloud, and as whom: clouds.yaml, secure.yaml, OS_* and --os-*, as openstacksdk reads them.

A cloud is named by --os-cloud or OS_CLOUD and read from the first of OS_CLIENT_CONFIG_FILE,
./clouds.yaml, ~/.config/openstack/clouds.yaml, /etc/openstack/clouds.yaml. Without a name OS_*
count alone; without those, the only cloud of the file; without a file, the cloud of this machine.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pilvi.errors import InvalidRequest

# What an identity is made of, by the names of clouds.yaml; OS_ and capitals make the variable.
AUTH_WORDS = (
    "auth_url",
    "username",
    "user_id",
    "password",
    "project_name",
    "project_id",
    "user_domain_name",
    "user_domain_id",
    "project_domain_name",
    "project_domain_id",
    "domain_name",
    "domain_id",
    "system_scope",
    "token",
    "application_credential_id",
    "application_credential_name",
    "application_credential_secret",
)
OLD_WORDS = {"tenant_name": "project_name", "tenant_id": "project_id"}
LOCAL_CLOUD = "pilvi"
"""The admin's cloud in the clouds.yaml of a Pilvi on this machine."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """Where a cloud is, and as whom to log in."""

    auth: Mapping[str, str]
    region: str = ""
    interface: str = "public"
    cacert: str = ""
    is_verified: bool = True
    """Whether the server's certificate is checked."""
    endpoints: Mapping[str, str] | None = None
    """Addresses of services that are not to be looked up, by type."""


def read_cloud(given: Mapping[str, Any], environment: Mapping[str, str]) -> Cloud:
    """The cloud that options (`cloud`, `region_name`, …) and environment name.

    Raises `InvalidRequest` that says what is missing.
    """
    name = given.get("cloud") or environment.get("OS_CLOUD", "")
    known = _read_environment(environment)
    path = None
    if name or "auth_url" not in known["auth"]:
        path = next(_find_files("clouds.yaml", environment), None) or _local_file(name, environment)
    if path is not None:
        found = _read_file(path, name or _only_name(path, environment), environment)
        # What a file leaves open the environment may say: a password or a region.
        auth = {**known["auth"], **found.get("auth", {})} if name else found.get("auth", {})
        known = {**known, **found, "auth": auth}
    elif name:
        raise InvalidRequest(
            f"cannot find clouds.yaml for the cloud '{name}': set OS_CLIENT_CONFIG_FILE"
        )
    elif "auth_url" not in known["auth"]:
        raise InvalidRequest(
            "cannot tell which cloud: set OS_CLOUD, or OS_AUTH_URL and who you are; "
            'for a cloud on this machine: eval "$(pilvi env)"'
        )
    return _build({**known, **{key: value for key, value in given.items() if value is not None}})


def _read_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    auth: dict[str, str] = {}
    for word in (*OLD_WORDS, *AUTH_WORDS):
        value = environment.get(f"OS_{word.upper()}")
        if value:
            auth[OLD_WORDS.get(word, word)] = value
    known: dict[str, Any] = {"auth": auth}
    for word in ("region_name", "interface", "cacert"):
        if value := environment.get(f"OS_{word.upper()}"):
            known[word] = value
    return known


def _find_files(name: str, environment: Mapping[str, str]) -> Iterator[Path]:
    if name == "clouds.yaml" and (given := environment.get("OS_CLIENT_CONFIG_FILE")):
        yield Path(given)
    if name == "secure.yaml" and (given := environment.get("OS_CLIENT_SECURE_FILE")):
        yield Path(given)
    home = Path(environment.get("HOME", "/"))
    own = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    for folder in (Path(), own / "openstack", Path("/etc/openstack")):
        if (folder / name).is_file():
            yield folder / name


def _local_file(name: str, environment: Mapping[str, str]) -> Path | None:
    """The clouds.yaml of a Pilvi on this machine, where this user may read it."""
    from pilvi.settings import default_state_dir  # only where nothing else is said

    path = Path(environment.get("PILVI_STATE_DIR") or default_state_dir()) / "clouds.yaml"
    return path if os.access(path, os.R_OK) else None


def _load(path: Path) -> dict[str, Any]:
    import yaml  # a fifth of the start, and not needed with OS_AUTH_URL

    try:
        found = yaml.load(path.read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InvalidRequest(f"cannot read {path}: {error}") from error
    clouds = (found or {}).get("clouds") if isinstance(found, dict | None) else None
    if not isinstance(clouds, dict):
        raise InvalidRequest(f"cannot find 'clouds' in {path}")
    return clouds


def _only_name(path: Path, environment: Mapping[str, str]) -> str:
    names = list(_load(path))
    if len(names) == 1:
        return str(names[0])
    if LOCAL_CLOUD in names:
        return LOCAL_CLOUD
    raise InvalidRequest(f"cannot tell which cloud: say --os-cloud, one of {', '.join(names)}")


def _read_file(path: Path, name: str, environment: Mapping[str, str]) -> dict[str, Any]:
    clouds = _load(path)
    if not isinstance(clouds.get(name), dict):
        known = ", ".join(map(str, clouds))
        raise InvalidRequest(f"cannot find the cloud '{name}' in {path}: there are {known}")
    cloud: dict[str, Any] = dict(clouds[name])
    if "profile" in cloud and "auth_url" not in cloud.get("auth", {}):
        raise InvalidRequest(
            f"cannot use the profile '{cloud['profile']}' of the cloud '{name}': write its "
            "auth_url and region_name into clouds.yaml"
        )
    secure = next(_find_files("secure.yaml", environment), None)
    more = _load(secure).get(name) if secure is not None else None
    if isinstance(more, dict):
        auth = {**(cloud.get("auth") or {}), **(more.get("auth") or {})}
        cloud = {**cloud, **more, "auth": auth}
    auth = dict(cloud.get("auth") or {})
    cloud["auth"] = {OLD_WORDS.get(key, key): str(value) for key, value in auth.items() if value}
    return cloud


def _build(known: Mapping[str, Any]) -> Cloud:
    auth = dict(known["auth"])
    for word in AUTH_WORDS:
        if word in known:
            auth[word] = known[word]
    for word in ("name", "id"):
        # Naming another project takes the place of the file's, whichever way that names it.
        if f"project_{word}" in known:
            auth.pop(f"project_{'id' if word == 'name' else 'name'}", None)
    return Cloud(
        auth=auth,
        region=str(known.get("region_name") or ""),
        interface=str(known.get("interface") or "public").removesuffix("URL"),
        cacert=str(known.get("cacert") or ""),
        is_verified=bool(known.get("verify", True)) and not known.get("insecure"),
        endpoints={
            key.removesuffix("_endpoint_override").replace("_", "-"): str(value)
            for key, value in known.items()
            if key.endswith("_endpoint_override") and value
        },
    )
