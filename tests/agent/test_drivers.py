from pathlib import Path

from host_server import HostServer, make_test_settings
from pilvi.agent.context import AgentContext
from pilvi.agent.desired import DesiredState
from pilvi.agent.drivers import build_fake_parts
from pilvi.agent.outbox import Outbox
from pilvi.host_api.contract import Kind


async def test_the_parts_know_every_kind_and_say_what_they_can(tmp_path: Path) -> None:
    settings = make_test_settings(tmp_path)
    client = HostServer().connect(settings)
    desired, outbox = DesiredState(tmp_path / "desired"), Outbox()
    context = AgentContext(settings, desired, outbox, lambda kind, id: None)
    parts = build_fake_parts(context, client)
    assert sorted(one.kind for one in parts.reconcilers) == sorted(Kind)
    abilities = await parts.find_abilities()
    assert abilities.accelerator in ("kvm", "tcg")
    assert "COMPUTE_VOLUME_EXTEND" in abilities.capabilities
    assert list(abilities.capabilities) == sorted(set(abilities.capabilities))
    assert len(parts.watches) >= 2
    for close in parts.closers:
        await close()
    await client.close()
