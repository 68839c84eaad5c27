"""All of tempest's tests, waiting in fractions of a second.

Tempest reads its polling intervals as whole seconds, which would measure its sleep and not the
cloud. This is where its test runner enters, before the configuration is read.
"""

import unittest

from oslo_config import types
from tempest import config
from tempest.lib.common import ssh
from tempest.test_discover.test_discover import load_tests as load_tempest

for option in [*config.ComputeGroup, *config.ImageGroup, *config.NetworkGroup, *config.VolumeGroup]:
    if option.name == "build_interval":
        option.type = types.Float()

# Seconds between tries to log in to a guest that boots, which tempest stretches from 2.5 on.
LOGIN_INTERVAL_S = 0.5

ssh.Client._get_ssh_connection.__defaults__ = (LOGIN_INTERVAL_S, 0)


def load_tests(
    loader: unittest.TestLoader, tests: unittest.TestSuite, pattern: str | None
) -> unittest.TestSuite:
    """Every test of the installed tempest."""
    suite: unittest.TestSuite = load_tempest(loader, tests, None)
    return suite
