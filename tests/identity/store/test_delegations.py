"""Application credentials, trusts, and roles with what they bring, on both databases."""

from pilvi.core.db import Database, Transaction, now
from pilvi.identity.model.delegation import ApplicationCredential, Trust
from pilvi.identity.operations.seed import seed_identity
from pilvi.identity.operations.users import create_user, delete_user
from pilvi.identity.store import delegations, roles


def _credential(id: str, user_id: str, *role_ids: str) -> ApplicationCredential:
    return ApplicationCredential(id, user_id, "p", id, None, "h", list(role_ids), [], False, None)


def _trust(id: str, trustor: str, trustee: str, parent: str | None = None) -> Trust:
    return Trust(id, trustor, trustee, "p", False, ["r"], None, 1, 0, parent)


async def _users(tx: Transaction) -> tuple[str, str]:
    await seed_identity(tx, "x", "x")
    return (await create_user(tx, "ann", None)).id, (await create_user(tx, "bob", None)).id


async def test_they_go_with_their_role_and_their_user(db: Database) -> None:
    async with db.write() as tx:
        ann, bob = await _users(tx)
        await delegations.insert_application_credential(tx, _credential("one", ann, "r"))
        await delegations.insert_application_credential(tx, _credential("two", ann, "s"))
        await delegations.insert_trust(tx, _trust("t", ann, bob))
        await delegations.delete_delegations_with_role(tx, "r", user_id=bob, project_id="p")
        assert len(await delegations.list_application_credentials(tx, user_id=ann)) == 2
        await delegations.delete_delegations_with_role(tx, "r", user_id=ann, project_id="p")
        left = await delegations.list_application_credentials(tx, user_id=ann)
        assert [one.id for one in left] == ["two"]
        assert await delegations.find_trust(tx, "t") is None
        await delegations.insert_trust(tx, _trust("u", bob, ann))
        await delete_user(tx, ann, "somebody")
        assert await delegations.find_application_credential(tx, id="two") is None
        assert await delegations.find_trust(tx, "u") is None


async def test_a_trust_is_used_up_and_ends_with_what_it_came_from(db: Database) -> None:
    async with db.write() as tx:
        ann, bob = await _users(tx)
        await delegations.insert_trust(tx, _trust("top", ann, bob))
        await delegations.insert_trust(tx, _trust("child", ann, bob, "top"))
        assert await delegations.use_trust(tx, "top") == 1
        assert await delegations.use_trust(tx, "top") == 0
        mine = await delegations.list_trusts(tx, of_user=bob, now=now())
        assert {trust.id for trust in mine} == {"top", "child"}
        assert await delegations.delete_trusts(tx, id="top") == 1
        assert await delegations.list_trusts(tx, now=now()) == []


async def test_the_closure_follows_the_inferences(db: Database) -> None:
    async with db.write() as tx:
        await seed_identity(tx, "x", "x")
        ids = {role.name: role.id for role in await roles.list_roles(tx)}
        brought = await roles.list_brought(tx, [ids["manager"]])
        assert brought == {ids["manager"], ids["member"], ids["reader"]}
        assert await roles.delete_inference(tx, ids["member"], ids["reader"]) == 1
        assert await roles.list_brought(tx, [ids["admin"]]) == {
            ids["admin"],
            ids["manager"],
            ids["member"],
        }
        await roles.insert_inference(tx, ids["service"], ids["reader"])
        await roles.delete_role(tx, ids["reader"])
        assert await roles.list_brought(tx, [ids["service"]]) == {ids["service"]}
