"""Holds what a driver lists against what the audit expects of the wish."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from pilvi.audit.model.expected import expected
from pilvi.host_api.contract import Kind
from pilvi.host_api.holdings import OWNERS, Holding


def check_held(kind: Kind, id: str, spec: msgspec.Struct, found: Iterable[Holding]) -> None:
    """Everything that must be there is there once, and nothing that may not."""
    wanted = expected(kind, id, msgspec.json.encode(spec))
    mine = [one for one in found if one.owner == wanted.owner and kind in OWNERS.get(one.kind, ())]
    counts = Counter((one.kind, one.part) for one in mine)
    assert {thing: counts[thing] for thing in wanted.must} == dict.fromkeys(wanted.must, 1)
    strange = [one for one in mine if not wanted.allows(one.kind, one.part)]
    assert strange == []
