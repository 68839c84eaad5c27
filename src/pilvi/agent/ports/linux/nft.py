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
