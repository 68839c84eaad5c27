"""Virtual machines on one host: one QEMU process each, of its own uid, in its own folder."""
