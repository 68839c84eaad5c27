"""Fixtures of the conversations with identity."""

import pytest

from cloud import Cloud
from identity.keystone import Keystone


@pytest.fixture
def keystone(cloud: Cloud) -> Keystone:
    """Identity of a fresh cloud."""
    return Keystone(cloud)
