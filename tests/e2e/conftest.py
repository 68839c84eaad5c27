"""One real cloud for all end-to-end tests."""

from collections.abc import Iterator

import pytest

from e2e.real_cloud import RealCloud, real_cloud


@pytest.fixture(scope="session")
def real() -> Iterator[RealCloud]:
    """A running cloud on real parts."""
    with real_cloud() as cloud:
        yield cloud
