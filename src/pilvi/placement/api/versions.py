"""Every microversion of placement.

Versions that only brought ways to write are listed with what they mean here: this cloud alone
writes placement, and answers every such request of a client with a clear refusal.
"""

from collections.abc import Mapping
from typing import Any

from pilvi.core.http import Version, Versions

_CANDIDATES = "list_allocation_candidates"
_ONE, _MANY = "show_resource_provider", "list_resource_providers"
_REFUSED = "requests of this kind are refused here"


def _without_link(rel: str) -> Any:
    """A reply about providers without one kind of link."""

    def convert(body: dict[str, Any]) -> dict[str, Any]:
        for row in body.get("resource_providers", [body]):
            row["links"] = [link for link in row["links"] if link["rel"] != rel]
        return body

    return {_ONE: convert, _MANY: convert}


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
        _row(5, f"All inventories of a provider are deleted at once; {_REFUSED}."),
        _row(6, "Traits can be read.", downgrade=_without_link("traits")),
        _row(7, f"PUT of a resource class may be repeated; {_REFUSED}."),
        _row(8, f"A claim must name its project and user; {_REFUSED}."),
        _row(9, "The usages of a project can be read."),
        _row(10, "Candidates for a claim can be asked for."),
        _row(11, "A provider links to its claims.", downgrade=_without_link("allocations")),
        _row(
            12,
            "Claims are keyed by provider and name their project and user.",
            downgrade={_CANDIDATES: _allocations_as_list},
            reply_fields={"show_allocations": ("project_id", "user_id")},
        ),
        _row(13, f"Several claims are written at once; {_REFUSED}."),
        _row(
            14,
            "Providers name their parent and root, and are filtered by in_tree.",
            "provider_in_tree",
            reply_fields={
                _ONE: ("parent_provider_uuid", "root_provider_uuid"),
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
            reply_fields={"list_provider_aggregates": ("resource_provider_generation",)},
        ),
        _row(20, f"POST of a provider answers with it; {_REFUSED}."),
        _row(21, "Candidates are filtered by member_of.", "candidate_member_of"),
        _row(22, "A trait with ! in front is forbidden.", "forbidden_traits"),
        _row(23, "Errors carry a code (here at every version)."),
        _row(24, "member_of may be given several times.", "repeated_member_of"),
        _row(25, "Candidates are asked for in numbered groups.", "groups"),
        _row(26, "A provider may reserve all that it has."),
        _row(
            27,
            "Candidates show every resource class of their providers.",
            downgrade={_CANDIDATES: _asked_classes_only},
        ),
        _row(
            28,
            "Claims carry their own generation.",
            reply_fields={"show_allocations": ("consumer_generation",)},
        ),
        _row(
            29,
            "Candidates show parent and root of their providers.",
            downgrade=_without_summary_fields("parent_provider_uuid", "root_provider_uuid"),
        ),
        _row(30, f"Inventories and claims move between providers at once; {_REFUSED}."),
        _row(31, "Candidates are filtered by in_tree.", "candidate_in_tree"),
        _row(32, "An aggregate with ! in front is forbidden.", "forbidden_aggregates"),
        _row(33, "Suffixes of groups are words.", "word_suffixes"),
        _row(
            34,
            "Candidates say which provider serves which group.",
            reply_fields={_CANDIDATES: ("allocation_requests[].mappings",)},
        ),
        _row(35, "Candidates are filtered by traits of the root.", "root_required"),
        _row(36, "Groups may have to come from one subtree.", "same_subtree"),
        _row(37, f"A provider may leave its parent; {_REFUSED}."),
        _row(
            38,
            "Claims have a type, and usages are told by type.",
            "consumer_type",
            downgrade={"list_usages": _usages_of_all_types},
            reply_fields={"show_allocations": ("consumer_type",)},
        ),
        _row(39, "Of traits with in: in front, any one will do.", "any_traits"),
    ),
)
