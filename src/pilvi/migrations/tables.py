"""Every table of every service, gathered in one metadata."""

import pilvi.block_storage.store.tables
import pilvi.compute.store.tables
import pilvi.core.db.progress
import pilvi.core.db.replies
import pilvi.hosts.store.tables
import pilvi.identity.store.catalog_tables
import pilvi.identity.store.credential_tables
import pilvi.identity.store.tables
import pilvi.image.store.tables
import pilvi.network.store.admin_tables
import pilvi.network.store.tables
import pilvi.network.store.traffic_tables
import pilvi.placement.store.tables  # noqa: F401  # imported to register the tables
from pilvi.core.db import metadata

__all__ = ["metadata"]
