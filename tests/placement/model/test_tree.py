"""Trees of providers."""

import datetime

from pilvi.placement.model.provider import Provider, ProviderId
from pilvi.placement.model.tree import list_ancestors, roots_of

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def make(name: str, parent: str | None) -> Provider:
    above = None if parent is None else ProviderId(parent)
    return Provider(ProviderId(name), name, 0, NOW, NOW, above, False)


def test_the_root_of_each() -> None:
    tree = [make("c", "b"), make("b", "a"), make("a", None), make("x", None)]
    assert roots_of(tree) == {"a": "a", "b": "a", "c": "a", "x": "x"}
    parents: dict[str, str | None] = {one.id: one.parent_id for one in tree}
    assert list_ancestors(parents, "c") == ["c", "b", "a"]
    assert list_ancestors(parents, "unknown") == ["unknown"]
