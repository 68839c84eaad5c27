"""What an audit compares of networks. In the caller's transaction."""

from pilvi.core.db import Transaction
from pilvi.host_api.contract import Kind
from pilvi.network.store import ledger
from pilvi.network.store.ledger import FloatingIpRow, PortRow


async def list_all_ports(tx: Transaction) -> list[PortRow]:
    """Every port with what it is plugged into."""
    return await ledger.list_all_ports(tx)


async def list_all_floating_ips(tx: Transaction) -> list[FloatingIpRow]:
    """Every floating IP."""
    return await ledger.list_all_floating_ips(tx)


async def list_ids(tx: Transaction) -> dict[Kind, frozenset[str]]:
    """Ids of everything that a host can be asked to hold, by kind."""
    return await ledger.list_ids(tx)
