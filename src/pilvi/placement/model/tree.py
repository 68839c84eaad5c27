"""Trees of providers."""

from collections.abc import Iterable, Mapping

from pilvi.placement.model.provider import Provider


def roots_of(providers: Iterable[Provider]) -> dict[str, str]:
    """Of each provider: the root of its tree. Pure. The providers must be all there are."""
    parents: dict[str, str | None] = {provider.id: provider.parent_id for provider in providers}
    return {id: list_ancestors(parents, id)[-1] for id in parents}


def list_ancestors(parents: Mapping[str, str | None], id: str) -> list[str]:
    """A provider, its parent, and so on up to the root. Pure."""
    found = [id]
    while (above := parents.get(found[-1])) is not None and above not in found:
        found.append(above)
    return found
