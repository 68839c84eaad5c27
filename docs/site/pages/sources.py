"""What the generated pages are made from: the services as they are mounted, and the source text."""

import ast
import inspect
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

from pilvi.bootstrap import ControlPlane
from pilvi.core.db import open_database
from pilvi.core.http import Service
from pilvi.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
SOURCE = ROOT / "src" / "pilvi"

API_PAGES = {
    "identity": "reference/api-identity.md",
    "image": "reference/api-image.md",
    "compute": "reference/api-compute.md",
    "block_storage": "reference/api-block-storage.md",
    "network": "reference/api-network.md",
    "placement": "reference/api-placement.md",
    "audit": "reference/api-audit.md",
}
"""Page of each service that has tokens for its clients."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything a page may be made from."""

    services: Sequence[Service]
    """Every service of a control plane, as bootstrap builds it."""

    def get_service(self, name: str) -> Service:
        """The service of that name."""
        return next(service for service in self.services if service.name == name)

    @property
    def public_services(self) -> list[Service]:
        """Those with a page; a service that is new must be given one."""
        hosts = [s for s in self.services if s.root.startswith("/host")]
        public = [s for s in self.services if s not in hosts]
        unknown = {s.name for s in public} - set(API_PAGES)
        assert not unknown, f"give these services a page in API_PAGES: {unknown}"
        return public


@contextmanager
def open_sources() -> Iterator[Sources]:
    """The sources of this checkout."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(state_dir=folder)
        settings.api_dir.mkdir()
        plane = ControlPlane(settings, open_database(settings.database))
        yield Sources(tuple(plane.list_services()))


@cache
def read_sentences(module: ModuleType) -> dict[str, dict[str, str]]:
    """The sentence below each field of each class of a module: class, field, sentence."""
    found: dict[str, dict[str, str]] = {}
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.ClassDef):
            fields = found[node.name] = {}
            for field, after in zip(node.body, node.body[1:], strict=False):
                name = _name_of(field)
                if name and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
                    fields[name] = " ".join(str(after.value.value).split())
    return found


def _name_of(field: ast.stmt) -> str:
    match field:
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
            return name
    return ""
