"""What a token's check reads, on both databases."""

import datetime
from typing import Any

import pytest

from pilvi.core.db import Database, Transaction, now
from pilvi.identity.model.identity import Actor, Assignment
from pilvi.identity.model.token import ScopeKind, Token
from pilvi.identity.operations.projects import create_domain, create_project, update_domain
from pilvi.identity.operations.seed import seed_identity
from pilvi.identity.operations.users import create_group, create_user
from pilvi.identity.store import assignments, roles, users
from pilvi.identity.store.tokens import find_standing, insert_revoked, list_revoked


def _token(user_id: str, scope: ScopeKind, scope_id: str | None, **fields: Any) -> Token:
    values: dict[str, Any] = {
        "methods": ["password"],
        "issued_at": now(),
        "expires_at": now() + datetime.timedelta(hours=1),
        "audit_ids": ["own", "first"],
        "user_epoch": 0,
        "project_epoch": 0,
    }
    return Token(user_id=user_id, scope=scope, scope_id=scope_id, **{**values, **fields})


async def _assign(
    tx: Transaction, actor: tuple[Actor, str], where: tuple[str, str], role: str, inherited: bool
) -> None:
    ids = {one.name: one.id for one in await roles.list_roles(tx)}
    await assignments.insert_assignment(tx, Assignment(*actor, *where, ids[role], inherited))


@pytest.mark.parametrize("kind", [Actor.USER, Actor.GROUP])
@pytest.mark.parametrize("inherited", [False, True])
async def test_roles_from_everywhere(db: Database, kind: Actor, inherited: bool) -> None:
    async with db.write() as tx:
        await seed_identity(tx, "x", "x")
        domain = await create_domain(tx, "lab")
        top = await create_project(tx, "top", domain_id=domain.id)
        child = await create_project(tx, "child", domain_id=domain.id, parent_id=top.id)
        user, other = await create_user(tx, "ann", None), await create_user(tx, "bob", None)
        group = await create_group(tx, "staff")
        await users.insert_membership(tx, user.id, group.id)
        actor = (kind, user.id if kind is Actor.USER else group.id)
        await _assign(tx, actor, ("project", top.id), "member", inherited)
        await _assign(tx, actor, ("domain", domain.id), "reader", inherited)
        await _assign(tx, actor, ("system", "all"), "service", False)
    wanted = {
        (ScopeKind.PROJECT, top.id): {"reader"} if inherited else {"member", "reader"},
        (ScopeKind.PROJECT, child.id): {"member", "reader"} if inherited else set(),
        (ScopeKind.DOMAIN, domain.id): set() if inherited else {"reader"},
        (ScopeKind.SYSTEM, "all"): {"service"},
        (ScopeKind.NONE, None): set(),
    }
    async with db.read() as tx:
        for (scope, id), names in wanted.items():
            found = await find_standing(tx, _token(user.id, scope, id))
            assert found is not None and found.roles == names, (scope, id)
            stranger = await find_standing(tx, _token(other.id, scope, id))
            assert stranger is not None and stranger.roles == set()


async def test_a_group_with_a_users_id_gives_the_user_nothing(db: Database) -> None:
    """OSSA-2014-015."""
    async with db.write() as tx:
        ids = await seed_identity(tx, "x", "x")
        user = await create_user(tx, "ann", None)
        where = ("project", ids["demo"])
        await _assign(tx, (Actor.GROUP, user.id), where, "admin", False)
        found = await find_standing(tx, _token(user.id, ScopeKind.PROJECT, ids["demo"]))
    assert found is not None and found.roles == set()


async def test_the_scope_is_a_project_or_a_domain(db: Database) -> None:
    async with db.write() as tx:
        ids = await seed_identity(tx, "x", "x")
        user, domain = await create_user(tx, "ann", None), await create_domain(tx, "lab")
        await update_domain(tx, domain.id, enabled=False)
        shut = await find_standing(tx, _token(user.id, ScopeKind.DOMAIN, domain.id))
        open_one = await find_standing(tx, _token(user.id, ScopeKind.PROJECT, ids["demo"]))
        gone = await find_standing(tx, _token(user.id, ScopeKind.PROJECT, "nowhere"))
        nobody = await find_standing(tx, _token("nobody", ScopeKind.NONE, None))
    assert shut is not None and (shut.project_enabled, shut.project_epoch) == (False, 1)
    assert open_one is not None and (open_one.project_enabled, open_one.project_epoch) == (True, 0)
    assert gone is not None and gone.project_enabled is None
    assert nobody is None


async def test_a_revoked_token_and_its_children(db: Database) -> None:
    async with db.write() as tx:
        await seed_identity(tx, "x", "x")
        user = await create_user(tx, "ann", None)
        first = _token(user.id, ScopeKind.NONE, None, audit_ids=["first"])
        for _ in range(2):
            await insert_revoked(tx, first, now())
        for audit_ids, revoked in ((["first"], True), (["own", "first"], True), (["x"], False)):
            token = _token(user.id, ScopeKind.NONE, None, audit_ids=audit_ids)
            found = await find_standing(tx, token)
            assert found is not None and found.revoked is revoked
        assert [id for id, _ in await list_revoked(tx, None)] == ["first"]
        assert await list_revoked(tx, now() + datetime.timedelta(minutes=1)) == []


async def test_revocations_are_forgotten_by_their_expiry(db: Database) -> None:
    hour = datetime.timedelta(hours=1)
    async with db.write() as tx:
        await seed_identity(tx, "x", "x")
        user = await create_user(tx, "ann", None)
        old = _token(user.id, ScopeKind.NONE, None, audit_ids=["old"])
        new = _token(user.id, ScopeKind.NONE, None, audit_ids=["new"])
        await insert_revoked(tx, old, now())
        await insert_revoked(tx, new, old.expires_at)
        found = await find_standing(tx, old)
        assert found is not None and found.revoked, "what expires at the edge is kept"
        await insert_revoked(tx, new, old.expires_at + hour)
        found = await find_standing(tx, old)
        assert found is not None and not found.revoked
