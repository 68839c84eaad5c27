"""Running nft: one transaction per call, in the namespace of the calling thread."""

import json
import subprocess
from collections.abc import Iterable
from typing import Any

from pilvi.errors import Unavailable

NFT_TIMEOUT_S = 20.0
"""Lower: a large table on a busy host is given up; higher: a hung nft holds the driver."""

DETAIL_CHARACTERS_MAX = 400
"""Enough of nft's complaint to find the first mistake by."""


def run_nft(lines: Iterable[str]) -> None:
    """Apply all lines or none. Raises `Unavailable` with nft's own words as detail."""
    _call(["nft", "-f", "-"], "\n".join(lines) + "\n")


def list_elements(kind: str, family: str, table: str, name: str) -> list[Any] | None:
    """Elements of a set or map as nft's JSON gives them; None when it is not there."""
    command = ["nft", "-j", "list", kind, family, table, name]
    try:
        document = json.loads(_call(command, ""))
    except Unavailable as error:
        if "No such file or directory" in error.detail:
            return None
        raise
    for entry in document["nftables"]:
        if kind in entry:
            return list(entry[kind].get("elem", []))
    return None


def list_counters(family: str, table: str) -> dict[str, tuple[int, int]]:
    """Packets and octets of each named counter of a table; none when there is no such table."""
    try:
        document = json.loads(_call(["nft", "-j", "list", "counters", "table", family, table], ""))
    except Unavailable as error:
        if "No such file or directory" in error.detail:
            return {}
        raise
    counters = [entry["counter"] for entry in document["nftables"] if "counter" in entry]
    return {counter["name"]: (counter["packets"], counter["bytes"]) for counter in counters}


def count_rules() -> dict[tuple[str, str, str], int]:
    """How many rules each chain has, by family, table and chain; none of the empty ones."""
    document = json.loads(_call(["nft", "-j", "list", "ruleset"], ""))
    counts: dict[tuple[str, str, str], int] = {}
    for entry in document["nftables"]:
        if "rule" in entry:
            rule = entry["rule"]
            key = (rule["family"], rule["table"], rule["chain"])
            counts[key] = counts.get(key, 0) + 1
    return counts


def would_take(lines: Iterable[str]) -> bool:
    """Whether the kernel would take all lines; nothing is changed."""
    try:
        _call(["nft", "-c", "-f", "-"], "\n".join(lines) + "\n")
    except Unavailable:
        return False
    return True


def list_objects(kind: str) -> list[dict[str, Any]]:
    """All chains or sets of all families, as nft's JSON gives them, without their contents."""
    document = json.loads(_call(["nft", "-j", "-t", "list", f"{kind}s"], ""))
    return [entry[kind] for entry in document["nftables"] if kind in entry]


def has_table(family: str, table: str) -> bool:
    """Whether there is a table of this name."""
    document = json.loads(_call(["nft", "-j", "list", "tables", family], ""))
    return any(e.get("table", {}).get("name") == table for e in document["nftables"])


def _call(command: list[str], text: str) -> str:
    try:
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, timeout=NFT_TIMEOUT_S, check=False
        )
    except FileNotFoundError:
        raise Unavailable("cannot filter packets: nft is missing; run 'pilvi setup'") from None
    except subprocess.TimeoutExpired:
        raise Unavailable("cannot filter packets: nft does not answer") from None
    if done.returncode != 0:
        raise Unavailable(
            "cannot change the packet filter", detail=done.stderr.strip()[:DETAIL_CHARACTERS_MAX]
        )
    return done.stdout
