"""The command line of a cloud's users: the openstack client's grammar, quick to start.

It speaks OpenStack's public APIs with the standard library's HTTP client, to this cloud or any
other, and imports nothing that it does not need: a contract in `pyproject.toml` holds that. Each
command is one row in `commands/`; `shell.py` finds the row, `output.py` prints what it gives.
"""
