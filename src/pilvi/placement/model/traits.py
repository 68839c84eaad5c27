"""Names of what a provider can do."""

import re

CUSTOM = "CUSTOM_"
CUSTOM_TRAIT = re.compile(r"CUSTOM_[A-Z0-9_]{1,248}")
"""Name of a trait that an admin may make."""
SHARING = "MISC_SHARES_VIA_AGGREGATE"
"""What has it lends to every tree that is in one of its aggregates."""
TRAIT_LENGTH_MAX = 255

STANDARD_TRAITS = (
    "COMPUTE_ACCELERATORS",
    "COMPUTE_CONFIG_DRIVE_REGENERATION",
    "COMPUTE_DEVICE_TAGGING",
    "COMPUTE_EPHEMERAL_ENCRYPTION",
    "COMPUTE_GRAPHICS_MODEL_VGA",
    "COMPUTE_GRAPHICS_MODEL_VIRTIO",
    "COMPUTE_IMAGE_TYPE_ISO",
    "COMPUTE_IMAGE_TYPE_QCOW2",
    "COMPUTE_IMAGE_TYPE_RAW",
    "COMPUTE_MANAGED_PCI_DEVICE",
    "COMPUTE_MIGRATE_AUTO_CONVERGE",
    "COMPUTE_MIGRATE_POST_COPY",
    "COMPUTE_NET_ATTACH_INTERFACE",
    "COMPUTE_NET_ATTACH_INTERFACE_WITH_TAG",
    "COMPUTE_NET_VIF_MODEL_VIRTIO",
    "COMPUTE_NODE",
    "COMPUTE_RESCUE_BFV",
    "COMPUTE_SAME_HOST_COLD_MIGRATE",
    "COMPUTE_SECURITY_UEFI_SECURE_BOOT",
    "COMPUTE_SOCKET_PCI_NUMA_AFFINITY",
    "COMPUTE_STATUS_DISABLED",
    "COMPUTE_STORAGE_BUS_VIRTIO",
    "COMPUTE_TRUSTED_CERTS",
    "COMPUTE_VOLUME_ATTACH",
    "COMPUTE_VOLUME_ATTACH_WITH_TAG",
    "COMPUTE_VOLUME_EXTEND",
    "COMPUTE_VOLUME_MULTI_ATTACH",
    "HW_ARCH_AARCH64",
    "HW_ARCH_X86_64",
    SHARING,
)
"""Names out of os-traits that this cloud's clients may look for; all others are custom."""


def trait_of(name: str) -> str:
    """The trait that stands for a capability: a standard name as it is, or a custom one. Pure."""
    plain = re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_")
    if plain in STANDARD_TRAITS or plain.startswith(CUSTOM):
        return plain[:TRAIT_LENGTH_MAX]
    return f"{CUSTOM}{plain}"[:TRAIT_LENGTH_MAX]
