"""Handlers of the host contract."""

import asyncio
import math

from pilvi.core.http import Call
from pilvi.errors import InvalidRequest
from pilvi.host_api.contract import Desired, Receipt, Report
from pilvi.host_api.holdings import Holdings
from pilvi.hosts.operations.assignments import read_desired
from pilvi.hosts.operations.audits import record_holdings
from pilvi.hosts.operations.hosts import authenticate_host, get_host, record_report
from pilvi.hosts.operations.signals import HostSignals

# Seconds that an agent may ask to wait. Lower: more polling; higher: more idle connections break.
WAIT_S_MAX = 60.0
# Seconds between looks while waiting: news that another process committed is found this late.
LOOK_S = 2.0


async def get_desired(call: Call[None]) -> Desired:
    """What changed for the calling host after a revision, waiting for news up to `wait` seconds."""
    after, wait_s = _number(call, "after"), min(_number(call, "wait"), WAIT_S_MAX)
    signals = call.part(HostSignals)
    deadline = asyncio.get_running_loop().time() + wait_s
    async with call.db.read() as tx:
        host = await authenticate_host(tx, call.headers.get("authorization"))
    while True:
        event = signals.subscribe(host.id)
        async with call.db.read() as tx:
            host = await get_host(tx, host.id)
            desired = await read_desired(tx, host, int(after))
        left = deadline - asyncio.get_running_loop().time()
        if desired.revision != int(after) or left <= 0:
            return desired
        try:
            async with asyncio.timeout(min(left, LOOK_S)):
                await event.wait()
        except TimeoutError:
            continue


async def post_report(call: Call[Report]) -> Receipt:
    """What the calling host says it sees."""
    host = await authenticate_host(call.tx, call.headers.get("authorization"))
    kept_s = call.settings.usage_kept_s
    return Receipt(run=await record_report(call.tx, host, call.payload, kept_s))


async def post_holdings(call: Call[Holdings]) -> None:
    """What is there on the calling host, for an audit."""
    host = await authenticate_host(call.tx, call.headers.get("authorization"))
    await record_holdings(call.tx, host, call.payload)


def _number(call: Call[None], name: str) -> float:
    try:
        number = float(call.query.get(name) or 0)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InvalidRequest(f"cannot read '{name}': it must be a number")
    return max(0.0, number)
