"""Rows that share things, and who uses what is shared."""

import pytest

from network.inserts import common, insert_network, insert_port, insert_rbac_policy
from pilvi.core.db import Database
from pilvi.core.paging import Page
from pilvi.errors import Conflict, NotFound
from pilvi.network.model.sharing import EVERYBODY, Action, ObjectType
from pilvi.network.store import networks, qos, sharing, sharing_use, subnetpools
from pilvi.network.store.listing import Listing


async def test_a_thing_is_seen_by_those_it_is_shared_with(db: Database) -> None:
    async with db.write() as tx:
        network = await insert_network(tx, 1)
        policy = await insert_rbac_policy(tx, ObjectType.NETWORK, network, target="q")
        assert (await networks.get_network(tx, network, "q")).id == network
        assert await sharing.is_shared_with(tx, network, "q", Action.SHARED)
        assert await sharing.list_shared(tx, [network], "q") == {network}
        assert await sharing.list_shared(tx, [network], "p") == set()
        with pytest.raises(NotFound):
            await networks.get_network(tx, network, "r")
        with pytest.raises(NotFound):
            await sharing.get_policy(tx, policy, "q")
        everything = Page(limit=None, sorts=())
        found, _ = await sharing.list_policies(tx, Listing(project_id="p", page=everything))
        assert [one.id for one in found] == [policy]
    with pytest.raises(Conflict):
        async with db.write() as tx:
            await insert_rbac_policy(tx, ObjectType.NETWORK, network, target="q")


async def test_users_are_others_that_are_given_it(db: Database) -> None:
    async with db.write() as tx:
        network = await insert_network(tx, 1)
        one = await insert_rbac_policy(tx, ObjectType.NETWORK, network, target="q")
        wide = await insert_rbac_policy(tx, ObjectType.NETWORK, network, target=EVERYBODY)
        for number, project in enumerate(("p", "q", "r", "")):
            await insert_port(tx, network, f"fa:16:3e:00:00:0{number}", project_id=project)
        narrow = await sharing.get_policy(tx, one, None)
        assert await sharing_use.list_users(tx, narrow) == {"q"}
        everybody = await sharing.get_policy(tx, wide, None)
        assert await sharing_use.list_users(tx, everybody) == {"q", "r"}
        for kind in ObjectType:
            id = await insert_rbac_policy(tx, kind, f"thing-{kind}")
            policy = await sharing.get_policy(tx, id, None)
            assert await sharing_use.list_users(tx, policy) == set()


async def test_a_filter_asks_for_what_everybody_is_given(db: Database) -> None:
    async with db.write() as tx:
        for name in ("mine", "given"):
            row = common(id=name, name=name, ip_version=4)
            await subnetpools.insert_address_scope(tx, **row)
        await insert_rbac_policy(tx, ObjectType.ADDRESS_SCOPE, "given")
        await insert_rbac_policy(tx, ObjectType.ADDRESS_SCOPE, "mine", target="q")
        for value, wanted in (("true", ["given"]), ("False", ["mine"])):
            listing = Listing(project_id=None, values={"shared": [value]})
            found, _ = await subnetpools.list_address_scopes(tx, listing)
            assert [scope.id for scope in found] == wanted


async def test_a_policy_is_in_force_for_its_ports_and_its_networks(db: Database) -> None:
    async with db.write() as tx:
        await qos.insert_policy(tx, **common(id="one", name="one"))
        await qos.insert_policy(tx, **common(id="two", name="two"))
        network = await insert_network(tx, 1, qos_policy_id="one")
        plain = await insert_port(tx, network, "fa:16:3e:00:00:01")
        own = await insert_port(tx, network, "fa:16:3e:00:00:02", qos_policy_id="two")
        assert await qos.list_ports_of_policy(tx, "one") == [plain]
        assert await qos.list_ports_of_policy(tx, "two") == [own]
        assert await qos.is_policy_used(tx, "one") and await qos.is_policy_used(tx, "two")
