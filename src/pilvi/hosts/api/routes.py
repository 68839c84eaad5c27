"""THE SURFACE of the host contract."""

from pilvi.core.http import Route
from pilvi.host_api.contract import Desired, Receipt, Report
from pilvi.host_api.holdings import Holdings
from pilvi.hosts.api.contract import get_desired, post_holdings, post_report
from pilvi.hosts.operations.hosts import authenticate_host

ROUTES = [
    Route("GET", "/desired", get_desired, "hosts:contract", reply=Desired, access="none"),
    Route(
        "POST",
        "/report",
        post_report,
        "hosts:contract",
        body=Report,
        reply=Receipt,
        body_bytes_max=64 << 20,
        zero_bytes=True,
        admit=authenticate_host,
    ),
    Route(
        "POST",
        "/holdings",
        post_holdings,
        "hosts:contract",
        body=Holdings,
        body_bytes_max=64 << 20,
        status=204,
        admit=authenticate_host,
    ),
]
