"""Key pairs. In the caller's transaction."""

from pilvi.compute.model.keypair import KeyPair, KeyType, fingerprint, generate, generate_x509
from pilvi.compute.operations.quotas import list_limits
from pilvi.compute.store import keypairs as store
from pilvi.core.db import Transaction
from pilvi.errors import Conflict, QuotaExceeded


async def import_keypair(
    tx: Transaction,
    project_id: str | None,
    user_id: str,
    name: str,
    key_type: KeyType,
    public_key: str,
) -> KeyPair:
    """Keep a public key; the project's quota counts for its user.

    Raises `InvalidRequest`, `Conflict`, `QuotaExceeded`.
    """
    digest = fingerprint(public_key, key_type)
    if await store.find_keypair(tx, user_id, name) is not None:
        raise Conflict(f"cannot create the key pair '{name}': it already exists")
    limit = (await list_limits(tx, project_id or "", user_id))["key_pairs"]
    if 0 <= limit <= await store.count_keypairs(tx, user_id):
        raise QuotaExceeded(
            f"cannot create a key pair: quota exceeded for key_pairs: {limit} are allowed; delete "
            "one or ask an admin for more"
        )
    await store.insert_keypair(
        tx,
        user_id=user_id,
        name=name,
        type=key_type,
        public_key=public_key,
        fingerprint=digest,
    )
    return await store.get_keypair(tx, user_id, name)


async def generate_keypair(
    tx: Transaction, project_id: str | None, user_id: str, name: str, key_type: KeyType
) -> tuple[KeyPair, str]:
    """Make a key; returns the key pair and its private part, which is kept nowhere."""
    private, public = generate() if key_type is KeyType.SSH else generate_x509(user_id)
    return await import_keypair(tx, project_id, user_id, name, key_type, public), private


async def delete_keypair(tx: Transaction, user_id: str, name: str) -> None:
    """Forget a key pair; servers keep their copy. Raises `NotFound`."""
    await store.delete_keypair(tx, (await store.get_keypair(tx, user_id, name)).number)
