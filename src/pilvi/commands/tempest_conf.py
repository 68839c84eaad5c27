"""`pilvi tempest-conf`: what tempest wants to know, from what the cloud says of itself."""

import configparser
import io
from collections.abc import Mapping

import yaml

from pilvi.commands.client import CloudClient
from pilvi.commands.clouds import CLOUD_NAMES, ca_path, clouds_path
from pilvi.errors import NotFound
from pilvi.settings import Settings

Section = Mapping[str, object]

# What no API tells: features that every Pilvi cloud has.
_COMPUTE_FEATURES = {
    "resize": True,
    "change_password": False,
    "cold_migration": True,
    "live_migration": False,
    "rescue": True,
    "stable_rescue": True,
    "shelve": True,
    "suspend": True,
    "vnc_console": True,
    "hostname_fqdn_sanitization": True,
    "swap_volume": False,
    "personality": False,
    "metadata_service": True,
    "scheduler_enabled_filters": "all",
}
_VOLUME_FEATURES = {
    "backup": True,
    "snapshot": True,
    "clone": True,
    "extend_attached_volume": True,
    "extend_volume_with_snapshot": True,
    "manage_volume": False,
    "manage_snapshot": False,
}


# Tempest fills six images, of the first six formats, with random bytes; that is what raw is, and
# Pilvi stores no content that its format does not allow.
_IMAGE: Section = {
    "disk_formats": "raw,raw,raw,raw,raw,raw,qcow2,iso",
    "container_formats": "bare",
}


def build_tempest_conf(settings: Settings) -> str:
    """The text of a tempest.conf for the running cloud. Raises `Unavailable` when it is not."""
    client = CloudClient(settings)
    client.login()
    shared_type = _find_shared_type(client)
    sections: dict[str, Section] = {
        "DEFAULT": {"use_stderr": False},
        "auth": _auth(settings),
        "identity": _identity(settings),
        "compute": _compute(client),
        "compute-feature-enabled": {
            **_COMPUTE_FEATURES,
            "volume_multiattach": bool(shared_type),
        },
        "image": _IMAGE,
        "image-feature-enabled": _image_features(client),
        "network": _network(client),
        "network-feature-enabled": _network_features(client),
        "placement": _versions(client, "/placement"),
        "volume": {**_volume(client), **shared_type},
        "volume-feature-enabled": _volume_features(client),
        "validation": {"run_validation": False},
        "service_available": {
            "cinder": True,
            "glance": True,
            "horizon": False,
            "neutron": True,
            "nova": True,
            "swift": False,
        },
        "enforce_scope": dict.fromkeys(
            ("cinder", "glance", "keystone", "neutron", "nova", "placement"), True
        ),
    }
    return _write(sections)


def _write(sections: Mapping[str, Section]) -> str:
    parser = configparser.RawConfigParser(default_section="")
    for name, values in sections.items():
        parser[name] = {key: str(value) for key, value in values.items()}
    text = io.StringIO()
    parser.write(text)
    return text.getvalue()


def _auth(settings: Settings) -> Section:
    cloud = yaml.safe_load(clouds_path(settings).read_text())["clouds"][CLOUD_NAMES["admin"]]
    return {
        "admin_username": cloud["auth"]["username"],
        "admin_password": cloud["auth"]["password"],
        "admin_project_name": "admin",
        "admin_domain_name": cloud["auth"]["project_domain_name"],
        "admin_system": "all",
        "use_dynamic_credentials": True,
        "tempest_roles": "member",
    }


def _identity(settings: Settings) -> Section:
    section: dict[str, object] = {
        "auth_version": "v3",
        "uri": f"{settings.base_url}/identity",
        "uri_v3": f"{settings.base_url}/identity/v3",
        "region": settings.region,
        "v3_endpoint_type": "public",
    }
    if settings.tls:
        section["ca_certificates_file"] = ca_path(settings)
    return section


def _versions(client: CloudClient, path: str) -> Section:
    """The range that a service's discovery document names."""
    version = client.get_public(path)["versions"][-1]
    return {
        "min_microversion": version["min_version"],
        "max_microversion": version.get("max_version") or version["version"],
    }


def _compute(client: CloudClient) -> Section:
    hosts = client.call("GET", "compute", "/os-hypervisors")["hypervisors"]
    images = _images(client)
    flavors = _flavors(client)
    return {
        "image_ref": images[0],
        "image_ref_alt": images[-1],
        "flavor_ref": flavors[0],
        "flavor_ref_alt": flavors[1],
        "min_compute_nodes": max(1, sum(host["state"] == "up" for host in hosts)),
        **_versions(client, "/compute"),
    }


def _images(client: CloudClient) -> list[str]:
    path = "/images?visibility=public&status=active&sort=created_at:asc&limit=2"
    images = client.call("GET", "image", path)["images"]
    if not images:
        raise NotFound("cannot find a public image: tempest starts servers from one; add one")
    return [image["id"] for image in images]


def _flavors(client: CloudClient) -> list[str]:
    """The two smallest flavors with a root disk: tempest resizes from one to the other."""
    flavors = client.call("GET", "compute", "/flavors/detail")["flavors"]
    usable = [flavor for flavor in flavors if flavor["disk"] >= 1]
    usable.sort(key=lambda one: (one["ram"], one["disk"], one["OS-FLV-EXT-DATA:ephemeral"]))
    if len(usable) < 2:
        raise NotFound("cannot find two flavors with a disk of 1 GiB or more: tempest uses two")
    first = usable[0]
    larger = next((one for one in usable if one["ram"] > first["ram"]), usable[1])
    return [first["id"], larger["id"]]


def _image_features(client: CloudClient) -> Section:
    methods = client.call("GET", "image", "/info/import")["import-methods"]["value"]
    return {
        "import_image": "glance-direct" in methods,
        "image_conversion": False,
        # With it tempest skips its tests of lists; see `_IMAGE`.
        "image_format_enforcement": False,
    }


def _network(client: CloudClient) -> Section:
    path = "/networks?router:external=true"
    networks = client.call("GET", "network", path)["networks"]
    if not networks:
        return {}
    return {
        "public_network_id": networks[0]["id"],
        "floating_network_name": networks[0]["name"],
    }


def _network_features(client: CloudClient) -> Section:
    extensions = client.call("GET", "network", "/extensions")["extensions"]
    aliases = sorted(extension["alias"] for extension in extensions)
    return {
        "api_extensions": ",".join(aliases),
        "ipv6": True,
        "ipv6_subnet_attributes": True,
        "port_security": "port-security" in aliases,
        "floating_ips": "router" in aliases,
    }


def _volume(client: CloudClient) -> Section:
    pools = client.call("GET", "volume", "/scheduler-stats/get_pools")["pools"]
    names = sorted({pool["name"].partition("@")[2].partition("#")[0] for pool in pools})
    return {
        "backend_names": ",".join(name for name in names if name),
        "storage_protocol": "iSCSI",
        "vendor_name": "Pilvi",
        **_versions(client, "/volume"),
    }


def _find_shared_type(client: CloudClient) -> dict[str, object]:
    """The volume type whose volumes several servers may have; nothing where there is none."""
    types = client.call("GET", "volume", "/types")["volume_types"]
    for one in types:
        if one.get("extra_specs", {}).get("multiattach", "").lower() == "<is> true":
            return {"volume_type_multiattach": one["name"]}
    return {}


def _volume_features(client: CloudClient) -> Section:
    extensions = client.call("GET", "volume", "/extensions")["extensions"]
    aliases = sorted(extension["alias"] for extension in extensions)
    return {**_VOLUME_FEATURES, "api_extensions": ",".join(aliases) or "all"}
