"""Hosts that are forced down, and hosts that are forgotten."""

import pytest

from pilvi.core.db import Database
from pilvi.errors import Conflict, NotFound, Unauthenticated
from pilvi.host_api.contract import Kind
from pilvi.host_api.networks import AddressSetSpec
from pilvi.hosts.operations import hosts as operations
from pilvi.hosts.operations.assignments import assign, withdraw


async def test_a_forced_host_is_down_until_it_is_not(db: Database) -> None:
    async with db.write() as tx:
        host = await operations.enrol_host(tx, "one", "secret")
        for is_down in (True, False):
            await operations.force_down(tx, host.id, is_down)
            assert (await operations.get_host(tx, host.id)).forced_down is is_down


async def test_a_host_that_holds_something_is_kept(db: Database) -> None:
    spec = AddressSetSpec(set_id="a", addresses=[])
    async with db.write() as tx:
        host = await operations.enrol_host(tx, "one", "secret")
        await assign(tx, host.id, Kind.ADDRESS_SET, "a", spec, owner=("x", "y"))
        with pytest.raises(Conflict, match="1 of kind address_set"):
            await operations.remove_host(tx, host)
        await withdraw(tx, Kind.ADDRESS_SET, "a", host.id)
        await operations.remove_host(tx, host)
        with pytest.raises(NotFound):
            await operations.get_host(tx, host.id)
        with pytest.raises(Unauthenticated):
            await operations.authenticate_host(tx, "Bearer secret")
