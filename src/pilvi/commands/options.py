"""From command-line options to settings."""

from typing import Any, get_origin

import msgspec

from pilvi.errors import InvalidRequest
from pilvi.settings import Settings


def read_changes(pairs: list[str], **given: Any) -> dict[str, Any]:
    """The settings that a command line names: NAME=VALUE pairs and options that were given.

    A value of several parts has commas between them.
    Raises `InvalidRequest` for an unknown name or a value that does not fit. Pure.
    """
    changes = {name: value for name, value in given.items() if value is not None}
    types = {field.encode_name: field.type for field in msgspec.structs.fields(Settings)}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or name not in types:
            known = ", ".join(sorted(types))
            raise InvalidRequest(f"cannot read the setting '{pair}': use NAME=VALUE of {known}")
        value = text.split(",") if get_origin(types[name]) is tuple else text
        try:
            changes[name] = msgspec.convert(value, types[name], strict=False)
        except msgspec.ValidationError as error:
            raise InvalidRequest(f"cannot use the setting '{pair}': {error}") from error
    try:
        msgspec.convert(changes, Settings)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"cannot use these settings: {error}") from error
    return changes
