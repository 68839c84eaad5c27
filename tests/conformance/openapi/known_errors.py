"""What the official documents have wrong, each with the reason why the cloud is right."""

from conformance.openapi.corrections import (
    Correction,
    add_property,
    admit,
    answer,
    become,
    excuse,
    match,
    move_body,
    refer,
)

_NULL = "OpenStack's samples show null where nothing is set; the document knows no null"
_NO_NAME = "an attachment has no name, neither in the samples nor in the tables of the reference"
_SHORT = "OpenStack's samples and clients know only id, name and links in the reply to a creation"
_GUESS = "the machine writes the same status for every operation of a method; its text has none"
_STATUS = "the API reference and OpenStack's own clients expect this status; the machine guessed"


def _nullable(service: str, *names: str, within: str = "*") -> list[Correction]:
    """Properties that may be null wherever schemas of that name have them."""
    return [
        Correction(
            service, f"components schemas {within} ** properties {name}", admit("null"), _NULL
        )
        for name in names
    ]


def _answers(service: str, status: int, *operations: str) -> list[Correction]:
    """Operations (method and path) that answer a status which the document does not list."""
    found = []
    for operation in operations:
        method, path = operation.split(" ")
        place = f"paths {path} {method}"
        found.append(Correction(service, place, answer(status), _STATUS))
    return found


def _checks(*paths: str) -> list[Correction]:
    """Paths whose GET and HEAD say with 204 that something is so."""
    operations = [f"{method} {path}" for path in paths for method in ("get", "head")]
    return _answers("identity", 204, *operations)


GONE_PATHS = (
    *("/v2.1/os-cells*", "/v2.1/os-certificates*", "/v2.1/os-cloudpipe*"),
    *("/v2.1/os-fixed-ips*", "/v2.1/os-floating-ips-bulk*", "/v2.1/os-networks/{id}/action"),
)
"""Of compute: what OpenStack has removed and answers with 410, though the text does not say so."""

NEEDS_MORE: dict[str, dict[str, str]] = {
    "image": {
        "DELETE /v2/stores/*": "the only copy of an image cannot go: there is one store here",
    },
    "compute": {
        "GET /v2.1/os-hosts/{id}/*": "the power of hosts is not switched here",
        "* /v2.1/servers/{server_id}/migrations/{id}*": "servers here migrate cold, in one step",
        "* /v2.1/servers/{server_id}/shares*": "there is no shared file system service here",
        "* /v2.1/os-assisted-volume-snapshots*": "volumes here copy themselves",
    },
    "block_storage": {
        "* /v3/*clusters/{id}": "hosts share no backend, so that there are no clusters",
        "PUT /v3/*clusters/*able": "hosts share no backend, so that there are no clusters",
        "* /v3/*consistencygroups/{id}": "none can be made: groups took their place",
        "* /v3/*cgsnapshots/{id}": "none can be made: snapshots of groups took their place",
    },
}
"""Operations with a row that this cloud can only refuse, and why: never counted as served."""

CORRECTIONS: tuple[Correction, ...] = (
    *_nullable(
        "network",
        *("ipv4_address_scope", "ipv6_address_scope", "provider:physical_network"),
        *("provider:segmentation_id", "flavor_id", "port_details", "protocol", "remote_group_id"),
        *("remote_address_group_id", "remote_ip_prefix", "ipv6_address_mode", "ipv6_ra_mode"),
        *("availability_zone", "resources_synced", "default_quota", "physical_network"),
        "segmentation_id",
    ),
    Correction(
        "network",
        "components schemas Qos* ** properties dscp_mark",
        become("integer"),
        "the API reference's sample has a number; the document has text in a policy's rules",
    ),
    Correction(
        "network",
        "components schemas Ports*Binding* ** properties vif_details",
        become("object"),
        "the API reference's sample has an object; the document has text",
    ),
    Correction(
        "network",
        "components schemas Port* ** properties resource_request",
        become("object", "null"),
        "the API reference's sample has an object, and null for a port that asks for nothing",
    ),
    Correction(
        "network",
        "components schemas Qos* ** properties drivers",
        become("array"),
        "the API reference's sample has a list; the document has text",
    ),
    Correction(
        "network",
        "components schemas Floatingip* ** properties *_port_range",
        become("string"),
        "a range is written 80:90, as the API reference's sample does; the document has a number",
    ),
    Correction(
        "network",
        "components schemas Network_Ip_Availabilit* ** properties *_ips",
        become("integer"),
        "the API reference's sample has numbers; the document has text for everything here",
    ),
    Correction(
        "network",
        "components schemas Network_Ip_Availabilit* ** properties subnet_ip_availability",
        become("array"),
        "the API reference's sample has a list; the document has text for everything here",
    ),
    Correction(
        "network",
        "components schemas Service_Provider* ** properties default",
        become("boolean"),
        "the API reference's sample has a boolean; the document has text for everything here",
    ),
    *_nullable("network", "project_id", within="Network_Segment_Range*"),
    Correction(
        "network",
        "components schemas Network_Segment_Range* ** properties available",
        become("array"),
        "the API reference's sample has a list of numbers; the document has text",
    ),
    Correction(
        "network",
        "components schemas Network_Segment_Range* ** properties used",
        become("object"),
        "the API reference's sample has an object by number; the document has text",
    ),
    *_nullable(
        "block_storage",
        *("detached_at", "attached_at", "qos_specs_id", "description", "group_id"),
        *("consistencygroup_id", "migration_status", "snapshot_id", "source_volid"),
        *("updated_at", "service_uuid", "cluster_name"),
        *("group_snapshot_id", "destination_project_id", "cipher", "key_size"),
    ),
    Correction("block_storage", "paths ** delete", answer(200, 202), _GUESS),
    Correction("block_storage", "paths ** post", answer(200, 202), _GUESS),
    Correction("block_storage", "paths ** put", answer(202, 204), _GUESS),
    Correction(
        "block_storage",
        "paths */volumes/{volume_id}/encryption/{id} get",
        move_body(200, None),
        "Cinder answers with the bare value, which is nothing for a volume without a key",
    ),
    Correction(
        "block_storage",
        "components schemas Attachment*Response properties attachment",
        excuse("name"),
        _NO_NAME,
    ),
    Correction(
        "block_storage",
        "components schemas Attachment*Response properties attachments items",
        excuse("name"),
        _NO_NAME,
    ),
    Correction(
        "block_storage",
        "components schemas BackupsCreateResponse properties backup",
        excuse("size", "status", "volume_id"),
        _SHORT,
    ),
    Correction(
        "block_storage",
        "components schemas BackupUpdateResponse properties backup",
        excuse("size", "status", "volume_id"),
        _SHORT,
    ),
    *(
        Correction(
            "block_storage",
            f"components schemas Snapshots{which}Response",
            add_property(name, {"type": kind}),
            "OpenStack's own replies have the next page's link and the count; the document not",
        )
        for which, name, kind in (
            ("Detail", "snapshots_links", "array"),
            ("List", "snapshots_links", "array"),
            ("List", "count", "integer"),
            ("Detail", "count", "integer"),
        )
    ),
    Correction(
        "block_storage",
        "components schemas Group_SnapshotsCreateResponse properties group_snapshot",
        excuse("status"),
        _SHORT,
    ),
    *_answers("compute", 200, "post /v2.1/flavors/{id}/action", "post /v2.1/servers/{id}/action"),
    *_answers("compute", 204, "post /v2.1/servers/{id}/action"),
    *_answers("compute", 200, "post /v2.1/os-aggregates/{id}/action"),
    *_answers("compute", 202, "post /v2.1/os-volumes_boot"),
    *_answers("compute", 200, "post /v2.1/os-volumes_boot/{id}/action"),
    *_answers("compute", 202, "post /v2.1/os-volumes_boot/{id}/action"),
    Correction(
        "compute",
        "components schemas Os_Keypair* ** properties name",
        become("string"),
        "a name made at 2.92, with at sign or dot, is also shown at older versions",
    ),
    Correction(
        "compute",
        "components schemas Server* ** properties addresses",
        match("^.+$", "^[^/]+$"),
        "the key is a network's name, and those may have line breaks",
    ),
    Correction(
        "compute",
        "components schemas Os_Server_Group* ** properties policies prefixItems *",
        become("string"),
        "a group made at 2.15, with a soft policy, is also shown at older versions",
    ),
    *_nullable("identity", "password_expires_at", "membership_expires_at"),
    *_nullable("identity", "region_id", "region"),
    *_nullable("identity", "description", within="RolesInfos"),
    *_answers("identity", 300, "get /"),
    *_checks(
        "/v3/groups/{group_id}/users/{user_id}",
        *("/v3/projects/*/roles/{role_id}", "/v3/domains/*/roles/{role_id}"),
        *("/v3/system/*/roles/{role_id}", "/v3/OS-INHERIT/*/{role_id}/inherited_to_projects"),
        "/v3/OS-EP-FILTER/projects/{project_id}/endpoints/{endpoint_id}",
        "/v3/policies/{policy_id}/OS-ENDPOINT-POLICY/*/{*_id}",
    ),
    *_answers("identity", 204, "head /v3/roles/{prior_role_id}/implies/{implied_role_id}"),
    Correction("identity", "paths /v3/* post", answer(201, 204), _GUESS),
    Correction("identity", "paths /v3/* put", answer(200, 204), _GUESS),
    Correction(
        "identity",
        "components schemas Auth* ** properties links",
        become("object"),
        "the API reference's sample has an object of links, as every other list has",
    ),
    Correction(
        "identity",
        "components schemas Os_Federation*sGetResponse ** properties links",
        become("object"),
        "the API reference's sample has an object of links, as every other list has",
    ),
    Correction(
        "compute",
        "components schemas Image*Response_21 ** properties links",
        become("array"),
        "OpenStack's samples have the links in another order than the document demands",
    ),
    Correction(
        "image",
        "components schemas Schemas*Response",
        become("object"),
        "a schema is shown as JSON; the document has text",
    ),
    *_answers("image", 204, "put /v2/images/{image_id}/tags/{tag_value}"),
    Correction(
        "image",
        "components schemas InfoStores* ** properties default",
        admit("string"),
        "the image service of OpenStack writes the text true",
    ),
    Correction(
        "image",
        "components schemas InfoUsage*Response properties usage",
        become("object"),
        "the API reference's sample has an object by name; the document has a list",
    ),
    Correction(
        "image",
        "components schemas MetadefsNamespacesTagsCreate_TagsResponse",
        become("object"),
        "the API reference's sample has the list of tags; the document has one tag",
    ),
    *_nullable("placement", "parent_provider_uuid"),
    Correction(
        "placement",
        "paths /resource_providers post",
        move_body(201, 200),
        "201 is the answer before 1.20, without a body; 200 with the provider came with 1.20",
    ),
    Correction(
        "placement",
        "paths /resource_classes post",
        move_body(201, None),
        "a new class is answered with its location alone; so it is in the API reference",
    ),
    Correction(
        "placement",
        "components schemas Resource_ProvidersInventoriesCreate_InventoryResponse",
        refer("#/components/schemas/Resource_ProvidersInventoryGet_InventoryResponse"),
        "POST makes one inventory and answers with it; the document shows what PUT of all has",
    ),
    Correction(
        "placement",
        "components schemas AllocationList_For_ConsumerResponse properties consumer_type",
        become("string"),
        "a consumer that was written without a type is shown as unknown, in small letters",
    ),
    Correction(
        "placement",
        "components schemas Allocation_Candidates* ** properties allocations",
        admit("array"),
        "before 1.12 allocations are a list; the document has only the later object",
    ),
    Correction(
        "placement",
        "components schemas UsagesGet_Total* properties usages patternProperties *",
        admit("integer"),
        "before 1.38 usages are one number for each class; the document has only the later object",
    ),
    Correction(
        "placement",
        "components schemas Resource_ProvidersTraits*Response",
        add_property("resource_provider_generation", {"type": "integer"}),
        "traits of a provider come with its generation, also in the API reference's sample",
    ),
)
