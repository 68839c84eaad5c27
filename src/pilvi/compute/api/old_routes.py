"""Calls of other services' things under compute's old names, up to the version that ended them."""

from typing import Any

from pilvi.compute.api import images, networks, security_groups, volumes
from pilvi.compute.api.server_parts import MetadataBody, MetadataItem
from pilvi.core.http import Route

_LAST = (2, 35)
_LAST_METADATA = (2, 38)
_LAST_ACTION = (2, 43)
_READ, _WRITE = "compute:old_names:read", "compute:old_names:write"
_IMAGE = "/images/{image_id}"
_VOLUME, _SNAPSHOT = "/os-volumes/{volume_id}", "/os-snapshots/{snapshot_id}"
_FLOATING_IP = "/os-floating-ips/{floatingip_id}"
_POOL: Any = networks.Pool | None
_GROUP = "/os-security-groups/{security_group_id}"

# fmt: off
OLD_ROUTES = [
    Route("GET", "/images", images.list_images, _READ, until=_LAST),
    Route("GET", "/images/detail", images.list_images_detail, _READ, until=_LAST),
    Route("GET", _IMAGE, images.show_image, _READ, until=_LAST),
    Route("DELETE", _IMAGE, images.delete_image, _WRITE, status=204, until=_LAST),
    Route("GET", _IMAGE + "/metadata", images.list_image_metadata, _READ, until=_LAST_METADATA),
    Route("POST", _IMAGE + "/metadata", images.create_image_metadata, _WRITE,
          body=MetadataBody, until=_LAST_METADATA),
    Route("PUT", _IMAGE + "/metadata", images.replace_image_metadata, _WRITE,
          body=MetadataBody, until=_LAST_METADATA),
    Route("GET", _IMAGE + "/metadata/{key}", images.show_image_metadata_item, _READ,
          until=_LAST_METADATA),
    Route("PUT", _IMAGE + "/metadata/{key}", images.update_image_metadata_item, _WRITE,
          body=MetadataItem, until=_LAST_METADATA),
    Route("DELETE", _IMAGE + "/metadata/{key}", images.delete_image_metadata_item, _WRITE,
          status=204, until=_LAST_METADATA),
    Route("GET", "/os-volumes", volumes.list_volumes, _READ, until=_LAST),
    Route("GET", "/os-volumes/detail", volumes.list_volumes, _READ, until=_LAST),
    Route("POST", "/os-volumes", volumes.create_volume, _WRITE, body=volumes.VolumeBody,
          until=_LAST),
    Route("GET", _VOLUME, volumes.show_volume, _READ, until=_LAST),
    Route("DELETE", _VOLUME, volumes.delete_volume, _WRITE, status=202, until=_LAST),
    Route("GET", "/os-snapshots", volumes.list_snapshots, _READ, until=_LAST),
    Route("GET", "/os-snapshots/detail", volumes.list_snapshots, _READ, until=_LAST),
    Route("POST", "/os-snapshots", volumes.create_snapshot, _WRITE, body=volumes.SnapshotBody,
          until=_LAST),
    Route("GET", _SNAPSHOT, volumes.show_snapshot, _READ, until=_LAST),
    Route("DELETE", _SNAPSHOT, volumes.delete_snapshot, _WRITE, status=202, until=_LAST),
    Route("GET", "/os-networks", networks.list_old_networks, _READ, until=_LAST),
    Route("GET", "/os-networks/{network_id}", networks.show_old_network, _READ, until=_LAST),
    Route("GET", "/os-tenant-networks", networks.list_tenant_networks, _READ, until=_LAST),
    Route("GET", "/os-tenant-networks/{network_id}", networks.show_tenant_network, _READ,
          until=_LAST),
    Route("GET", "/os-floating-ip-pools", networks.list_floating_ip_pools, _READ, until=_LAST),
    Route("GET", "/os-floating-ips", networks.list_floating_ips, _READ, until=_LAST),
    Route("POST", "/os-floating-ips", networks.create_floating_ip, _WRITE,
          body=_POOL, until=_LAST),
    Route("GET", _FLOATING_IP, networks.show_floating_ip, _READ, until=_LAST),
    Route("DELETE", _FLOATING_IP, networks.delete_floating_ip, _WRITE, status=202, until=_LAST),
    Route("POST", "/servers/{server_id}/action", networks.add_floating_ip, _WRITE, status=202,
          action="addFloatingIp", body=networks.FloatingAddress, until=_LAST_ACTION),
    Route("POST", "/servers/{server_id}/action", networks.remove_floating_ip, _WRITE, status=202,
          action="removeFloatingIp", body=networks.OldFloatingAddress, until=_LAST_ACTION),
    Route("GET", "/os-security-groups", security_groups.list_security_groups, _READ,
          access="write", until=_LAST),
    Route("POST", "/os-security-groups", security_groups.create_security_group, _WRITE,
          body=security_groups.GroupBody, until=_LAST),
    Route("GET", _GROUP, security_groups.show_security_group, _READ, until=_LAST),
    Route("PUT", _GROUP, security_groups.update_security_group, _WRITE,
          body=security_groups.GroupBody, until=_LAST),
    Route("DELETE", _GROUP, security_groups.delete_security_group, _WRITE, status=202,
          until=_LAST),
    Route("POST", "/os-security-group-rules", security_groups.create_security_group_rule,
          _WRITE, body=security_groups.RuleBody, until=_LAST),
    Route("DELETE", "/os-security-group-rules/{rule_id}",
          security_groups.delete_security_group_rule, _WRITE, status=202, until=_LAST),
]
# fmt: on
