"""What services wish of hosts, and what hosts see. All in the caller's transaction."""

from collections.abc import Sequence

import msgspec

from pilvi.core.db import Transaction
from pilvi.errors import Internal
from pilvi.host_api.contract import Desired, Kind
from pilvi.hosts.model.host import Held, Host, HostId
from pilvi.hosts.operations.audits import is_unanswered
from pilvi.hosts.operations.signals import HOST_WAKE
from pilvi.hosts.store import assignments as store
from pilvi.hosts.store import consoles, passwords
from pilvi.hosts.store.hosts import raise_revision


class _Named(msgspec.Struct):
    image_id: str


class _Source(msgspec.Struct):
    image: _Named | None = None


class _Made(msgspec.Struct):
    """The parts of a spec that say what a guest's disks or a volume are made of."""

    disks: list[_Source] = []
    source: _Source | None = None


async def assign(
    tx: Transaction,
    host_id: HostId,
    kind: Kind,
    id: str,
    spec: msgspec.Struct,
    *,
    owner: tuple[str, str],
) -> int:
    """Wish that a host holds this; returns the generation of the wish.

    Repeatable: the same wish again changes nothing. `owner` is the kind and id of the reconciler
    to wake when the host reports on it.
    """
    text = msgspec.json.encode(spec).decode()
    held = await find_held(tx, kind, id, host_id)
    if held is not None and held.present and held.spec.decode() == text:
        return held.generation
    revision = await raise_revision(tx, host_id)
    tx.wake(HOST_WAKE, host_id)
    if held is None:
        await store.insert_assignment(
            tx,
            owner,
            host_id=host_id,
            kind=kind,
            id=id,
            generation=1,
            revision=revision,
            present=True,
            spec=text,
        )
        return 1
    generation = held.generation + 1
    wish = {"present": True, "abandoned": False, "spec": text}
    await store.update_assignment(tx, held, generation=generation, revision=revision, **wish)
    return generation


async def change_wishes(
    tx: Transaction, changes: Sequence[tuple[Held, msgspec.Struct]]
) -> list[Held]:
    """Wish that hosts hold otherwise what they hold already; returns what really changed.

    Repeatable, as `assign`, and two statements for each host however many changes.
    """
    texts = [(held, msgspec.json.encode(spec)) for held, spec in changes]
    changed = [(held, text) for held, text in texts if not held.present or held.spec != text]
    for host_id in sorted({held.host_id for held, _ in changed}):
        here = [(held, text.decode()) for held, text in changed if held.host_id == host_id]
        revision = await raise_revision(tx, host_id)
        tx.wake(HOST_WAKE, host_id)
        await store.update_specs(tx, here, revision)
    return [held for held, _ in changed]


async def withdraw(tx: Transaction, kind: Kind, id: str, host_id: HostId | None = None) -> bool:
    """Wish that no host (or that one host) holds this any more. Repeatable.

    Returns whether it is gone everywhere: no assignment is left.
    """
    held = await store.list_held(tx, kind, [id], host_id)
    for one in held:
        if not one.present:
            continue
        revision = await raise_revision(tx, one.host_id)
        tx.wake(HOST_WAKE, one.host_id)
        await store.update_assignment(
            tx, one, present=False, generation=one.generation + 1, revision=revision
        )
    return not held


async def abandon(tx: Transaction, kind: Kind, id: str, host_id: HostId) -> None:
    """Wish that a host that is down holds this no more, and wait for it no longer. Repeatable.

    The host learns of it when it is back; until then it may still hold it.
    """
    await withdraw(tx, kind, id, host_id)
    for one in await store.list_held(tx, kind, [id], host_id):
        await store.update_assignment(tx, one, abandoned=True)


async def list_abandoned(tx: Transaction, kind: Kind, id: str) -> list[Held]:
    """Where an object was abandoned and may still be: the host has not said that it is gone."""
    return await store.list_abandoned(tx, kind, id)


async def find_held(
    tx: Transaction, kind: Kind, id: str, host_id: HostId | None = None
) -> Held | None:
    """The assignment of one object and what was seen of it; on one host, or on its only one."""
    held = await store.list_held(tx, kind, [id], host_id)
    if len(held) > 1:
        raise Internal(f"cannot choose among {len(held)} hosts that hold {kind} {id}")
    return held[0] if held else None


async def list_held(
    tx: Transaction, kind: Kind, ids: Sequence[str], host_id: HostId | None = None
) -> list[Held]:
    """The assignments of some objects on all hosts, with what was seen of each: one query."""
    return await store.list_held(tx, kind, ids, host_id) if ids else []


async def list_held_of(tx: Transaction, kind: Kind) -> list[Held]:
    """Every assignment of a kind, of every host."""
    return await store.list_of_kind(tx, kind)


async def list_all_held(tx: Transaction) -> list[Held]:
    """Every assignment of every host, for an audit."""
    return await store.list_all(tx)


async def list_seen(tx: Transaction, kind: Kind) -> list[tuple[HostId, str, bytes]]:
    """Host, id and what was seen (JSON) of every object of a kind that is on a host."""
    return await store.list_seen(tx, kind)


async def host_uses_image(tx: Transaction, host_id: HostId, image_id: str) -> bool:
    """Whether something that a host should hold is made from an image.

    A capture and an upload name the image that they make, and do not count; nor does what a
    tenant wrote, such as metadata of a guest.
    """
    named = msgspec.json.encode({"image_id": image_id}).decode()[1:-1]
    specs = await store.list_specs_with(tx, host_id, (Kind.VM, Kind.VOLUME), named)
    return any(_is_made_from(msgspec.json.decode(spec, type=_Made), image_id) for spec in specs)


def _is_made_from(made: _Made, image_id: str) -> bool:
    sources = (*made.disks, made.source)
    return any(one and one.image and one.image.image_id == image_id for one in sources)


async def read_desired(tx: Transaction, host: Host, after: int) -> Desired:
    """What changed for a host after a revision."""
    changed = await store.list_newer(tx, host.id, after)
    audit = host.audit if host.audit and await is_unanswered(tx, host) else 0
    return Desired(host_id=host.id, revision=host.revision, assignments=changed, audit=audit)


async def read_console(tx: Transaction, server_id: str) -> bytes:
    """What is kept of a guest's console output (the newest 256 KiB)."""
    return await consoles.read_console(tx, server_id)


async def delete_console(tx: Transaction, server_id: str) -> None:
    """Forget a guest's console output. Repeatable."""
    await consoles.delete_console(tx, server_id)


async def read_password(tx: Transaction, server_id: str) -> str:
    """The password that a guest posted last, encrypted for its owner; empty when it did not."""
    return await passwords.find_password(tx, server_id) or ""


async def delete_password(tx: Transaction, server_id: str) -> None:
    """Forget the password that a guest posted. Repeatable."""
    await passwords.delete_password(tx, server_id)
