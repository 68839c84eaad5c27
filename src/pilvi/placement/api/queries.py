"""Query parameters of placement, each from the version that brought it."""

import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from pilvi.core.http import Call
from pilvi.core.numbers import parse_whole
from pilvi.errors import InvalidRequest
from pilvi.placement.model.candidates import CandidateRequest, Filter, Group
from pilvi.placement.model.resources import parse_resources

# Flag that a parameter needs; None: it was there from the route's beginning.
PROVIDER_PARAMETERS: Mapping[str, str | None] = {
    "name": None,
    "uuid": None,
    "member_of": "provider_member_of",
    "resources": "provider_resources",
    "in_tree": "provider_in_tree",
    "required": "provider_required",
}
GROUP_PARAMETERS: Mapping[str, str | None] = {
    "resources": None,
    "required": "candidate_required",
    "member_of": "candidate_member_of",
    "in_tree": "candidate_in_tree",
}
CANDIDATE_PARAMETERS: Mapping[str, str | None] = {
    **GROUP_PARAMETERS,
    "limit": "candidate_limit",
    "group_policy": "groups",
    "root_required": "root_required",
    "same_subtree": "same_subtree",
}
USAGE_PARAMETERS: Mapping[str, str | None] = {
    "project_id": None,
    "user_id": None,
    "consumer_type": "consumer_type",
}
TRAIT_PARAMETERS: Mapping[str, str | None] = {"name": None, "associated": None}
REPEATABLE = frozenset({"member_of", "required", "same_subtree"})

_NUMBER_SUFFIX = re.compile(r"[1-9][0-9]*")
_WORD_SUFFIX = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_GROUPED = re.compile(r"(resources|required|member_of|in_tree)(.+)")

Values = dict[str, list[str]]


def read_query(call: Call[Any], known: Mapping[str, str | None]) -> Values:
    """The query's values by name. Raises `InvalidRequest` for what is unknown at the version."""
    values: Values = {}
    for name, value in call.query.multi_items():
        if name not in known or not _is_on(call, known[name]):
            raise InvalidRequest(f"cannot use the query parameter '{name}' here at this version")
        values.setdefault(name, []).append(value)
    check_repeats(call, values)
    return values


def check_repeats(call: Call[Any], values: Values) -> None:
    """Raises `InvalidRequest` for a parameter that is given too often."""
    for name, given in values.items():
        stem = next((one for one in REPEATABLE if name.startswith(one)), None)
        may_repeat = (
            stem == "same_subtree"
            or (stem == "member_of" and "repeated_member_of" in call.flags)
            or (stem == "required" and "any_traits" in call.flags)
        )
        if len(given) > 1 and not may_repeat:
            raise InvalidRequest(f"cannot use the query parameter '{name}' more than once")


def read_group(call: Call[Any], values: Values, suffix: str = "") -> Group:
    """One group of filters. Raises `InvalidRequest`."""
    in_tree = values.get(f"in_tree{suffix}")
    return Group(
        resources=parse_resources(values[f"resources{suffix}"][0])
        if f"resources{suffix}" in values
        else {},
        traits=read_traits(call, values.get(f"required{suffix}", ())),
        in_tree=None if in_tree is None else check_uuid("in_tree", in_tree[0]),
        aggregates=read_aggregates(call, values.get(f"member_of{suffix}", ())),
    )


def read_candidate_request(call: Call[Any]) -> CandidateRequest:
    """What candidates are asked for. Raises `InvalidRequest`."""
    values: Values = {}
    suffixes = {""}
    for name, value in call.query.multi_items():
        suffixes.add(_check_candidate_parameter(call, name))
        values.setdefault(name, []).append(value)
    check_repeats(call, values)
    groups = {suffix: read_group(call, values, suffix) for suffix in sorted(suffixes)}
    if groups[""] == Group() and len(groups) > 1:
        del groups[""]
    request = CandidateRequest(
        groups=groups,
        is_isolated=_is_isolated(values, groups),
        root_traits=read_traits(call, values.get("root_required", ())),
        limit=_read_limit(values),
        together=tuple(frozenset(text.split(",")) for text in values.get("same_subtree", ())),
        is_flat="trees" not in call.flags,
    )
    _check_groups(request, values)
    return request


def _check_candidate_parameter(call: Call[Any], name: str) -> str:
    """The suffix of a parameter; empty when it has none."""
    if name in CANDIDATE_PARAMETERS:
        if _is_on(call, CANDIDATE_PARAMETERS[name]):
            return ""
    elif found := _GROUPED.fullmatch(name):
        stem, suffix = found.groups()
        shape = _WORD_SUFFIX if "word_suffixes" in call.flags else _NUMBER_SUFFIX
        is_on = _is_on(call, GROUP_PARAMETERS[stem]) and "groups" in call.flags
        if is_on and shape.fullmatch(suffix):
            return suffix
    raise InvalidRequest(f"cannot use the query parameter '{name}' here at this version")


def _is_isolated(values: Values, groups: Mapping[str, Group]) -> bool:
    policy = values.get("group_policy", [None])[0]
    if policy not in (None, "none", "isolate"):
        raise InvalidRequest(f"cannot use group_policy '{policy}': it is none or isolate")
    with_resources = [suffix for suffix, group in groups.items() if suffix and group.resources]
    if len(with_resources) > 1 and policy is None:
        raise InvalidRequest("cannot place several groups without group_policy: none or isolate")
    return policy == "isolate"


def _read_limit(values: Values) -> int | None:
    text = values.get("limit", [None])[0]
    if text is None:
        return None
    limit = parse_whole(text)
    if not limit:
        raise InvalidRequest(f"cannot use limit '{text}': it must be a whole number from 1 up")
    return limit


def _check_groups(request: CandidateRequest, values: Values) -> None:
    if not request.resources:
        raise InvalidRequest("cannot find candidates without 'resources'; ask for some")
    together = [set(text.split(",")) for text in values.get("same_subtree", ())]
    for unknown in set().union(*together) - set(request.groups):
        raise InvalidRequest(f"cannot find the group '{unknown}' that same_subtree names")
    for suffix, group in request.groups.items():
        if not group.resources and not any(suffix in some for some in together):
            raise InvalidRequest(f"cannot use the group '{suffix}' without 'resources{suffix}'")


def read_traits(call: Call[Any], texts: Sequence[str]) -> Filter:
    """Required and forbidden traits: `A,!B`, or `in:A,B`. Raises `InvalidRequest`."""
    required: list[frozenset[str]] = []
    forbidden: set[str] = set()
    for text in texts:
        if text.startswith("in:") and "any_traits" in call.flags:
            required.append(frozenset(_split_traits(text.removeprefix("in:"))))
            continue
        for name in _split_traits(text):
            if not name.startswith("!"):
                required.append(frozenset({name}))
            elif "forbidden_traits" in call.flags:
                forbidden.add(name.removeprefix("!"))
            else:
                raise InvalidRequest(f"cannot forbid a trait at this version: '{name}'")
    for some in required:
        if len(some) == 1 and some & forbidden:
            raise InvalidRequest(f"cannot require and forbid the trait {next(iter(some))}")
    return Filter(tuple(required), frozenset(forbidden))


def _split_traits(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise InvalidRequest(f"cannot read the traits '{text}': they look like A,B")
    return names


def read_aggregates(call: Call[Any], texts: Sequence[str]) -> Filter:
    """Aggregates to be in and not to be in: `A`, `in:A,B`, `!A`, `!in:A,B`."""
    required: list[frozenset[str]] = []
    forbidden: set[str] = set()
    for text in texts:
        is_forbidding = text.startswith("!") and "forbidden_aggregates" in call.flags
        plain = (text.removeprefix("!") if is_forbidding else text).removeprefix("in:")
        ids = frozenset(check_uuid("member_of", id) for id in plain.split(","))
        if is_forbidding:
            forbidden |= ids
        else:
            required.append(ids)
    return Filter(tuple(required), frozenset(forbidden))


def check_uuid(name: str, text: str) -> str:
    """A UUID as it is printed. Raises `InvalidRequest`."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise InvalidRequest(f"cannot use '{text}' as {name}: it must be a UUID") from None


def _is_on(call: Call[Any], flag: str | None) -> bool:
    return flag is None or flag in call.flags
