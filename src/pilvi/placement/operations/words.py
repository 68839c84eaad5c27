"""Resource classes and traits that an admin makes. In the caller's transaction."""

from pilvi.core.db import Transaction
from pilvi.errors import Conflict, InvalidRequest, NotFound
from pilvi.placement.model.resources import CUSTOM_CLASS, STANDARD_CLASSES
from pilvi.placement.model.traits import CUSTOM_TRAIT
from pilvi.placement.operations.usages import list_known_classes, list_known_traits
from pilvi.placement.store import allocations, providers
from pilvi.placement.store import words as store

_CLASS, _TRAIT = "resource class", "trait"


async def ensure_resource_class(tx: Transaction, name: str) -> bool:
    """Let there be a class. Whether it is new. Raises `InvalidRequest` for no custom name."""
    _check_custom(_CLASS, name, CUSTOM_CLASS.fullmatch(name) is not None)
    if name in await store.list_words(tx, _CLASS):
        return False
    await store.insert_word(tx, _CLASS, name)
    return True


async def create_resource_class(tx: Transaction, name: str) -> None:
    """A new class. Raises `Conflict` for one that is there, `InvalidRequest`."""
    if not await ensure_resource_class(tx, name):
        raise Conflict(f"cannot make the resource class '{name}': it is there already")


async def rename_resource_class(tx: Transaction, name: str, new_name: str) -> None:
    """Give a class that nothing uses another name. Raises `NotFound`, `Conflict`."""
    await delete_resource_class(tx, name)
    await create_resource_class(tx, new_name)


async def delete_resource_class(tx: Transaction, name: str) -> None:
    """Forget a class. Raises `NotFound`, `InvalidRequest` for a standard one, `Conflict` in use."""
    if name in STANDARD_CLASSES:
        raise InvalidRequest(f"cannot change the standard resource class '{name}'")
    if name not in await list_known_classes(tx):
        raise NotFound(f"cannot find the resource class '{name}'")
    if await providers.is_class_offered(tx, name) or await allocations.is_class_held(tx, name):
        raise Conflict(f"cannot remove the resource class '{name}': a provider has some of it")
    await store.delete_word(tx, _CLASS, name)


async def ensure_trait(tx: Transaction, name: str) -> bool:
    """Let there be a trait. Whether it is new. Raises `InvalidRequest` for no custom name."""
    _check_custom(_TRAIT, name, CUSTOM_TRAIT.fullmatch(name) is not None)
    if name in await store.list_words(tx, _TRAIT):
        return False
    is_new = name not in await list_known_traits(tx)
    await store.insert_word(tx, _TRAIT, name)
    return is_new


async def delete_trait(tx: Transaction, name: str) -> None:
    """Forget a trait. Raises `NotFound`, `InvalidRequest` for a standard one, `Conflict` in use."""
    if name not in await list_known_traits(tx):
        raise NotFound(f"cannot find the trait '{name}'")
    if not CUSTOM_TRAIT.fullmatch(name):
        raise InvalidRequest(f"cannot delete the standard trait '{name}'")
    if any(name in traits for traits in (await providers.list_traits(tx)).values()):
        raise Conflict(f"cannot delete the trait '{name}': a provider has it")
    await store.delete_word(tx, _TRAIT, name)


def _check_custom(kind: str, name: str, is_custom: bool) -> None:
    if not is_custom:
        raise InvalidRequest(
            f"cannot make the {kind} '{name[:255]}': its name must begin with CUSTOM_ and have "
            "capital letters, digits and underscores only"
        )
