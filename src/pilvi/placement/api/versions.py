"""Every microversion of placement."""

from collections.abc import Mapping
from typing import Any

from pilvi.core.http import Version, Versions
from pilvi.errors import InvalidRequest
from pilvi.placement.model.claim import NOBODY

_CANDIDATES = "list_allocation_candidates"
_ONE, _MANY = "show_resource_provider", "list_resource_providers"
_PUT, _POST, _RESHAPE = "replace_allocations", "manage_allocations", "reshape"
_NEW, _CHANGED = "create_resource_provider", "update_resource_provider"


def _without_link(rel: str) -> Any:
    """A reply about providers without one kind of link."""

    def convert(body: dict[str, Any]) -> dict[str, Any]:
        for row in body.get("resource_providers", [body]):
            row["links"] = [link for link in row["links"] if link["rel"] != rel]
        return body

    return dict.fromkeys((_ONE, _MANY, _NEW, _CHANGED), convert)


def _read_allocation_list(body: dict[str, Any]) -> dict[str, Any]:
    """A claim of a list of providers as one by provider. Raises `InvalidRequest`."""
    rows, held = body.get("allocations"), {}
    if not isinstance(rows, list) or not rows:
        raise InvalidRequest("cannot read the allocations: they are a list at this version")
    for row in rows:
        provider = row.get("resource_provider") if isinstance(row, dict) else None
        id = provider.get("uuid") if isinstance(provider, dict) else None
        if not isinstance(id, str) or set(row) != {"resource_provider", "resources"}:
            raise InvalidRequest("cannot read the allocations: each names resource_provider.uuid")
        held[id] = {"resources": row["resources"]}
    return {**body, "allocations": held}


def _name_nobody(body: dict[str, Any]) -> dict[str, Any]:
    return {"project_id": NOBODY, "user_id": NOBODY, **body}


def _refuse_in_claims(name: str, since: str) -> Mapping[str, Any]:
    """Several claims, none of which may have a field yet."""

    def convert(body: dict[str, Any], claims: Any) -> dict[str, Any]:
        rows = claims.values() if isinstance(claims, dict) else ()
        if any(isinstance(row, dict) and name in row for row in rows):
            raise InvalidRequest(f"cannot use '{name}' at this version: it came with {since}")
        return body

    return {
        _POST: lambda body: convert(body, body),
        _RESHAPE: lambda body: convert(body, body.get("allocations")),
    }


def _without_summary_fields(*names: str) -> Mapping[str, Any]:
    def convert(body: dict[str, Any]) -> dict[str, Any]:
        for summary in body["provider_summaries"].values():
            for name in names:
                summary.pop(name, None)
        return body

    return {_CANDIDATES: convert}


def _allocations_as_list(body: dict[str, Any]) -> dict[str, Any]:
    for request in body["allocation_requests"]:
        request["allocations"] = [
            {"resource_provider": {"uuid": id}, "resources": one["resources"]}
            for id, one in request["allocations"].items()
        ]
    return body


def _asked_classes_only(body: dict[str, Any]) -> dict[str, Any]:
    asked = {
        name
        for request in body["allocation_requests"]
        for one in request["allocations"].values()
        for name in one["resources"]
    }
    for summary in body["provider_summaries"].values():
        resources = summary["resources"]
        summary["resources"] = {name: resources[name] for name in resources if name in asked}
    return body


def _usages_of_all_types(body: dict[str, Any]) -> dict[str, Any]:
    total: dict[str, int] = {}
    for usage in body["usages"].values():
        for name, used in usage.items():
            if name != "consumer_count":
                total[name] = total.get(name, 0) + used
    return {"usages": total}


def _row(minor: int, sentence: str, *flags: str, **changes: Any) -> Version:
    return Version(number=(1, minor), sentence=sentence, flags=frozenset(flags), **changes)


VERSIONS = Versions(
    service="placement",
    minimum=(1, 0),
    rows=(
        _row(1, "A provider's aggregates can be read.", downgrade=_without_link("aggregates")),
        _row(2, "The resource classes can be read."),
        _row(3, "Providers are filtered by member_of.", "provider_member_of"),
        _row(4, "Providers are filtered by the resources they have free.", "provider_resources"),
        _row(5, "All inventories of a provider are deleted at once."),
        _row(6, "Traits can be read.", downgrade=_without_link("traits")),
        _row(7, "PUT of a resource class may be repeated, and renames it no more."),
        _row(
            8,
            "A claim must name its project and user.",
            request_fields={_PUT: ("project_id", "user_id")},
            upgrade={_PUT: _name_nobody},
        ),
        _row(9, "The usages of a project can be read."),
        _row(10, "Candidates for a claim can be asked for."),
        _row(11, "A provider links to its claims.", downgrade=_without_link("allocations")),
        _row(
            12,
            "Claims are keyed by provider and name their project and user.",
            upgrade={_PUT: _read_allocation_list},
            downgrade={_CANDIDATES: _allocations_as_list},
            reply_fields={"show_allocations": ("project_id", "user_id")},
        ),
        _row(13, "Several claims are written at once."),
        _row(
            14,
            "Providers name their parent and root, and are filtered by in_tree.",
            "provider_in_tree",
            request_fields={
                _NEW: ("parent_provider_uuid",),
                _CHANGED: ("parent_provider_uuid",),
            },
            reply_fields={
                _ONE: ("parent_provider_uuid", "root_provider_uuid"),
                _CHANGED: ("parent_provider_uuid", "root_provider_uuid"),
                _MANY: (
                    "resource_providers[].parent_provider_uuid",
                    "resource_providers[].root_provider_uuid",
                ),
            },
        ),
        _row(15, "Replies carry last-modified and cache-control headers.", "cache_headers"),
        _row(16, "Candidates are limited in number.", "candidate_limit"),
        _row(
            17,
            "Candidates are filtered by required traits, and show their traits.",
            "candidate_required",
            downgrade=_without_summary_fields("traits"),
        ),
        _row(18, "Providers are filtered by required traits.", "provider_required"),
        _row(
            19,
            "Aggregates carry the provider's generation.",
            "aggregate_generations",
            reply_fields={
                "list_provider_aggregates": ("resource_provider_generation",),
                "replace_provider_aggregates": ("resource_provider_generation",),
            },
        ),
        _row(20, "POST of a provider answers with it.", "provider_in_reply"),
        _row(21, "Candidates are filtered by member_of.", "candidate_member_of"),
        _row(22, "A trait with ! in front is forbidden.", "forbidden_traits"),
        _row(23, "Errors carry a code (here at every version)."),
        _row(24, "member_of may be given several times.", "repeated_member_of"),
        _row(25, "Candidates are asked for in numbered groups.", "groups"),
        _row(26, "A provider may reserve all that it has.", "reserve_all"),
        _row(
            27,
            "Candidates show every resource class of their providers.",
            downgrade={_CANDIDATES: _asked_classes_only},
        ),
        _row(
            28,
            "Claims carry their own generation, and may be written empty.",
            "consumer_generations",
            request_fields={_PUT: ("consumer_generation",)},
            upgrade=_refuse_in_claims("consumer_generation", "1.28"),
            reply_fields={"show_allocations": ("consumer_generation",)},
        ),
        _row(
            29,
            "Candidates come from trees, and show parent and root of their providers.",
            "trees",
            downgrade=_without_summary_fields("parent_provider_uuid", "root_provider_uuid"),
        ),
        _row(30, "Inventories and claims move between providers at once."),
        _row(31, "Candidates are filtered by in_tree.", "candidate_in_tree"),
        _row(32, "An aggregate with ! in front is forbidden.", "forbidden_aggregates"),
        _row(33, "Suffixes of groups are words.", "word_suffixes"),
        _row(
            34,
            "Candidates say which provider serves which group, and claims may repeat it.",
            request_fields={_PUT: ("mappings",)},
            upgrade=_refuse_in_claims("mappings", "1.34"),
            reply_fields={_CANDIDATES: ("allocation_requests[].mappings",)},
        ),
        _row(35, "Candidates are filtered by traits of the root.", "root_required"),
        _row(36, "Groups may have to come from one subtree.", "same_subtree"),
        _row(37, "A provider may leave its parent.", "may_move"),
        _row(
            38,
            "Claims have a type, and usages are told by type.",
            "consumer_type",
            request_fields={_PUT: ("consumer_type",)},
            upgrade=_refuse_in_claims("consumer_type", "1.38"),
            downgrade={"list_usages": _usages_of_all_types},
            reply_fields={"show_allocations": ("consumer_type",)},
        ),
        _row(39, "Of traits with in: in front, any one will do.", "any_traits"),
    ),
)
