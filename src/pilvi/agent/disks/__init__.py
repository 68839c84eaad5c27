"""Local disks on one host: bases, overlays, sparse files, config drives."""
