"""What a real guest uses, as its host measures it and `/metrics` tells it."""

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from e2e.real_cloud import READY, RealCloud, until

pytestmark = [pytest.mark.root, pytest.mark.guest, pytest.mark.timeout(900)]
MIB = 1 << 20


def used(real: RealCloud, server_id: str) -> dict[str, float]:
    """Every counter of a guest, by name."""
    text = httpx.get(f"{real.settings.base_url}/metrics").text
    labels = {"server_id": server_id, "project_id": real.demo.current_project_id}
    return {
        sample.name.removeprefix("pilvi_guest_").removesuffix("_total"): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.labels == labels
    }


def test_a_guest_that_boots_and_writes_is_seen_to(real: RealCloud) -> None:
    server = real.launch("measured")
    real.wait_console(server.id, READY)
    with real.type_at(server.id) as console:
        console.run("dd if=/dev/urandom of=/state/written bs=1M count=4; sync")

    def look() -> dict[str, float] | None:
        found = used(real, server.id)
        return found if found.get("disk_written_bytes", 0) >= 4 * MIB else None

    found = until(look, 60)
    # It has read its kernel, and asked for an address and for its metadata.
    assert found["cpu_seconds"] > 0.2
    assert found["disk_read_bytes"] > 4 * MIB
    assert found["network_sent_bytes"] > 300
    assert found["network_received_bytes"] > 300
    real.delete(server.id)
    until(lambda: not used(real, server.id), 60)
