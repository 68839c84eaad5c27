"""The generated pages of the documentation, each made from the code that it describes."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pages.sources import Sources

Page = Callable[["Sources"], str]


def list_pages() -> Mapping[str, Page]:
    """Every generated page, by its path in the documentation."""
    from pages import (
        api,
        commands,
        errors,
        host_contract,
        messages,
        metrics,
        policy,
        settings,
        unserved,
        user_commands,
    )
    from pages import versions as microversions
    from pages.sources import API_PAGES

    fixed: dict[str, Page] = {
        "reference/commands.md": commands.make_page,
        "reference/user-commands.md": user_commands.make_page,
        "reference/metrics.md": metrics.make_page,
        "reference/settings.md": settings.make_page,
        "reference/policy.md": policy.make_page,
        "reference/microversions.md": microversions.make_page,
        "reference/errors.md": errors.make_page,
        "reference/messages.md": messages.make_page,
        "reference/host-contract.md": host_contract.make_page,
        "reference/unsupported.md": unserved.make_page,
    }
    return {**fixed, **{path: api.page_of(name) for name, path in API_PAGES.items()}}
