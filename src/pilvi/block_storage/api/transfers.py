"""Offers of volumes, at the path that Cinder began with and at the newer one."""

from typing import Any

import msgspec

from pilvi.block_storage.api.views import (
    links_of,
    next_links,
    print_time,
    read_flag,
    read_offset,
    read_word,
)
from pilvi.block_storage.api.volumes import Name
from pilvi.block_storage.model.transfer import Transfer
from pilvi.block_storage.operations import transfers as operations
from pilvi.block_storage.operations.volumes import get_volume
from pilvi.block_storage.store import transfers as store
from pilvi.core.http import Call
from pilvi.core.paging import parse_page


class NewTransfer(msgspec.Struct, forbid_unknown_fields=True):
    """What is offered."""

    volume_id: Name
    name: Name | None = None
    no_snapshots: bool | str | None = None


class TransferCreate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /volume-transfers."""

    transfer: NewTransfer


class OldTransfer(msgspec.Struct, forbid_unknown_fields=True):
    """What is offered at the older path."""

    volume_id: Name
    name: Name | None = None


class OldTransferCreate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /os-volume-transfer."""

    transfer: OldTransfer


class AcceptFields(msgspec.Struct, forbid_unknown_fields=True):
    """The key of an offer."""

    auth_key: Name


class TransferAccept(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /volume-transfers/{id}/accept."""

    accept: AcceptFields


def _is_new(call: Call[Any]) -> bool:
    return "/volume-transfers" in call.request.url.path


def _render_short(call: Call[Any], transfer: Transfer) -> dict[str, Any]:
    collection = "volume-transfers" if _is_new(call) else "os-volume-transfer"
    return {
        "id": transfer.id,
        "name": transfer.name,
        "volume_id": transfer.volume_id,
        "links": links_of(call, collection, transfer.id),
    }


def _render(call: Call[Any], transfer: Transfer) -> dict[str, Any]:
    row = {**_render_short(call, transfer), "created_at": print_time(transfer.created_at)}
    if _is_new(call):
        row["no_snapshots"] = transfer.no_snapshots
        if "transfer_projects" in call.flags:
            row["source_project_id"] = transfer.project_id
            row["destination_project_id"] = None
            row["accepted"] = False
    return row


async def _list(call: Call[None]) -> tuple[list[Transfer], dict[str, Any]]:
    equal = {name: call.query[name] for name in ("name", "volume_id") if name in call.query}
    if not (call.caller.is_admin and read_word(call, "all_tenants")):
        equal["project_id"] = call.caller.own_project_id
    page = parse_page(call.query)
    found, more = await store.list_transfers(call.tx, equal, page, read_offset(call))
    links = {"transfers_links": next_links(call, "volume-transfers", found[-1].id)} if more else {}
    return found, links


async def list_transfers(call: Call[None]) -> dict[str, Any]:
    """Offers, shortly."""
    found, links = await _list(call)
    return {"transfers": [_render_short(call, one) for one in found], **links}


async def list_transfers_detail(call: Call[None]) -> dict[str, Any]:
    """Offers with everything but their keys."""
    found, links = await _list(call)
    return {"transfers": [_render(call, one) for one in found], **links}


async def _get_own(call: Call[Any]) -> Transfer:
    project_id = call.caller.visible_project_id
    return await operations.get_transfer(call.tx, call.path["transfer_id"], project_id)


async def show_transfer(call: Call[None]) -> dict[str, Any]:
    """One offer, without its key."""
    return {"transfer": _render(call, await _get_own(call))}


async def create_transfer(call: Call[TransferCreate | OldTransferCreate]) -> dict[str, Any]:
    """Offer a volume; its key is told only here."""
    wanted = call.payload.transfer
    volume = await get_volume(call.tx, wanted.volume_id, call.caller.visible_project_id)
    no_snapshots = isinstance(wanted, NewTransfer) and read_flag(wanted.no_snapshots)
    transfer, key = await operations.create_transfer(
        call.tx, volume, wanted.name, no_snapshots=no_snapshots
    )
    return {"transfer": {**_render(call, transfer), "auth_key": key}}


async def delete_transfer(call: Call[None]) -> None:
    """Take an offer back."""
    await operations.delete_transfer(call.tx, await _get_own(call))


async def accept_transfer(call: Call[TransferAccept]) -> dict[str, Any]:
    """Take an offered volume; whoever has the key may see the offer by it."""
    transfer = await operations.get_transfer(call.tx, call.path["transfer_id"], None)
    await operations.accept_transfer(
        call.tx,
        transfer,
        call.payload.accept.auth_key,
        project_id=call.caller.own_project_id,
        user_id=call.caller.user_id,
    )
    return {"transfer": _render_short(call, transfer)}
