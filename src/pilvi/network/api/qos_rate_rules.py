"""Rules of policies of quality of service that are rates: of packets, and the least of either.

A limit is enforced by hosts; a minimum is kept and shown in what a port asks for, and nothing
obeys it.
"""

from typing import Any

import msgspec

from pilvi.core.http import Call
from pilvi.network.api.qos_rules import (
    create_rule,
    delete_rule,
    list_alias_rules,
    list_rules,
    policy_of_rule,
    show_rule,
    update_rule,
)
from pilvi.network.api.wire import ABSENT, Absent, Id
from pilvi.network.model.qos import RuleKind


class PacketLimitFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a limit of packets is made of."""

    direction: str | Absent = ABSENT
    max_kpps: int | Absent = ABSENT
    max_burst_kpps: int | Absent = ABSENT
    project_id: Id | Absent = ABSENT
    tenant_id: Id | Absent = ABSENT


class PacketLimitBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PUT below a policy."""

    packet_rate_limit_rule: PacketLimitFields


async def list_packet_rate_limit_rules(call: Call[None]) -> dict[str, Any]:
    """A policy's limits of packets."""
    return await list_rules(call, RuleKind.PACKET_RATE_LIMIT)


async def show_packet_rate_limit_rule(call: Call[None]) -> dict[str, Any]:
    """One of a policy's limits of packets."""
    return await show_rule(call, RuleKind.PACKET_RATE_LIMIT, call.path["policy_id"])


async def create_packet_rate_limit_rule(call: Call[PacketLimitBody]) -> dict[str, Any]:
    """Limit how many packets the guests of a policy's ports send or are sent."""
    return await create_rule(call, RuleKind.PACKET_RATE_LIMIT, call.payload.packet_rate_limit_rule)


async def update_packet_rate_limit_rule(call: Call[PacketLimitBody]) -> dict[str, Any]:
    """Change a limit of packets."""
    policy_id, kind = call.path["policy_id"], RuleKind.PACKET_RATE_LIMIT
    await update_rule(call, kind, policy_id, call.payload.packet_rate_limit_rule)
    return await show_rule(call, kind, policy_id)


async def delete_packet_rate_limit_rule(call: Call[None]) -> None:
    """Remove a limit of packets."""
    await delete_rule(call, RuleKind.PACKET_RATE_LIMIT, call.path["policy_id"])


class MinimumBandwidthFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a minimum of bandwidth is made of."""

    direction: str | Absent = ABSENT
    min_kbps: int | Absent = ABSENT
    project_id: Id | Absent = ABSENT
    tenant_id: Id | Absent = ABSENT


class MinimumBandwidthBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PUT below a policy."""

    minimum_bandwidth_rule: MinimumBandwidthFields


class MinimumBandwidthAliasBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT of a rule by its own id."""

    alias_minimum_bandwidth_rule: MinimumBandwidthFields


async def list_minimum_bandwidth_rules(call: Call[None]) -> dict[str, Any]:
    """A policy's minimums of bandwidth."""
    return await list_rules(call, RuleKind.MINIMUM_BANDWIDTH)


async def show_minimum_bandwidth_rule(call: Call[None]) -> dict[str, Any]:
    """One of a policy's minimums of bandwidth."""
    return await show_rule(call, RuleKind.MINIMUM_BANDWIDTH, call.path["policy_id"])


async def create_minimum_bandwidth_rule(call: Call[MinimumBandwidthBody]) -> dict[str, Any]:
    """Say which bandwidth a policy's ports ask for."""
    return await create_rule(call, RuleKind.MINIMUM_BANDWIDTH, call.payload.minimum_bandwidth_rule)


async def update_minimum_bandwidth_rule(call: Call[MinimumBandwidthBody]) -> dict[str, Any]:
    """Change a minimum of bandwidth."""
    policy_id, kind = call.path["policy_id"], RuleKind.MINIMUM_BANDWIDTH
    await update_rule(call, kind, policy_id, call.payload.minimum_bandwidth_rule)
    return await show_rule(call, kind, policy_id)


async def delete_minimum_bandwidth_rule(call: Call[None]) -> None:
    """Remove a minimum of bandwidth."""
    await delete_rule(call, RuleKind.MINIMUM_BANDWIDTH, call.path["policy_id"])


async def list_alias_minimum_bandwidth_rules(call: Call[None]) -> dict[str, Any]:
    """The minimums of bandwidth of every policy that one sees."""
    return await list_alias_rules(call, RuleKind.MINIMUM_BANDWIDTH)


async def show_alias_minimum_bandwidth_rule(call: Call[None]) -> dict[str, Any]:
    """A minimum of bandwidth, by its own id."""
    kind = RuleKind.MINIMUM_BANDWIDTH
    return await show_rule(call, kind, await policy_of_rule(call, kind), "alias_")


async def update_alias_minimum_bandwidth_rule(
    call: Call[MinimumBandwidthAliasBody],
) -> dict[str, Any]:
    """Change a minimum of bandwidth, by its own id."""
    kind = RuleKind.MINIMUM_BANDWIDTH
    policy_id = await policy_of_rule(call, kind)
    await update_rule(call, kind, policy_id, call.payload.alias_minimum_bandwidth_rule)
    return await show_rule(call, kind, policy_id, "alias_")


async def delete_alias_minimum_bandwidth_rule(call: Call[None]) -> None:
    """Remove a minimum of bandwidth, by its own id."""
    kind = RuleKind.MINIMUM_BANDWIDTH
    await delete_rule(call, kind, await policy_of_rule(call, kind))


class MinimumPacketRateFields(msgspec.Struct, forbid_unknown_fields=True):
    """What a minimum of packets is made of."""

    direction: str | Absent = ABSENT
    min_kpps: int | Absent = ABSENT
    project_id: Id | Absent = ABSENT
    tenant_id: Id | Absent = ABSENT


class MinimumPacketRateBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST and PUT below a policy."""

    minimum_packet_rate_rule: MinimumPacketRateFields


class MinimumPacketRateAliasBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT of a rule by its own id."""

    alias_minimum_packet_rate_rule: MinimumPacketRateFields


async def list_minimum_packet_rate_rules(call: Call[None]) -> dict[str, Any]:
    """A policy's minimums of packets."""
    return await list_rules(call, RuleKind.MINIMUM_PACKET_RATE)


async def show_minimum_packet_rate_rule(call: Call[None]) -> dict[str, Any]:
    """One of a policy's minimums of packets."""
    return await show_rule(call, RuleKind.MINIMUM_PACKET_RATE, call.path["policy_id"])


async def create_minimum_packet_rate_rule(call: Call[MinimumPacketRateBody]) -> dict[str, Any]:
    """Say which rate of packets a policy's ports ask for."""
    return await create_rule(
        call, RuleKind.MINIMUM_PACKET_RATE, call.payload.minimum_packet_rate_rule
    )


async def update_minimum_packet_rate_rule(call: Call[MinimumPacketRateBody]) -> dict[str, Any]:
    """Change a minimum of packets."""
    policy_id, kind = call.path["policy_id"], RuleKind.MINIMUM_PACKET_RATE
    await update_rule(call, kind, policy_id, call.payload.minimum_packet_rate_rule)
    return await show_rule(call, kind, policy_id)


async def delete_minimum_packet_rate_rule(call: Call[None]) -> None:
    """Remove a minimum of packets."""
    await delete_rule(call, RuleKind.MINIMUM_PACKET_RATE, call.path["policy_id"])


async def list_alias_minimum_packet_rate_rules(call: Call[None]) -> dict[str, Any]:
    """The minimums of packets of every policy that one sees."""
    return await list_alias_rules(call, RuleKind.MINIMUM_PACKET_RATE)


async def show_alias_minimum_packet_rate_rule(call: Call[None]) -> dict[str, Any]:
    """A minimum of packets, by its own id."""
    kind = RuleKind.MINIMUM_PACKET_RATE
    return await show_rule(call, kind, await policy_of_rule(call, kind), "alias_")


async def update_alias_minimum_packet_rate_rule(
    call: Call[MinimumPacketRateAliasBody],
) -> dict[str, Any]:
    """Change a minimum of packets, by its own id."""
    kind = RuleKind.MINIMUM_PACKET_RATE
    policy_id = await policy_of_rule(call, kind)
    await update_rule(call, kind, policy_id, call.payload.alias_minimum_packet_rate_rule)
    return await show_rule(call, kind, policy_id, "alias_")


async def delete_alias_minimum_packet_rate_rule(call: Call[None]) -> None:
    """Remove a minimum of packets, by its own id."""
    kind = RuleKind.MINIMUM_PACKET_RATE
    await delete_rule(call, kind, await policy_of_rule(call, kind))
