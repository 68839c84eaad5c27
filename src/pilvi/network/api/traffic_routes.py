"""The rows of what is done with traffic on its way: memory, meters, helpers, logs."""

from pilvi.core.http import Route
from pilvi.network.api import conntrack_helpers, default_statefulness, logs, metering, ndp_proxies

_STATEFULNESS = "/security-groups-default-statefulness"

TRAFFIC_ROUTES = [
    Route("GET", _STATEFULNESS, default_statefulness.list_default_statefulness, "network:read"),
    Route(
        "POST",
        _STATEFULNESS,
        default_statefulness.create_default_statefulness,
        "network:write_default_rules",
        status=201,
        body=default_statefulness.DefaultStatefulnessBody,
    ),
    Route(
        "GET",
        f"{_STATEFULNESS}/{{default_statefulness_id}}",
        default_statefulness.show_default_statefulness,
        "network:read",
    ),
    Route(
        "PUT",
        f"{_STATEFULNESS}/{{default_statefulness_id}}",
        default_statefulness.update_default_statefulness,
        "network:write_default_rules",
        body=default_statefulness.DefaultStatefulnessBody,
    ),
    Route(
        "DELETE",
        f"{_STATEFULNESS}/{{default_statefulness_id}}",
        default_statefulness.delete_default_statefulness,
        "network:write_default_rules",
        status=204,
    ),
    Route(
        "GET", "/metering/metering-labels", metering.list_metering_labels, "network:read_metering"
    ),
    Route(
        "POST",
        "/metering/metering-labels",
        metering.create_metering_label,
        "network:write_metering",
        status=201,
        body=metering.LabelBody,
    ),
    Route(
        "GET",
        "/metering/metering-labels/{metering_label_id}",
        metering.show_metering_label,
        "network:read_metering",
    ),
    Route(
        "PUT",
        "/metering/metering-labels/{metering_label_id}",
        metering.update_metering_label,
        "network:write_metering",
        body=metering.LabelBody,
    ),
    Route(
        "DELETE",
        "/metering/metering-labels/{metering_label_id}",
        metering.delete_metering_label,
        "network:write_metering",
        status=204,
    ),
    Route(
        "GET",
        "/metering/metering-label-rules",
        metering.list_metering_rules,
        "network:read_metering",
    ),
    Route(
        "POST",
        "/metering/metering-label-rules",
        metering.create_metering_rule,
        "network:write_metering",
        status=201,
        body=metering.RuleBody,
    ),
    Route(
        "GET",
        "/metering/metering-label-rules/{metering_rule_id}",
        metering.show_metering_rule,
        "network:read_metering",
    ),
    Route(
        "PUT",
        "/metering/metering-label-rules/{metering_rule_id}",
        metering.update_metering_rule,
        "network:write_metering",
        body=metering.RuleBody,
    ),
    Route(
        "DELETE",
        "/metering/metering-label-rules/{metering_rule_id}",
        metering.delete_metering_rule,
        "network:write_metering",
        status=204,
    ),
    Route(
        "GET",
        "/routers/{router_id}/conntrack_helpers",
        conntrack_helpers.list_conntrack_helpers,
        "network:read",
    ),
    Route(
        "POST",
        "/routers/{router_id}/conntrack_helpers",
        conntrack_helpers.create_conntrack_helper,
        "network:write_routers",
        status=201,
        body=conntrack_helpers.HelperBody,
    ),
    Route(
        "GET",
        "/routers/{router_id}/conntrack_helpers/{conntrack_helper_id}",
        conntrack_helpers.show_conntrack_helper,
        "network:read",
    ),
    Route(
        "PUT",
        "/routers/{router_id}/conntrack_helpers/{conntrack_helper_id}",
        conntrack_helpers.update_conntrack_helper,
        "network:write_routers",
        body=conntrack_helpers.HelperBody,
    ),
    Route(
        "DELETE",
        "/routers/{router_id}/conntrack_helpers/{conntrack_helper_id}",
        conntrack_helpers.delete_conntrack_helper,
        "network:write_routers",
        status=204,
    ),
    Route("GET", "/ndp-proxies", ndp_proxies.list_ndp_proxies, "network:read"),
    Route(
        "POST",
        "/ndp-proxies",
        ndp_proxies.create_ndp_proxy,
        "network:write_routers",
        status=201,
        body=ndp_proxies.NdpProxyBody,
    ),
    Route("GET", "/ndp-proxies/{ndp_proxy_id}", ndp_proxies.show_ndp_proxy, "network:read"),
    Route(
        "PUT",
        "/ndp-proxies/{ndp_proxy_id}",
        ndp_proxies.update_ndp_proxy,
        "network:write_routers",
        body=ndp_proxies.NdpProxyBody,
    ),
    Route(
        "DELETE",
        "/ndp-proxies/{ndp_proxy_id}",
        ndp_proxies.delete_ndp_proxy,
        "network:write_routers",
        status=204,
    ),
    Route("GET", "/log/loggable-resources", logs.list_loggable_resources, "network:read_logs"),
    Route("GET", "/log/logs", logs.list_logs, "network:read_logs"),
    Route(
        "POST", "/log/logs", logs.create_log, "network:write_logs", status=201, body=logs.LogBody
    ),
    Route("GET", "/log/logs/{log_id}", logs.show_log, "network:read_logs"),
    Route("PUT", "/log/logs/{log_id}", logs.update_log, "network:write_logs", body=logs.LogBody),
    Route("DELETE", "/log/logs/{log_id}", logs.delete_log, "network:write_logs", status=204),
]
