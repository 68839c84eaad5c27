"""All of tempest's tests, waiting in fractions of a second.

Tempest reads its polling intervals as whole seconds, which would measure its sleep and not the
cloud. This is where its test runner enters, before the configuration is read.
"""

import unittest

from oslo_config import types
from tempest import config
from tempest.test_discover.test_discover import load_tests as load_tempest

for option in [*config.ComputeGroup, *config.ImageGroup, *config.NetworkGroup, *config.VolumeGroup]:
    if option.name == "build_interval":
        option.type = types.Float()


def load_tests(
    loader: unittest.TestLoader, tests: unittest.TestSuite, pattern: str | None
) -> unittest.TestSuite:
    """Every test of the installed tempest."""
    suite: unittest.TestSuite = load_tempest(loader, tests, None)
    return suite
