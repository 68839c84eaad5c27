"""The rows of what admins decide: agents and what they carry, bindings, segments, ranges,
flavors."""

from pilvi.core.http import Route
from pilvi.network.api import agents, flavors, port_bindings, segment_ranges, segments


def _list_range_rows(path: str) -> list[Route]:
    """The rows of ranges of segmentation ids, below either of their two paths."""
    one = path + "/{network_segment_range_id}"
    read, write = "network:read_segment_ranges", "network:write_segment_ranges"
    body = segment_ranges.SegmentRangeBody
    return [
        Route("GET", path, segment_ranges.list_network_segment_ranges, read),
        Route(
            "POST",
            path,
            segment_ranges.create_network_segment_range,
            write,
            status=201,
            body=body,
        ),
        Route("GET", one, segment_ranges.show_network_segment_range, read),
        Route("PUT", one, segment_ranges.update_network_segment_range, write, body=body),
        Route("DELETE", one, segment_ranges.delete_network_segment_range, write, status=204),
    ]


ADMIN_ROUTES = [
    Route("GET", "/agents", agents.list_agents, "network:read"),
    Route("GET", "/agents/{agent_id}", agents.show_agent, "network:read_agents"),
    Route(
        "PUT",
        "/agents/{agent_id}",
        agents.update_agent,
        "network:write_agents",
        body=agents.AgentBody,
    ),
    Route("DELETE", "/agents/{agent_id}", agents.delete_agent, "network:write_agents", status=204),
    Route(
        "GET",
        "/agents/{agent_id}/dhcp-networks",
        agents.list_networks_of_dhcp_agent,
        "network:read_agents",
    ),
    Route(
        "POST",
        "/agents/{agent_id}/dhcp-networks",
        agents.add_network_to_dhcp_agent,
        "network:write_agents",
        status=201,
        body=agents.NetworkOfAgent,
    ),
    Route(
        "DELETE",
        "/agents/{agent_id}/dhcp-networks/{network_id}",
        agents.remove_network_from_dhcp_agent,
        "network:write_agents",
        status=204,
    ),
    Route(
        "GET",
        "/agents/{agent_id}/l3-routers",
        agents.list_routers_of_l3_agent,
        "network:read_agents",
    ),
    Route(
        "POST",
        "/agents/{agent_id}/l3-routers",
        agents.add_router_to_l3_agent,
        "network:write_agents",
        status=201,
        body=agents.RouterOfAgent,
    ),
    Route(
        "DELETE",
        "/agents/{agent_id}/l3-routers/{router_id}",
        agents.remove_router_from_l3_agent,
        "network:write_agents",
        status=204,
    ),
    Route(
        "GET",
        "/networks/{network_id}/dhcp-agents",
        agents.list_dhcp_agents_of_network,
        "network:read_agents",
    ),
    Route(
        "GET",
        "/routers/{router_id}/l3-agents",
        agents.list_l3_agents_of_router,
        "network:read_agents",
    ),
    Route(
        "GET",
        "/ports/{port_id}/bindings",
        port_bindings.list_port_bindings,
        "network:read_agents",
    ),
    Route(
        "POST",
        "/ports/{port_id}/bindings",
        port_bindings.create_port_binding,
        "network:write_port_bindings",
        status=201,
        body=port_bindings.BindingBody,
    ),
    Route(
        "GET",
        "/ports/{port_id}/bindings/{host}",
        port_bindings.show_port_binding,
        "network:read_agents",
    ),
    Route(
        "PUT",
        "/ports/{port_id}/bindings/{host}",
        port_bindings.update_port_binding,
        "network:write_port_bindings",
        body=port_bindings.BindingChangeBody,
    ),
    Route(
        "DELETE",
        "/ports/{port_id}/bindings/{host}",
        port_bindings.delete_port_binding,
        "network:write_port_bindings",
        status=204,
    ),
    Route(
        "PUT",
        "/ports/{port_id}/bindings/{host}/activate",
        port_bindings.activate_port_binding,
        "network:write_port_bindings",
    ),
    Route("GET", "/segments", segments.list_segments, "network:read_agents"),
    Route(
        "POST",
        "/segments",
        segments.create_segment,
        "network:write_segments",
        status=201,
        body=segments.SegmentBody,
    ),
    Route("GET", "/segments/{segment_id}", segments.show_segment, "network:read_agents"),
    Route(
        "PUT",
        "/segments/{segment_id}",
        segments.update_segment,
        "network:write_segments",
        body=segments.SegmentBody,
    ),
    Route(
        "DELETE",
        "/segments/{segment_id}",
        segments.delete_segment,
        "network:write_segments",
        status=204,
    ),
    *_list_range_rows("/network-segment-ranges"),
    # As the API reference and OpenStack's own client write it.
    *_list_range_rows("/network_segment_ranges"),
    Route("GET", "/flavors", flavors.list_flavors, "network:read"),
    Route(
        "POST",
        "/flavors",
        flavors.create_network_flavor,
        "network:write_flavors",
        status=201,
        body=flavors.FlavorBody,
    ),
    Route("GET", "/flavors/{network_flavor_id}", flavors.show_network_flavor, "network:read"),
    Route(
        "PUT",
        "/flavors/{network_flavor_id}",
        flavors.update_network_flavor,
        "network:write_flavors",
        body=flavors.FlavorBody,
    ),
    Route(
        "DELETE",
        "/flavors/{network_flavor_id}",
        flavors.delete_network_flavor,
        "network:write_flavors",
        status=204,
    ),
    Route(
        "POST",
        "/flavors/{network_flavor_id}/service_profiles",
        flavors.bind_service_profile,
        "network:write_flavors",
        status=201,
        body=flavors.BindingBody,
    ),
    Route(
        "GET",
        "/flavors/{network_flavor_id}/service_profiles/{service_profile_id}",
        flavors.show_service_profile_binding,
        "network:read_service_profiles",
    ),
    Route(
        "DELETE",
        "/flavors/{network_flavor_id}/service_profiles/{service_profile_id}",
        flavors.unbind_service_profile,
        "network:write_flavors",
        status=204,
    ),
    Route(
        "GET", "/service_profiles", flavors.list_service_profiles, "network:read_service_profiles"
    ),
    Route(
        "POST",
        "/service_profiles",
        flavors.create_service_profile,
        "network:write_flavors",
        status=201,
        body=flavors.ServiceProfileBody,
    ),
    Route(
        "GET",
        "/service_profiles/{service_profile_id}",
        flavors.show_service_profile,
        "network:read_service_profiles",
    ),
    Route(
        "PUT",
        "/service_profiles/{service_profile_id}",
        flavors.update_service_profile,
        "network:write_flavors",
        body=flavors.ServiceProfileBody,
    ),
    Route(
        "DELETE",
        "/service_profiles/{service_profile_id}",
        flavors.delete_service_profile,
        "network:write_flavors",
        status=204,
    ),
]
