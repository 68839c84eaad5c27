"""Tokens, when the clock of the control plane is set back or was ahead."""

import pytest
from sqlalchemy import func, select

from clocks import WallClock, make_clock
from cloud import Cloud
from pilvi.identity.operations.keys import TokenKeys
from pilvi.identity.store.tables import revoked_tokens

TOKENS = "/identity/v3/auth/tokens"


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> WallClock:
    """The wall clock of the cloud."""
    return make_clock(monkeypatch)


async def _status(cloud: Cloud, token: str) -> int:
    reply = await cloud.http.get("/compute/v2.1/servers", headers={"x-auth-token": token})
    return reply.status_code


async def _revoke(cloud: Cloud, token: str) -> None:
    headers = {"x-auth-token": token, "x-subject-token": token}
    assert (await cloud.http.delete(TOKENS, headers=headers)).status_code == 204


async def _log_in(cloud: Cloud) -> str:
    cloud.tokens.clear()
    return await cloud.token()


async def test_an_expired_token_stays_expired(cloud: Cloud, wall: WallClock) -> None:
    wall.set(hours=-13)
    old = await _log_in(cloud)
    assert await _status(cloud, old) == 200
    wall.set()
    assert await _status(cloud, old) == 401
    wall.set(hours=-3)
    assert await _status(cloud, old) == 401
    fresh = await _log_in(cloud)
    assert await _status(cloud, fresh) == 200
    wall.set(hours=-3.0001)
    assert await _status(cloud, fresh) == 200, "a small correction ends nothing"


async def test_a_token_from_the_future_is_none(cloud: Cloud, wall: WallClock) -> None:
    """Nobody knows how old it is: also a process that began after the clock was set back."""
    wall.set(hours=2)
    ahead = await _log_in(cloud)
    assert await _status(cloud, ahead) == 200
    wall.set()
    cloud.plane.keys = TokenKeys(cloud.plane.settings.shared / "keys")
    assert await _status(cloud, ahead) == 401
    assert await _status(cloud, await _log_in(cloud)) == 200


async def test_a_revoked_token_stays_so_after_the_clock_was_ahead(
    cloud: Cloud, wall: WallClock
) -> None:
    ended = await _log_in(cloud)
    await _revoke(cloud, ended)
    wall.set(hours=20)
    await _revoke(cloud, await _log_in(cloud))
    wall.set()
    # As after a restart: this process does not know what the clock said.
    cloud.plane.keys = TokenKeys(cloud.plane.settings.shared / "keys")
    assert await _status(cloud, ended) == 401


async def test_revocations_are_forgotten_in_the_end(cloud: Cloud, wall: WallClock) -> None:
    await _revoke(cloud, await _log_in(cloud))
    wall.set(hours=25)
    await _revoke(cloud, await _log_in(cloud))
    async with cloud.db.read() as tx:
        assert await tx.scalar(select(func.count()).select_from(revoked_tokens)) == 1
