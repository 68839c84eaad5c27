"""Remote consoles: tokens are given out, open sessions, and end. In the caller's transaction."""

import dataclasses
import datetime
import hashlib
import secrets
import uuid
from collections.abc import Sequence

from pilvi.compute.model.allowed import Denied
from pilvi.compute.model.console import (
    LEASE_S,
    OPEN_MAX_PROJECT,
    OPEN_MAX_SERVER,
    WAITING_MAX_SERVER,
    Console,
    is_same_guest,
    may_come_from,
    reach,
)
from pilvi.compute.model.server import Server
from pilvi.compute.store import consoles as store
from pilvi.compute.store.servers import find_server
from pilvi.core.db import Transaction, now
from pilvi.errors import Conflict, Forbidden, QuotaExceeded
from pilvi.host_api.consoles import ConsoleLine, ConsoleSpec
from pilvi.host_api.contract import Kind
from pilvi.host_api.vms import VmSeen
from pilvi.hosts.model.host import HostId
from pilvi.hosts.operations.assignments import assign, find_held, withdraw
from pilvi.identity.operations.users import is_welcome

# Random bytes of a token and of a session's secret. Lower: guessable; higher: longer links.
SECRET_BYTES = 32
_REFUSED = "cannot open the console: its link was used or is too old; ask for a new one"


def digest(token: str) -> str:
    """What is stored of a token, which is 256 random bits. Pure."""
    return hashlib.sha256(token.encode()).hexdigest()


async def _see(tx: Transaction, server: Server | None) -> VmSeen | None:
    if server is None or server.host_id is None:
        return None
    held = await find_held(tx, Kind.VM, server.id, HostId(server.host_id))
    return held.decode_seen(VmSeen) if held is not None and held.seen_present else None


async def create_console(
    tx: Transaction, server: Server, user_id: str, line: ConsoleLine, *, origin: str, life_s: float
) -> str:
    """A token that opens a line of a server's running guest, once. Raises `Conflict`."""
    started_at = reach(server, await _see(tx, server))
    if isinstance(started_at, Denied):
        raise Conflict(started_at.reason)
    assert server.host_id is not None, "a guest that runs has a host"
    for old in (await store.list_waiting(tx, server.id))[WAITING_MAX_SERVER - 1 :]:
        await store.delete_console(tx, old.id)
    token, moment = secrets.token_urlsafe(SECRET_BYTES), now()
    console = Console(
        id=str(uuid.uuid4()),
        token_sha256=digest(token),
        server_id=server.id,
        project_id=server.project_id,
        user_id=user_id,
        host_id=server.host_id,
        line=line,
        started_at=started_at,
        origin=origin,
        created_at=moment,
        expires_at=moment + datetime.timedelta(seconds=life_s),
    )
    await store.insert_console(tx, console)
    return token


async def find_waiting(tx: Transaction, token: str) -> tuple[Console, Server] | None:
    """What a token that was not used yet would open, or None."""
    console = await store.find_console_by_token(tx, digest(token))
    if console is None or not console.is_waiting(now()):
        return None
    server = await find_server(tx, console.server_id)
    if server is None or not is_same_guest(console, server, await _see(tx, server)):
        return None
    return console, server


async def open_console(
    tx: Transaction, token: str, line: ConsoleLine, origin: str | None
) -> tuple[Console, str]:
    """Use a token up and wish that its host joins the session; answers the session's secret.

    Raises `Forbidden` for a token that is no good here, `QuotaExceeded` when too many are open.
    """
    found = await find_waiting(tx, token)
    if found is None or found[0].line is not line:
        raise Forbidden(_REFUSED)
    console, moment = found[0], now()
    if not may_come_from(console, origin):
        raise Forbidden("cannot open the console from a page of another place", detail=str(origin))
    if not await is_welcome(tx, console.user_id, console.project_id):
        raise Forbidden("cannot open the console: its project or user is disabled")
    if await store.count_open(tx, server_id=console.server_id) >= OPEN_MAX_SERVER:
        raise QuotaExceeded(f"cannot open more than {OPEN_MAX_SERVER} consoles of one server")
    if await store.count_open(tx, project_id=console.project_id) >= OPEN_MAX_PROJECT:
        raise QuotaExceeded(f"cannot open more than {OPEN_MAX_PROJECT} consoles of one project")
    await store.update_consoles(tx, [console.id], opened_at=moment, renewed_at=moment)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    spec = ConsoleSpec(
        session_id=console.id,
        server_id=console.server_id,
        line=console.line,
        started_at=console.started_at,
        secret=secret,
    )
    host_id, owner = HostId(console.host_id), ("console", console.id)
    await assign(tx, host_id, Kind.CONSOLE, console.id, spec, owner=owner)
    return dataclasses.replace(console, opened_at=moment, renewed_at=moment), secret


async def close_console(tx: Transaction, id: str) -> None:
    """End a session, or drop a token: the host is to give it up. Repeatable."""
    await withdraw(tx, Kind.CONSOLE, id)
    await store.delete_console(tx, id)


async def renew_consoles(tx: Transaction, ids: Sequence[str]) -> None:
    """Say that this process holds these sessions."""
    await store.update_consoles(tx, ids, renewed_at=now())


async def list_unwelcome(tx: Transaction, ids: Sequence[str]) -> list[str]:
    """Which of some open sessions must end: their server, project or user is not what it was.

    A guest that was told to stop keeps its console until it has.
    """
    standing = {console.id: console for console in await store.list_consoles(tx, ids)}
    return [id for id in ids if id not in standing or not await _stands(tx, standing[id])]


async def _stands(tx: Transaction, console: Console) -> bool:
    server = await find_server(tx, console.server_id)
    if not is_same_guest(console, server, await _see(tx, server)):
        return False
    return await is_welcome(tx, console.user_id, console.project_id)


async def list_over(tx: Transaction) -> list[str]:
    """Ids of tokens nobody used in time, and of sessions whose API process is gone."""
    return await store.list_older(tx, now(), datetime.timedelta(seconds=LEASE_S))


async def is_over(tx: Transaction, id: str) -> bool:
    """Whether a console is there and good for nothing any more."""
    console = await store.find_console(tx, id)
    return console is not None and console.is_over(now())
