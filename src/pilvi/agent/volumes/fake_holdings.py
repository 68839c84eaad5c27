"""What a fake host holds of volumes, as a real one would list it. Pure."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from pilvi.agent.volumes.driver import FileKind, FileName, SeenTarget
from pilvi.host_api.holdings import Holding, HoldingKind

if TYPE_CHECKING:
    from pilvi.agent.volumes.fake_contents import FakeFile

KINDS = {
    FileKind.VOLUME: HoldingKind.VOLUME,
    FileKind.SNAPSHOT: HoldingKind.SNAPSHOT,
    FileKind.COPY: HoldingKind.COPY,
}


def list_holdings(
    files: Mapping[FileName, "FakeFile"], targets: Iterable[tuple[str, SeenTarget]]
) -> list[Holding]:
    """Every file, and every target with the volume it serves."""
    found = []
    for name, file in files.items():
        kind = KINDS[name.kind]
        size = file.size_bytes if kind is HoldingKind.VOLUME else None
        what = f"{name.id}.{name.kind}"
        found.append(Holding(kind=kind, owner=name.id, name=what, size_bytes=size))
    for volume_id, target in targets:
        iqn = target.iqn
        found.append(Holding(kind=HoldingKind.TARGET, owner=volume_id, part=iqn, name=iqn))
    return found
