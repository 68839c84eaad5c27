"""The page of the settings: name, type, default and sentence of each."""

from typing import Any

import msgspec
from msgspec import NODEFAULT, inspect

import pilvi.settings
from pages.markdown import GENERATED, code, join, table
from pages.sources import Sources, read_sentences
from pages.wire import describe
from pilvi.settings import DEFAULT_STATE_DIR, FILE_NAME, Settings


def make_page(sources: Sources) -> str:
    """Every setting of a cloud."""
    sentences = read_sentences(pilvi.settings)["Settings"]
    rows = (
        (code(f.name), _kind(f.type), code(_default(f)), sentences[f.name])
        for f in msgspec.structs.fields(Settings)
    )
    return join(
        "# Settings",
        GENERATED,
        f"They are in `{FILE_NAME}` in the state directory (`{DEFAULT_STATE_DIR}`, or "
        "`~/.local/state/pilvi` for who is not root), written at the first start and read by every "
        "process when it starts. Name them at the first start with "
        "`pilvi up --setting NAME=VALUE`; later edit the file and start the cloud again. "
        "What every process and host of one cloud shares must say the same on all of them.",
        table(("setting", "type", "default", "what it says"), rows),
    )


def _kind(kind: Any) -> str:
    info = inspect.type_info(kind)
    limits = []
    if isinstance(info, inspect.StrType) and info.pattern:
        limits.append(code(info.pattern))
    if isinstance(info, inspect.IntType) and info.ge is not None:
        limits.append(f"{info.ge} to {info.le}")
    return " ".join([describe(kind).replace("integer", "whole number"), *limits])


def _default(field: msgspec.structs.FieldInfo) -> str:
    assert field.default is not NODEFAULT, field.name
    value = list(field.default) if isinstance(field.default, tuple) else field.default
    return msgspec.json.encode(value).decode()
