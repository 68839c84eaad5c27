"""Conversations about servers."""

from compute.servers import ComputeCloud
from pilvi.host_api.contract import Kind


async def test_a_server_comes_up_and_goes_without_a_trace(compute: ComputeCloud) -> None:
    id = await compute.create(name="web")
    server = await compute.wait(id, "ACTIVE")
    assert server["name"] == "web"
    assert server["OS-EXT-STS:power_state"] == 1
    assert compute.agent.vm(id).vcpus == 1
    await compute.delete(id)
    assert compute.agent.holds(Kind.VM) == []
