"""What a picture shows of what hosts say."""

import msgspec
import pytest

from fake_hosts import add_host
from pilvi.core.db import Database
from pilvi.host_api.contract import HostFacts, Kind, Observation, Report
from pilvi.host_api.networks import AddressSetSpec
from pilvi.hosts.operations.assignments import assign
from pilvi.hosts.operations.hosts import get_host, record_report
from pilvi.metrics.picture import look

FACTS = HostFacts(
    hostname="one", vcpus=1, memory_mib=1, disk_gib=1, disk_free_gib=1, accelerator="tcg"
)


@pytest.mark.parametrize(
    "strange",
    [
        b'"rubbish"',
        b'{"power": "strange"}',
        b'{"power": "running", "disk_bytes": {"vda": %d}}' % 10**400,
    ],
)
async def test_what_nobody_can_read_hides_no_other_guest(db: Database, strange: bytes) -> None:
    host_id = (await add_host(db, "one")).host.id
    seen = {"good": b'{"power": "running", "disk_bytes": {"vda": 7}}', "strange": strange}
    async with db.write() as tx:
        for id in seen:
            spec = AddressSetSpec(set_id=id, addresses=[])
            await assign(tx, host_id, Kind.VM, id, spec, owner=("x", "y"))
        told = [
            Observation(
                kind=Kind.VM,
                id=id,
                generation=1,
                present=True,
                settled=True,
                seen=msgspec.Raw(text),
            )
            for id, text in seen.items()
        ]
        await record_report(tx, await get_host(tx, host_id), Report(facts=FACTS, observations=told))
    picture = await look(db, [], [], 15.0)
    assert [(one.server_id, one.disk_bytes) for one in picture.guests] == [("good", {"vda": 7})]
