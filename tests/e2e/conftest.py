"""One real cloud for all end-to-end tests; after each of them nothing is leaked or missing."""

from collections.abc import Iterator

import pytest

from e2e.real_cloud import RealCloud, real_cloud


@pytest.fixture(scope="session")
def real() -> Iterator[RealCloud]:
    """A running cloud on real parts."""
    with real_cloud() as cloud:
        yield cloud


@pytest.fixture(autouse=True)
def audited(request: pytest.FixtureRequest) -> Iterator[None]:
    """Compare the database with the host after each test on the shared cloud."""
    cloud = request.getfixturevalue("real") if "real" in request.fixturenames else None
    yield
    if cloud is not None:
        cloud.check_ledger()
