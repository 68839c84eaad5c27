"""Conversations about walks along ports."""

import asyncio
from typing import Any

import msgspec
import pytest

from fake_host import FakeAgent
from network.api.test_stories import plugged
from network.neutron import ROOT, Neutron
from pilvi.host_api.contract import Kind
from pilvi.host_api.traces import TraceSpec
from pilvi.hosts.operations.assignments import list_held_of
from pilvi.network.operations import traces
from pilvi.network.reconcilers.trace import TraceReconciler


async def ask(neutron: Neutron, method: str, id: str, user: str = "admin") -> Any:
    return await neutron.cloud.call(method, f"{ROOT}/ports/{id}/pilvi-trace", user=user)


async def trace(neutron: Neutron, method: str, id: str) -> dict[str, Any]:
    reply = await ask(neutron, method, id)
    assert reply.is_success, reply.text
    told: dict[str, Any] = reply.json()["trace"]
    return told


async def test_only_admins_let_hosts_walk(neutron: Neutron, agent: FakeAgent) -> None:
    id = await plugged(neutron, agent)
    for method in ("GET", "POST"):
        assert (await ask(neutron, method, id, "demo")).status_code == 403
    assert (await ask(neutron, "GET", id)).status_code == 404
    assert (await ask(neutron, "POST", "nobody")).status_code == 404


async def test_the_host_is_told_what_to_walk(neutron: Neutron, agent: FakeAgent) -> None:
    agent.silent.add(Kind.TRACE)
    id = await plugged(neutron, agent)
    begun = await trace(neutron, "POST", id)
    assert (begun["is_over"], begun["first_failure"]) == (False, None)
    assert [hop["name"] for hop in begun["hops"]] == ["port wish", "host alive"]
    async with asyncio.timeout(10):
        while (Kind.TRACE, id) not in agent.waiting:  # noqa: ASYNC110  # it has no event
            await asyncio.sleep(0.01)
    spec = msgspec.json.decode(agent.waiting[Kind.TRACE, id].spec, type=TraceSpec)
    assert (spec.port_id, spec.trace_id) == (id, begun["id"])
    (router,) = (await neutron.get("/routers", "admin"))["routers"]
    assert spec.router_ids == [router["id"]] and spec.floating_addresses == []
    assert (await trace(neutron, "GET", id))["is_over"] is False
    assert (await trace(neutron, "POST", id))["id"] != begun["id"]


async def test_an_old_walk_is_forgotten(
    neutron: Neutron, agent: FakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = await plugged(neutron, agent)
    await trace(neutron, "POST", id)
    reconciler = TraceReconciler(neutron.cloud.db)
    assert await reconciler.list_unsettled() == []
    await reconciler.reconcile(id)
    assert (await ask(neutron, "GET", id)).status_code == 200
    monkeypatch.setattr(traces, "KEPT_S", 0.0)
    assert await reconciler.list_unsettled() == [id]
    await reconciler.reconcile(id)
    assert (await ask(neutron, "GET", id)).status_code == 404
    assert await reconciler.list_unsettled() == []
    await neutron.cloud.settle()
    assert (Kind.TRACE, id) not in agent.held


async def test_a_walk_ends_with_its_port(neutron: Neutron, agent: FakeAgent) -> None:
    id = await plugged(neutron, agent)
    await trace(neutron, "POST", id)
    assert await neutron.delete("ports", id, "admin") == 204
    await neutron.cloud.settle()
    async with neutron.cloud.db.read() as tx:
        assert [one.present for one in await list_held_of(tx, Kind.TRACE)] in ([], [False])
    assert (Kind.TRACE, id) not in agent.held


async def test_an_agent_of_an_older_release_is_not_asked(
    neutron: Neutron, agent: FakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = await plugged(neutron, agent)
    monkeypatch.setattr(traces, "TRACE_CAPABILITY", "network.nothing")
    told = await trace(neutron, "POST", id)
    assert (told["is_over"], told["first_failure"]) == (True, "host alive")
    assert "release" in told["hops"][1]["mend"]
    assert (await ask(neutron, "GET", id)).status_code == 404
