"""What is told of packets that rules let through or drop."""

import asyncio
import json
import struct
from pathlib import Path
from typing import Any

import pytest

from agent.ports.small_host import OUT, SmallHost, port, rule, uuid
from agent.ports.virtual_guest import Guests
from pilvi.agent.ports.linux.packet_log import PacketLog, parse_packet, parse_packets
from pilvi.host_api.contract import Kind


def test_a_packet_says_from_where_to_where_it_goes() -> None:
    four = bytes([0x45]) + bytes(8) + bytes([6]) + bytes(2) + bytes([10, 0, 0, 1, 10, 0, 0, 2])
    assert parse_packet(four + struct.pack("!HH", 1000, 22)) == {
        "source": "10.0.0.1",
        "destination": "10.0.0.2",
        "protocol": 6,
        "source_port": 1000,
        "destination_port": 22,
    }
    six = bytes([0x60]) + bytes(5) + bytes([58, 64]) + bytes(15) + b"\1" + bytes(15) + b"\2"
    assert parse_packet(six) == {"source": "::1", "destination": "::2", "protocol": 58}


@pytest.mark.parametrize("data", [b"", b"\x45", b"\x60" * 39, b"\x00" * 64])
def test_what_is_no_packet_says_nothing(data: bytes) -> None:
    assert parse_packet(data) == {}
    assert parse_packets(data) == []


def test_a_full_file_becomes_the_former_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pilvi.agent.ports.linux.packet_log.LOG_BYTES_MAX", 10)
    path = tmp_path / "security-groups.log"
    kept = PacketLog("nowhere", path)
    kept.ensure()
    for line in ("first" * 3, "second", "third"):
        kept._write([line])
    assert path.read_text() == "second\nthird\n"
    assert path.with_suffix(".log.1").read_text() == "first" * 3 + "\n"
    kept.close()


@pytest.mark.root
async def test_dropped_and_accepted_packets_are_written_down(
    host: SmallHost, guests: Guests
) -> None:
    path = host.settings.agent_dir / "security-groups.log"

    async def entries(wanted: int) -> list[dict[str, Any]]:
        for _ in range(30):
            lines = path.read_text().splitlines() if path.exists() else []
            if len(lines) >= wanted:
                return [json.loads(line) for line in lines]
            await asyncio.sleep(0.1)
        return [json.loads(line) for line in lines]

    opened = [OUT, rule(protocol="tcp", first=8000, last=8000)]
    first, second = await guests.pair(rules=opened, logged=["DROP"])
    second.listen(8000)
    assert await first.reaches("10.0.1.12", 8000)
    assert not await first.reaches("10.0.1.12", 8001)
    dropped = await entries(1)
    assert {(one["event"], one["destination_port"]) for one in dropped} == {("DROP", 8001)}
    assert dropped[0]["port_id"] == uuid(12) and dropped[0]["source"] == "10.0.1.11"
    assert dropped[0]["direction"] == "ingress" and path.stat().st_mode & 0o777 == 0o600
    host.assign(Kind.PORT, uuid(12), port(12, rules=opened, logged=["ACCEPT"]))
    await host.settle()
    before = len(await entries(1))
    assert await first.reaches("10.0.1.12", 8000)
    assert not await first.reaches("10.0.1.12", 8001)
    accepted = (await entries(before + 1))[before:]
    assert {(one["event"], one["destination_port"]) for one in accepted} == {("ACCEPT", 8000)}
    assert len(accepted) == 1, "a connection is told of once"
    host.assign(Kind.PORT, uuid(12), port(12, rules=opened))
    await host.settle()
    assert await first.reaches("10.0.1.12", 8000)
    assert len(await entries(before + 2)) == before + 1
