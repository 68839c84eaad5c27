"""Every microversion of the compute API that this cloud serves: what each brought.

Handlers know the newest shapes. Rows of routes that are not served say so and change nothing.
"""

from pilvi.compute.api import versions_from_51, versions_to_50
from pilvi.core.http import Versions

VERSIONS = Versions(
    service="compute",
    minimum=(2, 1),
    rows=versions_to_50.ROWS + versions_from_51.ROWS,
    legacy_header="x-openstack-nova-api-version",
)
