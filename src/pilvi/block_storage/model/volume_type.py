"""Kinds of volumes to choose from; all are kept alike."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NewType

VolumeTypeId = NewType("VolumeTypeId", str)

DEFAULT_TYPE = "__DEFAULT__"


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeType:
    """One volume type."""

    id: VolumeTypeId
    name: str
    description: str | None
    is_public: bool
    extra_specs: Mapping[str, str]
    qos_specs_id: str | None = None
    encryption: Mapping[str, Any] | None = None
    """How volumes of it are to be encrypted, as an admin has said; None: not at all."""
    created_at: datetime.datetime
    updated_at: datetime.datetime | None

    @property
    def is_multiattach(self) -> bool:
        """Whether several servers may have one volume of it at once."""
        return self.extra_specs.get("multiattach", "").lower() in ("<is> true", "true")


CAPABILITIES: Mapping[str, str] = {
    "storage_protocol": "iSCSI",
    "vendor_name": "Pilvi",
    "volume_backend_name": "pilvi",
    "pool_name": "pilvi",
    "driver_version": "1.0.0",
    "thin_provisioning_support": "True",
    "thick_provisioning_support": "False",
    "multiattach": "True",
    "QoS_support": "False",
}
"""What every host's backend says of itself; extra specs are matched against it."""


def misfit(extra_specs: Mapping[str, str]) -> str:
    """Why no backend can keep volumes of a type, in words; empty when all can. Pure.

    Extra specs of other scopes (`key:word`) than `capabilities` are not about backends.
    """
    for key, wanted in extra_specs.items():
        scope, _, name = key.rpartition(":")
        if scope not in ("", "capabilities") or name in _NOT_MATCHED:
            continue
        has = CAPABILITIES.get(name)
        plain = wanted.removeprefix("<is> ").removeprefix("<in> ").strip()
        if has is None or has.lower() != plain.lower():
            return f"asked for {name} '{wanted}', the backends have '{has or 'none'}'"
    return ""


_NOT_MATCHED = frozenset({"availability_zones", "replication_enabled"})
