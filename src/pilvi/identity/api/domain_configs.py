"""Settings that are kept for a domain. None of them changes where this cloud's users live."""

from typing import Any

import msgspec

from pilvi.core.http import Call, Reply
from pilvi.errors import Forbidden, InvalidRequest, NotFound
from pilvi.identity.api.wire import Free
from pilvi.identity.operations.domain_configs import DEFAULTS, find_config, keep_config
from pilvi.identity.store import projects


class ConfigBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT and PATCH /v3/domains/{id}/config."""

    config: Free


def _check_group(group: str) -> Free:
    if group not in DEFAULTS:
        raise Forbidden(f"cannot configure the group '{group}'; there are identity and ldap")
    return DEFAULTS[group]


def _check_config(config: Free) -> None:
    """Raise for groups and options that there are not. Pure."""
    if not config:
        raise InvalidRequest("cannot keep a config without a group")
    for group, options in config.items():
        known = _check_group(group)
        if not isinstance(options, dict) or not options:
            raise InvalidRequest(f"cannot keep the group '{group}': it is a mapping of options")
        for option in options:
            if option not in known:
                raise Forbidden(f"cannot configure '{option}' of the group '{group}'")


async def _get(call: Call[Any]) -> Free:
    """A domain's config narrowed to the path's group and option. Raises `NotFound`."""
    domain = await projects.get_domain(call.tx, call.path["domain_id"])
    config = await find_config(call.tx, domain.id)
    group, option = call.path.get("group"), call.path.get("option")
    if config is None or (group is not None and group not in config):
        raise NotFound(f"cannot find this config of the domain '{domain.id}'")
    if group is not None and option is not None and option not in config[group]:
        raise NotFound(f"cannot find the option '{option}' of the domain '{domain.id}'")
    return config


async def show_domain_config(call: Call[None]) -> dict[str, Any]:
    """What is kept for a domain: all, a group or an option."""
    config, group, option = await _get(call), call.path.get("group"), call.path.get("option")
    if group is None:
        return {"config": config}
    if option is None:
        return {"config": {group: config[group]}}
    return {"config": {option: config[group][option]}}


async def create_domain_config(call: Call[ConfigBody]) -> Reply:
    """Keep a config for a domain in the place of any other."""
    domain = await projects.get_domain(call.tx, call.path["domain_id"])
    _check_config(call.payload.config)
    before = await find_config(call.tx, domain.id)
    await keep_config(call.tx, domain.id, call.payload.config)
    return Reply({"config": call.payload.config}, 201 if before is None else 200)


async def update_domain_config(call: Call[ConfigBody]) -> dict[str, Any]:
    """Change some options of a domain's config."""
    group, option = call.path.get("group"), call.path.get("option")
    given = call.payload.config
    if group is not None:
        _check_group(group)
    if option is not None and group is not None:
        if set(given) != {option}:
            raise InvalidRequest(f"cannot change another option than the path's, '{option}'")
        given = {group: given}
    elif group is not None and set(given) != {group}:
        raise InvalidRequest(f"cannot change another group than the path's, '{group}'")
    _check_config(given)
    config = await _get(call)
    merged = {**config, **{name: {**config.get(name, {}), **given[name]} for name in given}}
    await keep_config(call.tx, call.path["domain_id"], merged)
    return {"config": merged if group is None else {group: merged[group]}}


async def delete_domain_config(call: Call[None]) -> None:
    """Keep nothing for a domain any more, or not this group or option."""
    config, group, option = await _get(call), call.path.get("group"), call.path.get("option")
    rest: Free = {}
    if group is not None:
        rest = {name: dict(options) for name, options in config.items()}
        if option is None:
            del rest[group]
        else:
            del rest[group][option]
    await keep_config(call.tx, call.path["domain_id"], rest)


async def show_default_config(call: Call[None]) -> dict[str, Any]:
    """What a domain has without a config of its own: all, a group or an option."""
    group, option = call.path.get("group"), call.path.get("option")
    if group is None:
        return {"config": DEFAULTS}
    options = _check_group(group)
    if option is None:
        return {"config": {group: options}}
    if option not in options:
        raise Forbidden(f"cannot find the option '{option}' of the group '{group}'")
    return {"config": {option: options[option]}}
