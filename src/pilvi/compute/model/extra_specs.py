"""Extra specs of flavors that have a meaning, and the values that they can have. Pure.

What a key outside of these namespaces means is the operator's own matter.
"""

import re
from collections.abc import Mapping

from pilvi.errors import InvalidRequest

_BOOLEAN = r"(?i:true|false|1|0|yes|no|y|n|on|off|t|f)"
_WHOLE = r"[0-9]{1,10}"
_POSITIVE = r"0*[1-9][0-9]{0,9}"
_ANY = r".{1,255}"
_CPUS = r"\^?[0-9]+(-[0-9]+)?(,\^?[0-9]+(-[0-9]+)?)*"
_PAGES = r"(small|large|any|[0-9]+([kKMGT](i?[bB])?)?)"
_RATE = r"(read|write|total)_(bytes|iops)_sec(_max)?(_length)?"

_KNOWN: dict[str, dict[str, str]] = {
    "hw": {
        r"boot_menu|cpu_realtime|hide_hypervisor_id|locked_memory|mem_encryption|pmu": _BOOLEAN,
        r"vif_multiqueue_enabled|virtio_packed_ring": _BOOLEAN,
        r"cpu_policy": "dedicated|shared|mixed",
        r"cpu_thread_policy": "prefer|isolate|require",
        r"cpu_(max_)?(sockets|cores|threads)|numa_nodes": _POSITIVE,
        r"cpu_dedicated_mask|cpu_realtime_mask|numa_cpus\.[0-9]+": _CPUS,
        r"numa_mem\.[0-9]+": _POSITIVE,
        r"emulator_threads_policy": "isolate|share",
        r"mem_encryption_model": "amd-sev|amd-sev-es",
        r"mem_page_size": _PAGES,
        r"maxphysaddr_bits|redirected_usb_ports|serial_port_count": _WHOLE,
        r"maxphysaddr_mode": "passthrough|emulate",
        r"pci_numa_affinity_policy": "required|preferred|legacy|socket",
        r"pmem|sound_model|usb_model": _ANY,
        r"tpm_model": "tpm-tis|tpm-crb",
        r"tpm_secret_security": "user|host|deployment",
        r"tpm_version": "1[.]2|2[.]0",
        r"viommu_model": "intel|smmuv3|virtio|auto",
        r"watchdog_action": "none|pause|poweroff|reset|disabled",
    },
    "hw_rng": {r"allowed": _BOOLEAN, r"rate_bytes|rate_period": _WHOLE},
    "hw_video": {r"ram_max_mb": _WHOLE},
    "os": {r"secure_boot": "disabled|optional|required"},
    "quota": {
        r"cpu_(period|quota|shares|limit|reservation|shares_share)": r"-?[0-9]{1,10}",
        r"(cpu|memory|disk_io|vif)_shares_level": "custom|high|normal|low",
        r"(memory|disk_io|vif)_(limit|reservation|shares_share)": _WHOLE,
        rf"disk_{_RATE}": _WHOLE,
        r"vif_(inbound|outbound)_(average|peak|burst)": _WHOLE,
    },
    "accel": {r"device_profile": _ANY},
    "pci_passthrough": {r"alias": r"[^:,]+:[0-9]+(,[^:,]+:[0-9]+)*"},
    "resources": {r"[A-Z0-9_]+": _WHOLE},
    "trait": {r"[A-Z0-9_]+": "required|forbidden"},
    "aggregate_instance_extra_specs": {_ANY: _ANY},
    "capabilities": {_ANY: _ANY},
}
"""By namespace: patterns of the names below it, each with the pattern of its values."""

_PLAIN = {"hide_hypervisor_id": _BOOLEAN, "group_policy": "none|isolate"}
_NUMBERED = re.compile(r"(resources|trait)[a-zA-Z0-9_-]{1,64}")


def check_extra_specs(specs: Mapping[str, str]) -> None:
    """Raise `InvalidRequest` for a known extra spec with a wrong value, or an unknown one."""
    for key, value in specs.items():
        _check(key, value)


def _check(key: str, value: str) -> None:
    namespace, colon, name = key.partition(":")
    if not colon:
        if key in _PLAIN and not re.fullmatch(_PLAIN[key], value):
            raise _wrong(key, value)
        return
    if _NUMBERED.fullmatch(namespace):
        namespace = "trait" if namespace.startswith("trait") else "resources"
    known = _KNOWN.get(namespace)
    if known is None:
        return
    values = next((values for names, values in known.items() if re.fullmatch(names, name)), None)
    if values is None:
        raise InvalidRequest(
            f"cannot keep the extra spec '{key[:80]}': the namespace '{namespace}' has no such name"
        )
    if not re.fullmatch(values, value):
        raise _wrong(key, value)


def _wrong(key: str, value: str) -> InvalidRequest:
    return InvalidRequest(f"cannot keep the extra spec '{key[:80]}': it cannot be '{value[:80]}'")
