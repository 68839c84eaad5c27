"""Every row of every service, called with every role: the rule that the row names decides."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from every_route import NOWHERE, World, running_world
from image_files import add_user
from pilvi.core.http import Check

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROLES = {
    "reader": {Check.AUTHENTICATED, Check.READER},
    "member": {Check.AUTHENTICATED, Check.READER, Check.MEMBER},
    "manager": {Check.AUTHENTICATED, Check.READER, Check.MEMBER, Check.MANAGER},
    "admin": set(Check),
}
# Rows that every token opens and that look closer: at whether the thing is the caller's own.
LOOKS_CLOSER = {Check.AUTHENTICATED, Check.PUBLIC}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A cloud with a user of each role in project demo."""
    async with running_world(tmp_path_factory.mktemp("world")) as running:
        for role in ROLES:
            await add_user(running.cloud, f"a-{role}", "demo", role=role)
        yield running


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_opens_what_its_rule_says_and_no_more(world: World, role: str) -> None:
    token = await world.cloud.token(f"a-{role}", f"a-{role}")
    opened, shut = [], []
    things = {name for name in world.identity if name.endswith("_id")}
    nothing = dict.fromkeys({*world.ids, *things}, NOWHERE)
    if role != "admin":
        nothing |= dict.fromkeys(("project_id", "topology_project_id"), world.ids["project_id"])
    for request in world.requests(nothing):
        if request.check in LOOKS_CLOSER:
            continue
        reply = await world.send(request, token)
        line = f"{request.name}: {reply.status_code} {reply.text[:120]}"
        if request.check not in ROLES[role] and reply.status_code != 403:
            opened.append(line)
        if request.check in ROLES[role] and reply.status_code in (401, 403):
            shut.append(line)
    assert opened == []
    assert shut == []
