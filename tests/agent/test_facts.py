import socket
import time
from pathlib import Path

from host_server import make_test_settings
from pilvi.agent.facts import Abilities, collect_facts, read_inventory


def test_this_machine_is_described(tmp_path: Path) -> None:
    settings = make_test_settings(tmp_path)
    settings.agent_dir.mkdir()
    abilities = Abilities("tcg", "7.2.22", ("a", "b"))
    facts = collect_facts(settings, read_inventory(), abilities)
    assert facts.hostname == socket.gethostname()
    assert facts.vcpus >= 1 and facts.memory_mib > 100
    assert facts.disk_gib >= facts.disk_free_gib >= 0
    assert (facts.accelerator, facts.hypervisor_version) == ("tcg", "7.2.22")
    assert facts.capabilities == ["a", "b"]
    assert 0 < facts.booted_at <= time.time()


def test_a_host_may_have_another_name() -> None:
    assert read_inventory("other").hostname == "other"
