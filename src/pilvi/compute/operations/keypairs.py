"""Key pairs. In the caller's transaction."""

from pilvi.compute.model.keypair import KeyPair, KeyType, fingerprint, generate
from pilvi.compute.model.quota import DEFAULTS
from pilvi.compute.store import keypairs as store
from pilvi.core.db import Transaction
from pilvi.errors import Conflict, QuotaExceeded


async def import_keypair(
    tx: Transaction, user_id: str, name: str, key_type: KeyType, public_key: str
) -> KeyPair:
    """Keep a public key. Raises `InvalidRequest`, `Conflict`, `QuotaExceeded`."""
    digest = fingerprint(public_key, key_type)
    if await store.find_keypair(tx, user_id, name) is not None:
        raise Conflict(f"cannot create the key pair '{name}': it already exists")
    if await store.count_keypairs(tx, user_id) >= DEFAULTS["key_pairs"]:
        raise QuotaExceeded(f"cannot create a key pair: you have {DEFAULTS['key_pairs']} already")
    await store.insert_keypair(
        tx,
        user_id=user_id,
        name=name,
        type=key_type,
        public_key=public_key,
        fingerprint=digest,
    )
    return await store.get_keypair(tx, user_id, name)


async def generate_keypair(tx: Transaction, user_id: str, name: str) -> tuple[KeyPair, str]:
    """Make an SSH key; returns the key pair and its private part, which is kept nowhere."""
    private, public = generate()
    return await import_keypair(tx, user_id, name, KeyType.SSH, public), private


async def delete_keypair(tx: Transaction, user_id: str, name: str) -> None:
    """Forget a key pair; servers keep their copy. Raises `NotFound`."""
    await store.delete_keypair(tx, (await store.get_keypair(tx, user_id, name)).number)
